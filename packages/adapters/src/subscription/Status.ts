/** How far subscriptions have come, for operators. One statement, whoever runs them. */
import { Instant } from "@pointback/domain"
import { Duration, Effect } from "effect"
import { sql } from "kysely"
import type { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import type { Positions } from "../log/EventLog.ts"
import { type Holder, toHolder } from "./Lease.ts"

/** How far a subscription has come in a partition. */
export interface PartitionStatus {
  readonly partition: number
  /** The last position that it has seen. */
  readonly position: number
  /** The last position of the log; before the subscription's where the log was restored from an older backup. */
  readonly head: number
  /** Events that it has not seen. */
  readonly behind: number
}

/** A subscription. */
export interface Status {
  readonly name: string
  /** Who runs it, or ran it last and died; null where it was stopped. */
  readonly holder: Holder | null
  /** Whether the holder's lease has not ended, by the database's clock. */
  readonly running: boolean
  readonly positions: Positions
  readonly partitions: ReadonlyArray<PartitionStatus>
  /** Events that it has not seen, in all partitions. */
  readonly behind: number
  /** When the oldest of them was recorded; null where it has seen all. */
  readonly oldestUnseenAt: Instant.Instant | null
  /** How long ago that is, by the database's clock; null where it has seen all. */
  readonly oldestUnseenAge: Duration.Duration | null
}

interface Row {
  readonly name: string
  readonly holder: string | null
  readonly expires_at: string | null
  readonly running: boolean
  readonly positions: ReadonlyArray<number>
  readonly heads: ReadonlyArray<number>
  readonly oldest: string | null
  readonly age_millis: number | null
}

// The first unseen event of each partition is the one after the checkpoint: one row by the primary key.
const question = (schema: string, name: string | null) => sql`
  select s.name, s.holder, ${Rows.utc("s.expires_at")} as expires_at, coalesce(s.expires_at > clock_timestamp(), false) as running, s.positions,
    lag.heads, ${Rows.utc("lag.oldest")} as oldest,
    case when lag.oldest is not null
      then greatest(extract(epoch from ${sql.id(schema, "current_instant")}() - lag.oldest) * 1000, 0)::float8 end as age_millis
  from ${sql.id(schema, "subscriptions")} s
  cross join lateral (
    select array_agg(h.position order by p.number) as heads, min(e.recorded_at) as oldest
    from unnest(s.positions) with ordinality as p (position, number)
    join ${sql.id(schema, "log_heads")} h on h.partition = p.number::int - 1
    left join ${sql.id(schema, "events")} e on e.partition = p.number::int - 1 and e.position = p.position + 1
  ) lag
  where ${name}::text is null or s.name = ${name}
  order by s.name`

const toStatus = (row: Row): Status => {
  const partitions = row.positions.map((position, partition): PartitionStatus => {
    const head = row.heads[partition] ?? 0
    return { partition, position, head, behind: Math.max(head - position, 0) }
  })
  return {
    name: row.name,
    holder: toHolder(row),
    running: row.running,
    positions: row.positions,
    partitions,
    behind: partitions.reduce((sum, { behind }) => sum + behind, 0),
    oldestUnseenAt: row.oldest === null ? null : Instant.fromStringUnsafe(row.oldest),
    oldestUnseenAge: row.age_millis === null ? null : Duration.millis(row.age_millis)
  }
}

/** The subscription of a name, or all of them by name. */
export const statuses = (
  database: Database["Service"],
  name: string | null
): Effect.Effect<ReadonlyArray<Status>, DatabaseError> =>
  Effect.map(
    database.query((kysely, signal) => Rows.ask<Row>(kysely, question(database.schema, name), signal)),
    (rows) => rows.map(toStatus)
  )
