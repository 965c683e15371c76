/** Checks the log as a whole: each partition from its first event to its head, and against heads that were kept elsewhere. */
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import * as Chain from "./Chain.ts"
import type { Difference } from "./Difference.ts"
import type { Kept, KeptHead } from "./KeptHeads.ts"
import { PartitionWalk, type StoredHead, type Walked } from "./PartitionWalk.ts"

/** Events that are read at once: about a megabyte. */
const PAGE = 1000

/** Partitions that are walked side by side: the database reads one while another is hashed. */
const SIDE_BY_SIDE = 4

const SEPARATOR = sql.lit(Chain.SEPARATOR)

const hashed = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

// The head comes with each page, of the same moment: a page with room left ends where that head stands. It has fewer
// fields than any event.
const page = (schema: string, partition: number, after: number) => sql<{ line: string }>`
  select line from (
    select 0 as position, concat_ws(${SEPARATOR}, encode(hash, 'hex'), position, ${hashed("recorded_at")}) as line
    from ${sql.id(schema, "log_heads")} where partition = ${partition}
    union all
    (select position, array_to_string(array[encode(hash, 'hex'), position::text, program, account_key,
        ${hashed("recorded_at")}, event_id::text, stream, version::text, account_version::text, type,
        schema_version::text, payload::text, ${hashed("occurred_at")}, correlation_id, causation_id, idempotency_key,
        actor], ${SEPARATOR}, '') as line
      from ${sql.id(schema, "events")} where partition = ${partition} and position > ${after}
      order by position limit ${PAGE})
  ) as lines order by position`

/** Fields of a head's line at most: hash, position, and an instant where something was recorded. */
const HEAD_FIELDS = 3

const toHead = (line: string | undefined): StoredHead | null => {
  const fields = line?.split(Chain.SEPARATOR, HEAD_FIELDS + 1) ?? []
  const [hash, position, recordedAt] = fields
  return hash === undefined || fields.length > HEAD_FIELDS
    ? null
    : { hash, position: Number(position), recordedAt: recordedAt ?? null }
}

const walk = Effect.fnUntraced(function* (
  partition: number,
  kept: KeptHead | null
): Effect.fn.Return<Walked, DatabaseError, Database> {
  const database = yield* Database
  const walking = new PartitionWalk(partition, kept)
  for (;;) {
    const { position } = walking
    const { rows } = yield* database.query((kysely, signal) =>
      page(database.schema, partition, position).execute(kysely, { signal })
    )
    const head = toHead(rows[0]?.line)
    const events = head === null ? rows : rows.slice(1)
    for (const { line } of events) walking.event(line)
    if (events.length < PAGE) return walking.end(head)
  }
})

/** Walks all partitions. `kept`: heads that were printed earlier, where there are some. */
export const auditLog = Effect.fn("auditLog")(function* (
  kept: Kept | null
): Effect.fn.Return<Walked, DatabaseError, Database> {
  const database = yield* Database
  const [settings] = yield* database.query((kysely, signal) =>
    Rows.ask<{ partitions: number; log: string }>(
      kysely,
      sql`select partitions, log_id::text as log from ${sql.id(database.schema, "settings")}`,
      signal
    )
  )
  const { log, partitions } = settings as { partitions: number; log: string }
  const numbers = Array.from({ length: partitions }, (_, partition) => partition)
  const walked = yield* Effect.forEach(
    numbers,
    (partition) => walk(partition, kept?.document.heads.find((head) => head.partition === partition) ?? null),
    { concurrency: SIDE_BY_SIDE }
  )
  return {
    events: walked.reduce((sum, { events }) => sum + events, 0),
    differences: [
      ...walked.flatMap(({ differences }) => differences),
      ...(kept === null ? [] : complete(kept, log, numbers))
    ]
  }
})

/** Kept heads are signed where that was asked for, and of this log, with one head for each of its partitions. */
const complete = (
  { document, signed }: Kept,
  log: string,
  partitions: ReadonlyArray<number>
): ReadonlyArray<Difference> => {
  const found = document.heads.map(({ partition }) => partition)
  const different = (place: string, problem: string): Difference => ({
    check: "heads",
    program: null,
    account: null,
    place,
    problem
  })
  const missing = partitions.filter((partition) => !found.includes(partition))
  const surplus = found.filter(
    (partition, index) => !partitions.includes(partition) || found.indexOf(partition) !== index
  )
  return [
    ...(signed === false ? [different("signature", "is missing, or is not that of these heads and this key")] : []),
    ...(document.log === log
      ? []
      : [different("log", `the kept heads are of log ${document.log}, this is log ${log}`)]),
    ...missing.map((partition) => different(`partition ${partition}`, "has no kept head")),
    ...surplus.map((partition) => different(`partition ${partition}`, "is not in this log, or was kept twice"))
  ]
}
