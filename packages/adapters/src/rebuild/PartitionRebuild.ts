/** Makes the read models of one log partition anew. */
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import type { AccountAt } from "./AccountFold.ts"
import * as Comparison from "./Comparison.ts"
import { exchange } from "./Exchange.ts"
import { EVENTS_AT_ONCE, fill } from "./Filling.ts"
import * as Shadow from "./Shadow.ts"

/** Accounts that are listed at once. */
const PAGE = 1000

/** So few accounts that have moved on are folded in the snapshot of the comparison, which is then as short as it can be. */
const FEW = 50

/** Passes over the accounts at most: under a steady load each one finds some that have moved on since. */
const PASSES = 5

/**
 * Comparisons at most. A command that was decided from wrong rows may write after they were put right, so where anything
 * was appended meanwhile, a second look follows. Who wants to be sure while commands run, verifies afterwards.
 */
const ROUNDS = 3

/** Called with how many more events have been folded. */
export type OnFolded = (events: number) => void

interface Options {
  readonly shadow: Shadow.Shadow
  readonly exchanging: boolean
  readonly onFolded: OnFolded
}

/** Folds, compares, and exchanges what differs; answers what the first comparison found. */
export const rebuildPartition = Effect.fnUntraced(function* (options: Options) {
  const { exchanging, shadow } = options
  yield* fold(options, false)
  let first: Comparison.Comparison | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const before = yield* position(shadow)
    const comparison = yield* compare(options)
    first ??= comparison
    if (!exchanging || !differs(comparison)) break
    yield* exchange(shadow)
    if ((yield* position(shadow)) === before) break
  }
  return first ?? Comparison.NOTHING
})

/** How many events the partition has. */
const position = Effect.fnUntraced(function* ({ partition, schema }: Shadow.Shadow) {
  const database = yield* Database
  const found = yield* database.query((kysely, signal) =>
    Rows.ask<{ position: number }>(
      kysely,
      sql`select position from ${sql.id(schema, "log_heads")} where partition = ${partition}`,
      signal
    )
  )
  return found[0]?.position
})

const differs = (comparison: Comparison.Comparison): boolean =>
  Object.values(comparison).some(({ differing }) => differing > 0)

/** Compares everything as of one instant, for which the last accounts that have moved on are folded as of it. */
const compare = Effect.fnUntraced(function* (options: Options) {
  let passes = 0
  while ((yield* fold(options, true)) > FEW && passes < PASSES) passes++
  const database = yield* Database
  const comparing = Effect.gen(function* () {
    yield* run([sql`set transaction isolation level repeatable read`, sql`set local statement_timeout = 0`])
    yield* fold(options, true)
    return yield* Comparison.compare(options.shadow)
  })
  return yield* database.transaction(comparing)
})

interface Cursor {
  readonly key: string
  readonly program: string
}

// Accounts that the shadow tables lack, or have at another version.
const movedOn = (shadow: Shadow.Shadow, after: Cursor) =>
  sql`
    select a.account_key as key, a.program, a.version from ${Shadow.liveTable(shadow, "accounts")} a
    left join ${Shadow.shadowTable(shadow, "folded")} f using (account_key, program)
    where (a.account_key, a.program) > (${after.key}::text, ${after.program}::text)
      and f.version is distinct from a.version
    order by a.account_key, a.program limit ${PAGE}`

/** Folds every account that has moved on since it was folded; answers how many there were. */
const fold = Effect.fnUntraced(function* ({ onFolded, shadow }: Options, again: boolean) {
  const database = yield* Database
  let folded = 0
  let after: Cursor = { key: "", program: "" }
  while (true) {
    const cursor = after
    const rows = yield* database.query((kysely, signal) => Rows.ask<AccountAt>(kysely, movedOn(shadow, cursor), signal))
    if (again && rows.length > 0) yield* run(Shadow.index(shadow))
    for (const group of groups(rows)) {
      yield* fill(shadow, group, again)
      yield* Effect.sync(() => onFolded(group.reduce((events, { version }) => events + version, 0)))
    }
    folded += rows.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return folded
    after = last
  }
})

/** Accounts that fit into one reading, and each that does not by itself. */
const groups = (accounts: ReadonlyArray<AccountAt>): ReadonlyArray<ReadonlyArray<AccountAt>> => {
  const made: Array<Array<AccountAt>> = []
  let events = Number.POSITIVE_INFINITY
  for (const account of accounts) {
    if (events + account.version >= EVENTS_AT_ONCE) {
      made.push([])
      events = 0
    }
    made.at(-1)?.push(account)
    events += account.version
  }
  return made
}

const run = Effect.fnUntraced(function* (statements: ReturnType<typeof Shadow.index>) {
  const database = yield* Database
  for (const statement of statements) yield* database.query((kysely) => statement.execute(kysely))
})
