/**
 * Subscriptions to the log: each has a name, a checkpoint in the database, and one runner at a time over all processes.
 *
 * A subscription sees every event once and in the order of `EventLog.readAll`, whatever transactions were open when it
 * looked. Its checkpoint is a position in each partition: plain integers, which mean the same in a copy of the database.
 */
import { Effect } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import { EventLog } from "../log/EventLog.ts"
import * as Lease from "./Lease.ts"
import * as Runner from "./Runner.ts"
import { type Options, settingsOf } from "./Settings.ts"
import { type Place, positionsOf } from "./Start.ts"
import { type Status, statuses } from "./Status.ts"
import { type SubscriptionAhead, SubscriptionHeld, SubscriptionUnknown } from "./SubscriptionError.ts"

export type { RunError } from "./Runner.ts"
export type { Options } from "./Settings.ts"
export type { Place } from "./Start.ts"
export type { PartitionStatus, Status } from "./Status.ts"

/**
 * Runs a subscription until it is interrupted, or `until` says so. Takes its lease, or waits for it; goes on after its
 * checkpoint, which is made `from` where there is none. An interruption undoes or leaves the batch at hand, so that it
 * comes again, and gives the lease back.
 *
 * Fails with `SubscriptionStopped` when the handler failed `attempts` times in a row, with `SubscriptionHeld` if it shall
 * not wait, with `SubscriptionAhead` when the log is older than the checkpoint, with `SubscriptionUnknown` when it was
 * removed meanwhile, with `SubscriptionNameTaken` where another database role has the name, and with `DatabaseError` when the database refuses, or could not be reached as often. Nothing is
 * skipped in any case. Run it outside of transactions.
 */
export const run = <E, R>(options: Options<E, R>): Effect.Effect<void, Runner.RunError, Database | EventLog | R> =>
  Effect.suspend(() => Runner.run(settingsOf(options))).pipe(
    Effect.withSpan("Subscription.run", { attributes: { subscription: options.name } })
  )

/** Every subscription, by name: who runs it, how far it has come, and what it has not seen. */
export const list: Effect.Effect<ReadonlyArray<Status>, DatabaseError, Database> = Effect.flatMap(
  Database,
  (database) => statuses(database, null)
).pipe(Effect.withSpan("Subscription.list"))

/** The same of one subscription. */
export const status = Effect.fn("Subscription.status")(function* (
  name: string
): Effect.fn.Return<Status, SubscriptionUnknown | DatabaseError, Database> {
  const [found] = yield* statuses(yield* Database, name)
  return found ?? (yield* new SubscriptionUnknown({ name }))
})

/**
 * Moves the checkpoint. A runner that is at work loses what it has not committed, and goes on from the new place; where
 * that is further back, its handler gets events again.
 */
export const reset = Effect.fn("Subscription.reset")(function* (
  name: string,
  place: Place
): Effect.fn.Return<void, SubscriptionUnknown | SubscriptionAhead | DatabaseError, Database | EventLog> {
  const positions = yield* positionsOf(name, place, yield* (yield* EventLog).heads)
  if (!(yield* Lease.reset(yield* Database, name, positions))) return yield* new SubscriptionUnknown({ name })
})

/** Removes a subscription and its checkpoint; not while somebody runs it. */
export const remove = Effect.fn("Subscription.remove")(function* (
  name: string
): Effect.fn.Return<void, SubscriptionUnknown | SubscriptionHeld | DatabaseError, Database> {
  const database = yield* Database
  while (!(yield* Lease.remove(database, name))) {
    const holder = yield* Lease.holderOf(database, name)
    if (holder === undefined) return yield* new SubscriptionUnknown({ name })
    // Null where it was given back just now.
    if (holder !== null) return yield* new SubscriptionHeld({ name, holder: holder.name, until: holder.until })
  }
})
