/** Reads the heads of the log, to be kept elsewhere. */
import { Effect } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import type { KeptHead, KeptHeads } from "./KeptHeads.ts"

/** The heads as they are now, without a signature. They are read and not checked: that is for `verify`. */
export const takeHeads: Effect.Effect<KeptHeads, DatabaseError, Database> = Effect.gen(function* () {
  const database = yield* Database
  const table = (name: string) => sql.id(database.schema, name)
  // One statement, hence one moment. A head's own instant may be later than its last event's, and moves on.
  const [row] = yield* database.query((kysely, signal) =>
    Rows.ask<Omit<KeptHeads, "heads" | "pointbackHeads"> & { heads: ReadonlyArray<KeptHead> }>(
      kysely,
      sql`select log_id::text as log, (select max(name) from ${table("kysely_migration")}) as schema,
        ${Rows.utc("now.at")} as "takenAt",
        (select json_agg(json_build_object('partition', h.partition, 'position', h.position,
            'recordedAt', ${Rows.utc("e.recorded_at")}, 'hash', encode(h.hash, 'hex')) order by h.partition)
          from ${table("log_heads")} h left join ${table("events")} e using (partition, position)) as heads
      from ${table("settings")}, (select ${sql.id(database.schema, "current_instant")}() as at) as now`,
      signal
    )
  )
  const { heads, log, schema, takenAt } = row as Omit<KeptHeads, "pointbackHeads">
  const kept: KeptHeads = { pointbackHeads: 1, log, schema, takenAt, heads }
  return kept
}).pipe(Effect.withSpan("takeHeads"))
