import { randomInt } from "node:crypto"
import { defineConfig } from "vitest/config"

declare module "vitest" {
  interface ProvidedContext {
    /** The seed of every property, and how often each runs; `undefined` for fast-check's own number. */
    readonly fastCheck: { readonly seed: number; readonly runs: number | undefined }
  }
}

/** Two cores: a worker and the database it talks to, or two workers. */
const WORKERS = 2

/** A first start of PGlite or a property of many runs takes seconds; a test that hangs must not take minutes. */
const TEST_TIMEOUT_MS = 60_000

/** fast-check's seeds are 32-bit integers. */
const MAX_SEED = 2 ** 31 - 1

const integerOf = (name: string): number | undefined => {
  const text = process.env[name]
  if (text === undefined || text === "") {
    return undefined
  }
  if (!/^-?\d{1,10}$/.test(text)) {
    throw new Error(`${name} must be an integer`)
  }
  return Number(text)
}

const fastCheck = { seed: integerOf("POINTBACK_SEED") ?? randomInt(MAX_SEED), runs: integerOf("POINTBACK_RUNS") }

/** Says how to repeat this run. */
const seedReporter = {
  onInit: () =>
    console.log(`properties: POINTBACK_SEED=${fastCheck.seed} POINTBACK_RUNS=${fastCheck.runs ?? "default"}`)
}

const shared = {
  environment: "node",
  pool: "forks",
  testTimeout: TEST_TIMEOUT_MS,
  hookTimeout: TEST_TIMEOUT_MS,
  setupFiles: "tools/fastCheckSetup.ts",
  provide: { fastCheck }
} as const

const outside = {
  ...shared,
  // One PostgreSQL server for all files of a project.
  globalSetup: "packages/adapters/test/support/globalSetup.ts"
} as const

const MOCKED = "packages/*/test/**/*.mocked.test.ts"

export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    passWithNoTests: false,
    reporters: ["default", ["json", { outputFile: "node_modules/.cache/vitest-report.json" }], seedReporter],
    coverage: { include: ["packages/*/src/**/*.ts"] },
    projects: [
      // Nothing in these files is shared, so they need no process each.
      {
        test: {
          ...shared,
          name: "pure",
          isolate: false,
          include: ["packages/domain/test/**/*.test.ts", "tools/test/**/*.test.ts"]
        }
      },
      // Nothing in these either: a process each took a seventh of the time to load what all of them need.
      {
        test: {
          ...outside,
          name: "outside",
          isolate: false,
          include: ["packages/adapters/test/**/*.test.ts", "packages/app/test/**/*.test.ts"],
          exclude: [MOCKED]
        }
      },
      // Where another module stands in for one of ours, nobody else may see it.
      { test: { ...outside, name: "mocked", include: [MOCKED] } }
    ]
  }
})
