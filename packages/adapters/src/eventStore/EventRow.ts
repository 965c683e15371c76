/** A row of `events`, as PostgreSQL writes it in JSON. */
import { Fact, Ids, Instant } from "@pointback/domain"
import { sql } from "kysely"
import * as Rows from "../database/Rows.ts"
import * as EventCodec from "./EventCodec.ts"
import type { StoredEvent } from "./EventStore.ts"

/** What an event is made from, of the table `e`: it has a column more. */
export const COLUMNS = sql`e.partition, e.position, e.program, e.account_key, e.event_id, e.stream, e.version,
  e.account_version, e.type, e.schema_version, e.payload, ${Rows.utc("e.occurred_at")} as occurred_at,
  ${Rows.utc("e.recorded_at")} as recorded_at, e.correlation_id, e.causation_id, e.idempotency_key, e.actor`

/** A row of `events`. Its instants are ISO 8601 with a zone, its payload a JSON object. */
export interface EventRow {
  readonly partition: number
  readonly position: number
  readonly program: string
  readonly account_key: string
  readonly event_id: string
  readonly stream: string
  readonly version: number
  readonly account_version: number
  readonly type: string
  readonly schema_version: number
  readonly payload: Record<string, unknown>
  readonly occurred_at: string
  readonly recorded_at: string
  readonly correlation_id: string
  readonly causation_id: string | null
  readonly idempotency_key: string | null
  readonly actor: string | null
}

/** Reads a row. Throws on a row that no version of ours wrote. */
export const toStoredEvent = (row: EventRow): StoredEvent => ({
  account: {
    program: Ids.ProgramId.make(row.program),
    key: Ids.AccountKey.make(row.account_key),
    partition: row.partition
  },
  position: row.position,
  eventId: row.event_id,
  version: row.version,
  accountVersion: row.account_version,
  fact: {
    stream: Fact.streamFromName(row.stream),
    occurredAt: Instant.fromStringUnsafe(row.occurred_at),
    event: EventCodec.fromStored(row.type, row.schema_version, row.payload)
  },
  recordedAt: Instant.fromStringUnsafe(row.recorded_at),
  correlationId: row.correlation_id,
  causationId: row.causation_id,
  idempotencyKey: row.idempotency_key,
  actor: row.actor
})
