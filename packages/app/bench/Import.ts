/** W3: records of a generated program are imported; COPY of the very rows that this writes. */
import { Migrations, PostgresDatabase, Stores } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, Redacted } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generateProgram } from "../src/generate/GenerateProgram.ts"
import * as ProgramPlan from "../src/generate/ProgramPlan.ts"
import * as ImportFile from "../src/import/ImportFile.ts"
import { importHistory } from "../src/import/ImportHistory.ts"
import * as Copy from "./Copy.ts"
import type { Workload } from "./Measure.ts"

/** Three times as many records as redemptions: a few seconds of importing. */
export const PLAN = {
  program: Ids.ProgramId.make("bench"),
  seed: 7,
  redemptions: 10_000,
  until: ProgramPlan.DEFAULT_UNTIL
}

const WRITTEN = ["account_numbers", "accounts", "events", "postings", "lots", "redemptions", "idempotency_keys"]

/** Imports a file over so many connections; answers how many records were imported. */
export const importInto = (url: string, file: string, connections: number): Promise<number> => {
  const database = PostgresDatabase.layer({ url: Redacted.make(url), poolSize: connections })
  return Effect.gen(function* () {
    const { imported, refusedAccounts } = yield* importHistory(yield* ImportFile.read(file))
    if (refusedAccounts > 0) throw new Error(`${refusedAccounts} accounts were refused`)
    return imported
  }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Stores.layer, database)), Effect.runPromise)
}

/** Generates the program, imports it once to learn the rows, and answers the workload and how to clean up. */
export const open = async (server: string, connections: number) => {
  const folder = await mkdtemp(join(tmpdir(), "pointback-bench-"))
  const databases = Copy.databases(server)
  const migrated = await databases.make()
  const schema = PostgresDatabase.layer({ url: Redacted.make(migrated) })
  await Effect.runPromise(Migrations.migrate.pipe(Effect.provide(schema)))
  const template = new URL(migrated).pathname.slice(1)
  const { file } = await Effect.runPromise(generateProgram({ ...PLAN, folder, overwrite: false }))
  const first = await databases.make(template)
  const records = await importInto(first, file, connections)
  const rows = await Copy.read(first, WRITTEN)
  await databases.drop(first)

  let target = ""
  // What is made for one run is gone before the next is prepared.
  const prepare = async (): Promise<void> => {
    if (target !== "") await databases.drop(target)
    target = await databases.make(template)
  }
  const workload: Workload = {
    name: "W3",
    what: `${records} records imported; COPY of the very rows, every table at once`,
    goal: 0.5,
    prepare,
    ours: () => importInto(target, file, connections),
    baseline: async () => {
      await Copy.write(target, rows)
      return records
    }
  }
  return { workload, close: () => rm(folder, { recursive: true }) }
}
