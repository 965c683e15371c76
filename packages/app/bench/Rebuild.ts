/** W4: the ledger and the read models of an imported program are made anew from its events; COPY of the same rows. */
import { Migrations, PostgresDatabase, Rebuild } from "@pointback/adapters"
import { Effect, Redacted } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { generateProgram } from "../src/generate/GenerateProgram.ts"
import * as Copy from "./Copy.ts"
import { importInto, PLAN } from "./Import.ts"
import type { Workload } from "./Measure.ts"

/** Some fifty thousand events. */
const REDEMPTIONS = 18_000

const DERIVED = ["postings", "lots", "redemptions"]

const layer = (url: string, connections: number) =>
  PostgresDatabase.layer({ url: Redacted.make(url), poolSize: connections })

/** Leaves the events alone, as in a database whose read models are of an older version; answers how many there are. */
const empty = async (url: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("set session_replication_role = replica")
    await client.query(`truncate ${DERIVED.map((table) => `pointback.${table}`).join(", ")}`)
    await client.query("analyze")
    const { rows } = await client.query<{ events: number }>("select count(*)::int as events from pointback.events")
    return rows[0]?.events ?? 0
  } finally {
    await client.end()
  }
}

const rebuild = (url: string, connections: number): Promise<number> =>
  Effect.runPromise(
    Effect.map(Rebuild.rebuild(), ({ differing }) => differing).pipe(Effect.provide(layer(url, connections)))
  )

/** Imports a generated program, and answers the workload: rows a second, written where there are none. */
export const open = async (server: string, connections: number): Promise<Workload> => {
  const folder = await mkdtemp(join(tmpdir(), "pointback-bench-"))
  const databases = Copy.databases(server, "rebuild")
  const imported = await databases.make()
  await Effect.runPromise(Effect.provide(Migrations.migrate, layer(imported, connections)))
  const { file } = await Effect.runPromise(
    generateProgram({ ...PLAN, redemptions: REDEMPTIONS, folder, overwrite: false })
  )
  await importInto(imported, file, connections)
  await rm(folder, { recursive: true })
  const rows = await Copy.read(imported, DERIVED)
  const events = await empty(imported)
  const template = new URL(imported).pathname.slice(1)
  const first = await databases.make(template)
  const count = await rebuild(first, connections)
  await databases.drop(first)

  let target = ""
  return {
    name: "W4",
    what: `${count} rows made anew from ${events} events; COPY of the very rows, every table at once`,
    goal: 0.4,
    prepare: async () => {
      if (target !== "") await databases.drop(target)
      target = await databases.make(template)
    },
    ours: async () => {
      if ((await rebuild(target, connections)) !== count) throw new Error("another number of rows")
      return count
    },
    baseline: async () => {
      await Copy.write(target, rows)
      return count
    }
  }
}
