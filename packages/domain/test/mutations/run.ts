/**
 * Breaks one rule after the other in a copy of this package and runs the tests of its law there. Prints which test
 * noticed; ends with 1 where none did, or where a rule is not found as it is written down in `mutations.ts`.
 *
 *     node packages/domain/test/mutations/run.ts [part of a mutation's words or of a test's file]
 */
import { spawn } from "node:child_process"
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import type { Mutation } from "./mutations.ts"
import { MUTATIONS } from "./mutations.ts"

const PACKAGE = resolve(import.meta.dirname, "../..")
const VITEST = join(fileURLToPath(import.meta.resolve("vitest/package.json")), "../vitest.mjs")

/** Copies that are tested at once: two cores, and a worker in each. */
const AT_ONCE = 2

/** A rule that is broken so that it never ends counts as noticed by nobody. */
const TIMEOUT_MS = 60_000

const SEED = process.env["POINTBACK_SEED"] ?? "20260120"

type Outcome =
  | { readonly _tag: "Killed"; readonly by: string }
  | { readonly _tag: "Survived" }
  | { readonly _tag: "NotFound"; readonly times: number }
  | { readonly _tag: "Broken"; readonly output: string }

// One failure is proof enough: no shrinking, and no test after the first that fails.
const CONFIG = `export default {
  test: {
    setupFiles: ["setup.ts"],
    include: ["test/**/*.test.ts"],
    bail: 1,
    fileParallelism: false,
    testTimeout: ${TIMEOUT_MS}
  }
}
`
const SETUP = `import fc from "fast-check"
fc.configureGlobal({ seed: ${Number(SEED)}, endOnFailure: true })
`

/** A copy of the package; what it imports from elsewhere is linked. */
const copyPackage = async (): Promise<string> => {
  const copy = await mkdtemp(join(tmpdir(), "pointback-mutation-"))
  await cp(join(PACKAGE, "package.json"), join(copy, "package.json"))
  await cp(join(PACKAGE, "test"), join(copy, "test"), { recursive: true })
  await symlink(join(PACKAGE, "node_modules"), join(copy, "node_modules"))
  await writeFile(join(copy, "vitest.config.ts"), CONFIG)
  await writeFile(join(copy, "setup.ts"), SETUP)
  return copy
}

const runTests = (copy: string, tests: string): Promise<string> =>
  new Promise((done) => {
    const report = ["--reporter=json", `--outputFile=${join(copy, "report.json")}`]
    const child = spawn(process.execPath, [VITEST, "run", "--root", copy, tests, ...report], {
      cwd: copy,
      timeout: TIMEOUT_MS
    })
    const output: Array<string> = []
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()))
    child.on("close", () => done(output.join("")))
  })

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly title: string }>
  }>
}

const readReport = async (copy: string, output: string): Promise<Outcome> => {
  const text = await readFile(join(copy, "report.json"), "utf8").catch(() => undefined)
  if (text === undefined) return { _tag: "Broken", output }
  const results = (JSON.parse(text) as Report).testResults.flatMap(({ assertionResults }) => assertionResults)
  if (results.length === 0) return { _tag: "Broken", output }
  const failed = results.find(({ status }) => status === "failed")
  return failed === undefined ? { _tag: "Survived" } : { _tag: "Killed", by: failed.title }
}

/** Tries one mutation in a copy whose `src` is made anew each time. */
const attempt = async (copy: string, { by, file, tests, text }: Mutation): Promise<Outcome> => {
  const source = join(copy, "src", file)
  await rm(join(copy, "src"), { recursive: true, force: true })
  await rm(join(copy, "report.json"), { force: true })
  await cp(join(PACKAGE, "src"), join(copy, "src"), { recursive: true })
  const before = await readFile(source, "utf8")
  const times = before.split(text).length - 1
  if (times !== 1) return { _tag: "NotFound", times }
  await writeFile(
    source,
    before.replace(text, () => by)
  )
  return readReport(copy, await runTests(copy, tests))
}

const describe = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Killed":
      return `killed    ${outcome.by}`
    case "Survived":
      return "SURVIVED  no test failed"
    case "NotFound":
      return `NOT FOUND the text stands there ${outcome.times} times`
    case "Broken":
      return `BROKEN    no test ran:\n${outcome.output}`
  }
}

const unmutated: Mutation = { what: "", file: "index.ts", text: "/**", by: "/**", tests: "" }

/** The tests themselves must pass, or every mutation would seem to be noticed. */
const mustPass = async (copy: string, mutations: ReadonlyArray<Mutation>): Promise<void> => {
  const tests = Array.from(new Set(mutations.map(({ tests }) => tests)))
  for (const file of tests) {
    const outcome = await attempt(copy, { ...unmutated, tests: file })
    if (outcome._tag !== "Survived") throw new Error(`${file} fails without any mutation: ${describe(outcome)}`)
  }
}

const main = async (): Promise<number> => {
  const wanted = process.argv[2] ?? ""
  const chosen = MUTATIONS.filter(({ tests, what }) => what.includes(wanted) || tests.includes(wanted))
  const copies = await Promise.all(Array.from({ length: AT_ONCE }, copyPackage))
  const left = chosen.slice()
  const outcomes: Array<Outcome> = []
  const work = async (copy: string): Promise<void> => {
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const outcome = await attempt(copy, mutation)
      outcomes.push(outcome)
      const law = mutation.tests.replace(/^.*\/|\.test\.ts$/g, "")
      console.log(`${law.padEnd(21)} ${mutation.what.padEnd(64)} ${describe(outcome)}`)
    }
  }
  try {
    const halves = copies.map((_, i) => chosen.filter((mutation) => MUTATIONS.indexOf(mutation) % AT_ONCE === i))
    await Promise.all(copies.map((copy, i) => mustPass(copy, halves[i] ?? [])))
    await Promise.all(copies.map(work))
  } finally {
    await Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })))
  }
  const killed = outcomes.filter(({ _tag }) => _tag === "Killed").length
  console.log(`\n${killed} of ${chosen.length} mutations killed (seed ${SEED})`)
  return killed === chosen.length ? 0 : 1
}

process.exitCode = await main()
