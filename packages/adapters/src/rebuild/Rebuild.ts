/**
 * Makes the ledger and the read models anew from the events alone, while commands go on, and puts right what differs.
 *
 * Each log partition has shadow tables of its own, several are filled side by side, and what memory holds is a few
 * thousand events and one account. A run that is killed leaves every account as it was or as its events say; the next
 * run drops its shadow tables. Needs the owner of the tables.
 *
 * @see semantics, law L10
 */
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { randomBytes } from "node:crypto"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Comparison from "./Comparison.ts"
import type { HistoryUnreadable } from "./Filling.ts"
import { rebuildPartition } from "./PartitionRebuild.ts"
import * as Shadow from "./Shadow.ts"

export type { RowDifference, TableComparison } from "./Comparison.ts"
export { HistoryUnreadable } from "./Filling.ts"
export type { ReadModel } from "./Shadow.ts"

/** Partitions that are rebuilt side by side: enough to keep the database busy while we fold, few enough for others. */
const SIDE_BY_SIDE = 4

/** How long is waited before the lock is asked for again. */
const LOCK_PAUSE = "250 millis"

/** What a rebuild does besides comparing. */
export interface RebuildOptions {
  /** Compares alone, and changes no row. False by default. */
  readonly check?: boolean
  /** Told how many of how many events have been folded. An event that is folded again counts again. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What a rebuild found. */
export interface Rebuilt {
  readonly tables: Readonly<Record<Shadow.ReadModel, Comparison.TableComparison>>
  /** How many rows differed from what the events give, in all tables. */
  readonly differing: number
}

/** Rebuilds, and answers what differed before. One rebuild runs at a time; another one waits. */
export const rebuild = (
  options: RebuildOptions = {}
): Effect.Effect<Rebuilt, DatabaseError | HistoryUnreadable, Database> => exclusively(rebuildAll(options))

/**
 * Runs one rebuild at a time: the lock lives as long as a transaction of a connection that does nothing else, so that a
 * process that is killed holds nothing.
 */
export const exclusively = Effect.fnUntraced(function* <A, E, R>(self: Effect.Effect<A, E, R>) {
  const database = yield* Database
  // The embedded database has one connection, and nobody else.
  if (database.dialect === "pglite") return yield* self
  const tryLock = database.query(async (kysely, signal) => {
    const name = `pointback rebuild ${database.schema}`
    const [row] = await Rows.ask<{ locked: boolean }>(
      kysely,
      sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`,
      signal
    )
    return row?.locked === true
  })
  const locked = Effect.gen(function* () {
    yield* run(sql`set local idle_in_transaction_session_timeout = 0`)
    // Asked for again and again: whoever stops waiting must not leave a connection in the lock's queue.
    while (!(yield* tryLock)) yield* Effect.sleep(LOCK_PAUSE)
    return yield* Effect.provideService(self, CurrentTransaction, undefined)
  })
  return yield* database.transaction(locked)
})

/** A rebuild under the lock that the caller holds. */
export const rebuildAll = Effect.fnUntraced(function* (
  options: RebuildOptions
): Effect.fn.Return<Rebuilt, DatabaseError | HistoryUnreadable, Database> {
  yield* dropLeftovers
  const partitions = yield* heads
  const total = partitions.reduce((events, { position }) => events + position, 0)
  let done = 0
  const onFolded = (events: number) => {
    done += events
    options.onProgress?.(Math.min(done, total), total)
  }
  const comparisons = yield* Effect.forEach(
    partitions,
    ({ partition }) =>
      withShadow(partition, (shadow) => rebuildPartition({ shadow, exchanging: options.check !== true, onFolded })),
    { concurrency: SIDE_BY_SIDE }
  )
  const tables = comparisons.reduce(Comparison.together, Comparison.NOTHING)
  return { tables, differing: Object.values(tables).reduce((rows, { differing }) => rows + differing, 0) }
})

const withShadow = <A, E>(partition: number, use: (shadow: Shadow.Shadow) => Effect.Effect<A, E, Database>) =>
  Effect.flatMap(Database, ({ schema }) => {
    const shadow: Shadow.Shadow = { schema, partition, token: randomBytes(4).toString("hex") }
    return Effect.acquireUseRelease(
      inTransaction(Effect.forEach(Shadow.create(shadow), run, { discard: true })),
      () => use(shadow),
      // What cannot be dropped now is dropped by the next run.
      () => Effect.ignore(run(Shadow.drop(shadow)))
    )
  })

// One commit for all of them.
const inTransaction = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Database, (database) => database.transaction(self))

const heads = Effect.gen(function* () {
  const database = yield* Database
  return yield* database.query((kysely, signal) =>
    Rows.ask<{ partition: number; position: number }>(
      kysely,
      sql`select partition, position from ${sql.id(database.schema, "log_heads")} order by partition`,
      signal
    )
  )
})

const dropLeftovers = Effect.gen(function* () {
  const database = yield* Database
  const { rows } = yield* database.query((kysely, signal) =>
    sql<{ name: string }>`
      select relname as name from pg_class join pg_namespace n on n.oid = relnamespace
      where n.nspname = ${database.schema} and relkind = 'r' and relname ~ ${Shadow.LEFTOVERS}`.execute(kysely, {
      signal
    })
  )
  for (const { name } of rows) yield* run(sql`drop table ${sql.id(database.schema, name)}`)
})

const run = (statement: RawBuilder<unknown>) =>
  Effect.flatMap(Database, (database) => Effect.asVoid(database.query((kysely) => statement.execute(kysely))))
