/** The log on PostgreSQL and on PGlite. */
import { Instant } from "@pointback/domain"
import { Effect, Layer } from "effect"
import type { Kysely, RawBuilder } from "kysely"
import { sql } from "kysely"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"
import { Database } from "../database/Database.ts"
import type { Tables } from "../database/Tables.ts"
import type { EventRow } from "../eventStore/EventRow.ts"
import { toStoredEvent } from "../eventStore/EventRow.ts"
import { bigintArray } from "./BigintArray.ts"
import type { Head, LogRead, PartitionRead, Positions } from "./EventLog.ts"
import { EventLog } from "./EventLog.ts"
import { limitOf, positionsAfter, startOf, streamOf } from "./LogPage.ts"

type DatabaseService = Database["Service"]

/** What a stored event is made from; the table has more columns. */
const COLUMNS = sql`e.partition, e.position, e.program, e.account_key, e.event_id, e.stream, e.version,
  e.account_version, e.type, e.schema_version, e.payload, e.occurred_at, e.recorded_at, e.correlation_id,
  e.causation_id, e.idempotency_key, e.actor`

/** How PostgreSQL writes the instant of a head that has recorded nothing. */
const NEVER = "-infinity"

const partitionPage = ({ after, direction, limit, partition }: PartitionRead): RawBuilder<{ row: string }> => {
  const forward = direction !== "backward"
  const beyond = after === undefined ? sql`true` : sql`e.position ${forward ? sql`>` : sql`<`} ${after}`
  return sql`
    select row_to_json(r)::text as row from (
      select ${COLUMNS} from events e where e.partition = ${partition} and ${beyond}
      order by e.position ${forward ? sql`asc` : sql`desc`} limit ${limitOf(limit)}
    ) r`
}

// One range of the primary key for each partition. recorded_at increases with the position, so the first events of all
// are among the first of each.
const page = (after: Positions, limit: number): RawBuilder<{ row: string }> => sql`
  select row_to_json(r)::text as row from (
    select ${COLUMNS}
    from unnest(${bigintArray(after)}) with ordinality as a (position, number)
    cross join lateral (
      select * from events e where e.partition = a.number::int - 1 and e.position > a.position
      order by e.position limit ${limit}
    ) e
    order by e.recorded_at, e.partition limit ${limit}
  ) r`

// Heads that somebody holds are passed over, so that nobody is waited for; their committed instants stand.
const advance = (partitions: RawBuilder<unknown>) => sql<{ safe: string }>`
  with free as (
    select partition from log_heads where partition = any(${partitions}) and recorded_at < current_instant()
    for no key update skip locked
  ), advanced as (
    update log_heads h set recorded_at = greatest(h.recorded_at, current_instant()) from free f
    where h.partition = f.partition returning h.partition, h.recorded_at
  )
  select min(coalesce(a.recorded_at, h.recorded_at)) as safe
  from log_heads h left join advanced a on a.partition = h.partition where h.partition = any(${partitions})`

const committed = (partitions: RawBuilder<unknown>) => sql<{ safe: string }>`
  select min(recorded_at) as safe from log_heads where partition = any(${partitions})`

const recorded = (text: string): Instant.Instant | null => (text === NEVER ? null : Instant.fromStringUnsafe(text))

/** The numbers of all partitions; fixed when the schema was created, so asked for once. A failure is not kept. */
const partitionNumbers = (database: DatabaseService) => {
  let known: ReadonlyArray<number> | undefined
  const ask = database.query((kysely, signal) =>
    kysely.selectFrom("settings").select("partitions").executeTakeFirstOrThrow({ signal })
  )
  return Effect.suspend(() =>
    known === undefined
      ? Effect.map(ask, ({ partitions }) => (known = Array.from({ length: partitions }, (_, number) => number)))
      : Effect.succeed(known)
  )
}

type Numbers = ReturnType<typeof partitionNumbers>

const reader = (database: DatabaseService, numbers: Numbers) => {
  const events = (statement: RawBuilder<{ row: string }>) =>
    Effect.map(
      database.query((kysely, signal) => statement.execute(kysely, { signal })),
      ({ rows }) => rows.map(({ row }) => toStoredEvent(JSON.parse(row) as EventRow))
    )

  const readAll = Effect.fn("EventLog.readAll")(function* (read: LogRead = {}) {
    const before = startOf(read, (yield* numbers).length)
    const found = yield* events(page(before, limitOf(read.limit)))
    return { events: found, positions: positionsAfter(before, found) }
  })

  return {
    readPartition: Effect.fn("EventLog.readPartition")((read: PartitionRead) => events(partitionPage(read))),
    readAll,
    streamAll: streamOf(readAll)
  }
}

const watcher = (database: DatabaseService, numbers: Numbers) => {
  const ask = Effect.fnUntraced(function* <Row>(statement: (partitions: RawBuilder<unknown>) => RawBuilder<Row>) {
    const partitions = bigintArray(yield* numbers)
    const { rows } = yield* database.query((kysely: Kysely<Tables>, signal) =>
      statement(partitions).execute(kysely, { signal })
    )
    return rows
  })

  const heads = Effect.map(
    ask(
      (partitions) => sql<{ partition: number; position: number; recorded_at: string }>`
        select partition, position, recorded_at from log_heads where partition = any(${partitions}) order by partition`
    ),
    (rows) =>
      rows.map(({ partition, position, recorded_at }): Head => ({
        partition,
        position,
        recordedAt: recorded(recorded_at)
      }))
  )

  const safe = (statement: typeof committed) =>
    Effect.map(ask(statement), ([row]) => recorded(row?.safe ?? NEVER) ?? Instant.EARLIEST)

  // In a transaction the heads would be held to its end, and what it brought up could be undone.
  const lastSafeInstant = Effect.flatMap(CurrentTransaction, (transaction) =>
    safe(transaction === undefined ? advance : committed)
  )

  return {
    heads: heads.pipe(Effect.withSpan("EventLog.heads")),
    lastSafeInstant: lastSafeInstant.pipe(Effect.withSpan("EventLog.lastSafeInstant")),
    lastSafeInstantReadOnly: safe(committed).pipe(Effect.withSpan("EventLog.lastSafeInstantReadOnly"))
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
