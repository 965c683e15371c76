/** Runs a subscription: takes its lease, delivers, and begins again where the database failed in a way that may pass. */
import { Duration, Effect } from "effect"
import { Database } from "../database/Database.ts"
import { DatabaseError } from "../database/DatabaseError.ts"
import { EventLog } from "../log/EventLog.ts"
import { deliver } from "./Delivery.ts"
import * as Lease from "./Lease.ts"
import * as Retry from "./Retry.ts"
import type { Settings } from "./Settings.ts"
import { positionsOf } from "./Start.ts"
import {
  type SubscriptionAhead,
  SubscriptionHeld,
  SubscriptionNameTaken,
  type SubscriptionStopped,
  SubscriptionUnknown
} from "./SubscriptionError.ts"

/** How long giving the lease back may take: a database that is gone must not keep the process. */
const RELEASE_PATIENCE = Duration.seconds(3)

/** Why a subscription ends. */
export type RunError =
  | SubscriptionStopped
  | SubscriptionHeld
  | SubscriptionAhead
  | SubscriptionNameTaken
  | SubscriptionUnknown
  | DatabaseError

/** What a run remembers from one turn to the next. */
interface Memory {
  readonly failures: Retry.Failures
  /** Whether it has had the lease. */
  taken: boolean
}

/**
 * Runs until the settings say so. Each turn takes the lease anew and reads the checkpoint from its row, so that what
 * this process remembers never outweighs what the database does.
 */
export const run = Effect.fnUntraced(function* <E, R>(
  settings: Settings<E, R>
): Effect.fn.Return<void, RunError, Database | EventLog | R> {
  const failures = Retry.counting(settings.name, settings.attempts)
  const turn = takeTurn(settings, { failures, taken: false }).pipe(
    Effect.catchIf(mayPass, (error) =>
      Effect.as(
        failures.failed(error, () => error),
        "more" as const
      )
    )
  )
  while (true) {
    if ((yield* turn) === "done") return
  }
})

/** A database that is restarted, and transactions that were in each other's way. */
const mayPass = (error: RunError): error is DatabaseError =>
  error instanceof DatabaseError && (error.isRetryable || error.reason._tag === "Unreachable")

const takeTurn = Effect.fnUntraced(function* <E, R>(settings: Settings<E, R>, memory: Memory) {
  const done = yield* underLease(settings, memory).pipe(
    Effect.catchTag("LeaseLost", () =>
      Effect.as(
        Effect.logWarning(`Subscription ${settings.name} lost its lease: it was reset, removed, or taken by another`),
        false
      )
    )
  )
  if (done) return "done"
  yield* standBy(settings, memory.taken)
  memory.failures.passed()
  return "more"
})

/** Delivers if it gets the lease, and gives it back in the end, also when it is interrupted; false without it. */
const underLease = Effect.fnUntraced(function* <E, R>(settings: Settings<E, R>, memory: Memory) {
  const database = yield* Database
  return yield* Effect.acquireUseRelease(
    Lease.take(database, settings.name, settings.holder, settings.lease),
    (lease) => {
      if (lease === undefined) return Effect.succeed(false)
      memory.taken = true
      return Effect.as(deliver(settings, lease, memory.failures.passed), true)
    },
    (lease) => (lease === undefined ? Effect.void : giveBack(database, lease))
  )
})

const giveBack = (database: Database["Service"], lease: Lease.Lease) =>
  Lease.release(database, lease).pipe(Effect.ignore, Effect.interruptible, Effect.timeoutOption(RELEASE_PATIENCE))

/** What to do without a lease: make the subscription where there is none, or wait for its holder, or give up. */
const standBy = Effect.fnUntraced(function* <E, R>(settings: Settings<E, R>, taken: boolean) {
  const { from, name, pollInterval, whenHeld } = settings
  const database = yield* Database
  const holder = yield* Lease.holderOf(database, name)
  if (holder === undefined) {
    // Somebody removed what we had: whether to begin anew is not for us to decide.
    if (taken) return yield* new SubscriptionUnknown({ name })
    const { heads } = yield* EventLog
    const created = yield* Lease.create(database, name, yield* positionsOf(name, from, yield* heads))
    if (created || (yield* Lease.holderOf(database, name)) !== undefined) return
    return yield* new SubscriptionNameTaken({ name })
  }
  if (holder !== null && whenHeld === "fail") {
    return yield* new SubscriptionHeld({ name, holder: holder.name, until: holder.until })
  }
  yield* Effect.sleep(pollInterval)
})
