/** A program with a history of a size, and an account of a thousand events in it, for questions about the past. */
import { Migrations, PostgresDatabase } from "@pointback/adapters"
import { Ids, Instant } from "@pointback/domain"
import { Effect, Redacted } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { generateProgram } from "../src/generate/GenerateProgram.ts"
import { importInto, PLAN } from "./Import.ts"

/** The account that questions are asked of. */
export const account = Ids.AccountNumber.make("220094110178641288073796026652")

/** Four hundred lots, and three hundred redemptions that are credited each: a thousand events in four years. */
const LOTS = 400
const REDEMPTIONS = 300
const DAYS = 1460

/** Days that a lot lives: a quarter of them are live at any time. */
const LIFE = 365

/** Redemptions of generated programs that have some ten thousand events, and some million. */
export const SMALL = 3_800
export const LARGE = 383_000

const START = PLAN.until - BigInt(DAYS) * Instant.MICROS_PER_DAY

const on = (share: number): string => Instant.toString(START + BigInt(Math.floor(share * DAYS * 86_400)) * 1_000_000n)

const records = (): ReadonlyArray<{ readonly at: number; readonly record: Record<string, unknown> }> => {
  const owner = { program: PLAN.program, account }
  const earned = Array.from({ length: LOTS }, (_, index) => {
    const at = index / LOTS
    const times = { earnedAt: on(at), expiresAt: on(at + LIFE / DAYS) }
    return { at, record: { type: "earned", ...owner, lot: `lot-${index}`, points: "100", ...times } }
  })
  const spent = Array.from({ length: REDEMPTIONS }, (_, index) => {
    const at = (index + 1.5) / (REDEMPTIONS + 2)
    const redemption = `R${index}`
    const paid = { type: "redeemed", points: "90", redemptionType: "MERCHANDISE", processedBy: "E078562" }
    const back = { type: "credited", credit: `C${index}`, points: "40" }
    return [
      { at, record: { ...paid, ...owner, redemption, occurredAt: on(at) } },
      { at: at + 0.001, record: { ...back, ...owner, redemption, occurredAt: on(at + 0.001) } }
    ]
  })
  return [...earned, ...spent.flat()].toSorted((a, b) => a.at - b.at)
}

/** Imports the account of a thousand events, and lets the planner know what there is. */
const addAccount = async (url: string, folder: string): Promise<void> => {
  const file = join(folder, "account.ndjson")
  await writeFile(
    file,
    records()
      .map(({ record }) => JSON.stringify(record))
      .join("\n")
  )
  await importInto(url, file, 1)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("vacuum analyze")
  await client.end()
}

/** Makes the schema in an empty database and imports a generated program with so many redemptions, and the account. */
export const prepare = async (url: string, redemptions: number, connections: number): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "pointback-bench-"))
  const schema = PostgresDatabase.layer({ url: Redacted.make(url) })
  await Effect.runPromise(Effect.provide(Migrations.migrate, schema))
  const { file } = await Effect.runPromise(generateProgram({ ...PLAN, redemptions, folder, overwrite: false }))
  await importInto(url, file, connections)
  await addAccount(url, folder)
  await rm(folder, { recursive: true })
}
