import { existsSync, readFileSync } from "node:fs"

/*
 * The last line of a CI run: `N passed, N failed`, and `, N skipped` if any were, from vitest's JSON report. Fails when
 * a test failed and when none ran.
 */

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  /** False also when a file could not be loaded, which counts no test at all. */
  readonly success: boolean
}

const none: Report = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, success: false }

const [file = ""] = process.argv.slice(2)
const report = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : none
const skipped = report.numPendingTests + report.numTodoTests

console.log(
  `${report.numPassedTests} passed, ${report.numFailedTests} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`
)
process.exitCode = report.success && report.numFailedTests === 0 && report.numPassedTests > 0 ? 0 : 1
