/** Programs that are not ours and that a machine may not have. */
import { execFileSync } from "node:child_process"

/** Whether a program can be run. */
export const isInstalled = (program: string): boolean => {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** A test's title; where a program is missing it says why the test is skipped. */
export const titleOf = (title: string, program: string, installed: boolean): string =>
  installed ? title : `${title} (skipped: there is no ${program} on this machine)`
