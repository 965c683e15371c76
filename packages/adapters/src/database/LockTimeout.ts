/**
 * How long a statement waits for what others hold. The session's own setting is not relied on: a host's connection has
 * another one, or none, and a pooler may not take ours.
 */
import { Duration, Effect } from "effect"
import { sql } from "kysely"
import { CurrentTransaction } from "./CurrentTransaction.ts"
import type { Database } from "./Database.ts"
import { DatabaseError } from "./DatabaseError.ts"
import * as Rows from "./Rows.ts"

type DatabaseService = Database["Service"]

interface Before {
  readonly timeout: string
  readonly transaction: string
}

// Materialized, so that the setting is read before it is set.
const set = (database: DatabaseService) =>
  Effect.map(
    database.query((kysely) =>
      Rows.ask<Before>(
        kysely,
        sql`with before as materialized (select current_setting('lock_timeout') as timeout)
          select timeout, pg_current_xact_id()::text as transaction,
            set_config('lock_timeout', ${`${Math.ceil(Duration.toMillis(database.lockTimeout))}`}, true) from before`
      )
    ),
    ([before]) => before as Before
  )

const putBack = (database: DatabaseService, { timeout }: Before) =>
  database.query((kysely) => sql`select set_config('lock_timeout', ${timeout}, true)::text as timeout`.execute(kysely))

/** In a transaction, or in a savepoint of the present one, in which waiting has an end. */
const inTime = <A, E, R>(database: DatabaseService, self: (before: Before) => Effect.Effect<A, E, R>) =>
  database.transaction(
    Effect.gen(function* () {
      const before = yield* set(database)
      const answer = yield* self(before)
      // Where it fails, the savepoint takes the setting back.
      yield* putBack(database, before)
      return answer
    })
  )

/** Runs a write that waits for locks, in a transaction of its own. */
export const limited = <A, E, R>(
  database: DatabaseService,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | DatabaseError, R> => inTime(database, () => self)

/**
 * Runs a write to a log partition inside the present transaction, which holds the partition's head from then on. Whoever
 * goes up by partition may wait for others; whoever goes down may not, and is told `busy` at once: two who wait for
 * each other would both be lost.
 */
export const ascending = <A, E, R>(
  database: DatabaseService,
  partition: number,
  write: (wait: boolean) => Effect.Effect<A | "busy", E, R>
): Effect.Effect<A, E | DatabaseError, R> =>
  inTime(database, ({ transaction }) =>
    Effect.flatMap(CurrentTransaction, (current) => {
      const reach = current?.reach ?? { transaction, partition: -1 }
      const before = reach.transaction === transaction ? reach.partition : -1
      return Effect.flatMap(write(partition >= before), (answer) => {
        if (answer === "busy") return Effect.fail(new DatabaseError({ reason: { _tag: "LockTimeout" } }))
        reach.transaction = transaction
        reach.partition = Math.max(before, partition)
        return Effect.succeed(answer)
      })
    })
  )
