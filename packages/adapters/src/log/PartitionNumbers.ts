/** How many partitions the log has. */
import { Effect } from "effect"
import { sql } from "kysely"
import type { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"

/** The numbers of all partitions. */
export type PartitionNumbers = Effect.Effect<ReadonlyArray<number>, DatabaseError>

/** Asks for the numbers once, since they are fixed when the schema is created. A failure is not kept. */
export const partitionNumbers = (database: Database["Service"]): PartitionNumbers => {
  let known: ReadonlyArray<number> | undefined
  const ask = database.query((kysely, signal) =>
    Rows.ask<{ partitions: number }>(kysely, sql`select partitions from ${sql.id(database.schema, "settings")}`, signal)
  )
  return Effect.suspend(() =>
    known === undefined
      ? Effect.map(ask, ([row]) => (known = Array.from({ length: row?.partitions ?? 0 }, (_, number) => number)))
      : Effect.succeed(known)
  )
}
