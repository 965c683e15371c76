/** The log on PostgreSQL and on PGlite. */
import { Instant } from "@pointback/domain"
import { Effect, Layer } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import type { EventRow } from "../eventStore/EventRow.ts"
import { COLUMNS, toStoredEvent } from "../eventStore/EventRow.ts"
import * as ProgramRoles from "../program/ProgramRoles.ts"
import { bigintArray } from "./BigintArray.ts"
import type { Head, LogRead, PartitionRead, Positions } from "./EventLog.ts"
import { EventLog } from "./EventLog.ts"
import { type PartitionNumbers, partitionNumbers } from "./PartitionNumbers.ts"
import { limitOf, positionsAfter, startOf, streamOf } from "./LogPage.ts"

type DatabaseService = Database["Service"]

const partitionPage = (schema: string, { after, direction, limit, partition }: PartitionRead): RawBuilder<unknown> => {
  const forward = direction !== "backward"
  const beyond = after === undefined ? sql`true` : sql`e.position ${forward ? sql`>` : sql`<`} ${after}`
  return sql`
    select ${COLUMNS} from ${sql.id(schema, "events")} e where e.partition = ${partition} and ${beyond}
    order by e.position ${forward ? sql`asc` : sql`desc`} limit ${limitOf(limit)}`
}

// One range of the primary key for each partition. recorded_at increases with the position, so the first events of all
// are among the first of each.
const page = (schema: string, after: Positions, limit: number): RawBuilder<unknown> => sql`
  select ${COLUMNS}
  from unnest(${bigintArray(after)}) with ordinality as a (position, number)
  cross join lateral (
    select * from ${sql.id(schema, "events")} e where e.partition = a.number::int - 1 and e.position > a.position
    order by e.position limit ${limit}
  ) e
  order by e.recorded_at, e.partition limit ${limit}`

// A function of the owner's: whoever reads the log has no right to change its heads.
const advance = (schema: string) => sql`
  select ${Rows.utc("advanced.safe")} as safe from ${sql.id(schema, "advance_heads")}() as advanced (safe)`

const committed = (schema: string, partitions: RawBuilder<unknown>) => sql`
  select ${Rows.utc("least.safe")} as safe
  from (select min(recorded_at) as safe from ${sql.id(schema, "log_heads")} where partition = any(${partitions})) as least`

const recorded = (text: string | null): Instant.Instant | null =>
  text === null ? null : Instant.fromStringUnsafe(text)

/**
 * Positions up to which nothing more will be seen, where events of other programs are not seen: their positions would be
 * looked through again and again. Null for a role that sees all, which goes on after the last event that it saw.
 */
const passedOver = (database: DatabaseService) => {
  let seesAll: boolean | undefined
  const ask = Effect.map(
    Effect.provideService(ProgramRoles.seesAll, Database, database),
    (answer) => (seesAll = answer)
  )
  const heads = database.query((kysely, signal) =>
    Rows.ask<{ position: number }>(
      kysely,
      sql`select position from ${sql.id(database.schema, "log_heads")} order by partition`,
      signal
    )
  )
  return Effect.suspend(() => (seesAll === undefined ? ask : Effect.succeed(seesAll))).pipe(
    Effect.flatMap((all) =>
      all ? Effect.succeed(null) : Effect.map(heads, (rows): Positions => rows.map(({ position }) => position))
    )
  )
}

const reader = (database: DatabaseService, numbers: PartitionNumbers) => {
  const events = (question: RawBuilder<unknown>) =>
    Effect.map(
      database.query((kysely, signal) => Rows.ask<EventRow>(kysely, question, signal)),
      (rows) => rows.map(toStoredEvent)
    )

  const unseen = passedOver(database)

  const readAll = Effect.fn("EventLog.readAll")(function* (read: LogRead = {}) {
    const before = startOf(read, (yield* numbers).length)
    const limit = limitOf(read.limit)
    // Taken before the page, which has every event up to them unless it is full.
    const passed = yield* unseen
    const found = yield* events(page(database.schema, before, limit))
    const after = positionsAfter(before, found)
    if (passed === null || found.length === limit) return { events: found, positions: after }
    return { events: found, positions: after.map((position, n) => Math.max(position, passed[n] ?? 0)) }
  })

  return {
    readPartition: Effect.fn("EventLog.readPartition")((read: PartitionRead) =>
      events(partitionPage(database.schema, read))
    ),
    readAll,
    streamAll: streamOf(readAll)
  }
}

const watcher = (database: DatabaseService, numbers: PartitionNumbers) => {
  const { schema } = database
  const ask = Effect.fnUntraced(function* <Row>(question: (partitions: RawBuilder<unknown>) => RawBuilder<unknown>) {
    const partitions = bigintArray(yield* numbers)
    return yield* database.query((kysely, signal) => Rows.ask<Row>(kysely, question(partitions), signal))
  })

  const heads = Effect.map(
    ask<{ partition: number; position: number; recorded_at: string | null }>(
      (partitions) => sql`
        select partition, position, ${Rows.utc("h.recorded_at")} as recorded_at from ${sql.id(schema, "log_heads")} h
        where partition = any(${partitions}) order by partition`
    ),
    (rows) =>
      rows.map(({ partition, position, recorded_at }): Head => ({
        partition,
        position,
        recordedAt: recorded(recorded_at)
      }))
  )

  const safe = (question: (partitions: RawBuilder<unknown>) => RawBuilder<unknown>) =>
    Effect.map(ask<{ safe: string | null }>(question), ([row]) => recorded(row?.safe ?? null) ?? Instant.EARLIEST)

  const readOnly = safe((partitions) => committed(schema, partitions))

  // In a transaction the heads would be held to its end, and what it brought up could be undone.
  const lastSafeInstant = Effect.flatMap(CurrentTransaction, (transaction) =>
    transaction === undefined ? safe(() => advance(schema)) : readOnly
  )

  return {
    heads: heads.pipe(Effect.withSpan("EventLog.heads")),
    lastSafeInstant: lastSafeInstant.pipe(Effect.withSpan("EventLog.lastSafeInstant")),
    lastSafeInstantReadOnly: readOnly.pipe(Effect.withSpan("EventLog.lastSafeInstantReadOnly"))
  }
}

/** `EventLog` over the `Database`. */
export const layer: Layer.Layer<EventLog, never, Database> = Layer.effect(
  EventLog,
  Effect.map(Database, (database) => {
    const numbers = partitionNumbers(database)
    return EventLog.of({ ...reader(database, numbers), ...watcher(database, numbers) })
  })
)
