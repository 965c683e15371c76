/** Work that one process does at a time, over all processes: it holds a lease while it works. */
import { Duration, Effect, Option, Schedule } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Lease from "./Lease.ts"

/** A process that is gone for half a minute is dead, and its work is somebody else's. */
const LENGTH = Duration.seconds(30)

/** How often the lease is renewed in its length, so that two renewals may fail. */
const RENEWALS = 3

/** How long giving the lease back may take: a database that is gone must not keep the process. */
const RELEASE_PATIENCE = Duration.seconds(3)

/**
 * Does the work where nobody else does work of the name; none where somebody does. Work whose lease is lost is
 * interrupted: whoever has it now does it.
 */
export const exclusively = <A, E, R>(
  name: string,
  holder: string,
  work: Effect.Effect<A, E, R>
): Effect.Effect<Option.Option<A>, E | DatabaseError, R | Database> =>
  Effect.gen(function* () {
    const database = yield* Database
    yield* Lease.create(database, name, [])
    return yield* Effect.acquireUseRelease(
      Lease.take(database, name, holder, LENGTH),
      (lease) =>
        lease === undefined
          ? Effect.succeedNone
          : Effect.raceFirst(Effect.asSome(work), Effect.as(renewed(database, lease), Option.none<A>())),
      (lease) => (lease === undefined ? Effect.void : giveBack(database, lease))
    )
  })

/** Nobody finds a row of work that nobody does. */
const giveBack = (database: Database["Service"], lease: Lease.Lease): Effect.Effect<void> =>
  Lease.release(database, lease).pipe(
    Effect.andThen(Lease.remove(database, lease.name)),
    Effect.ignore,
    Effect.interruptible,
    Effect.timeoutOption(RELEASE_PATIENCE),
    Effect.asVoid
  )

/** Ends when the lease is lost. A database that cannot be reached for a moment is asked again before the lease ends. */
const renewed = (database: Database["Service"], lease: Lease.Lease): Effect.Effect<void> =>
  Effect.sleep(Duration.divideUnsafe(LENGTH, RENEWALS)).pipe(
    Effect.andThen(Lease.renew(database, lease, LENGTH)),
    Effect.catchTag("DatabaseError", () => Effect.void),
    Effect.repeat(Schedule.forever),
    Effect.catchTag("LeaseLost", () => Effect.void),
    Effect.asVoid
  )
