/** Hands events to a handler and moves the checkpoint, for as long as the lease is held. */
import { Data, Duration, Effect, Equal } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { StoredEvent } from "../eventStore/EventStore.ts"
import { EventLog, type LogPage, type Positions } from "../log/EventLog.ts"
import * as Lease from "./Lease.ts"
import * as Retry from "./Retry.ts"
import type { Settings } from "./Settings.ts"
import { requireWithin } from "./Start.ts"
import { type SubscriptionAhead, SubscriptionStopped } from "./SubscriptionError.ts"

/** The first wait after everything is seen, doubled up to the poll interval: a busy log is looked at often. */
const FIRST_WAIT = Duration.millis(10)

/** The lease is renewed at this part of its length, so that two renewals may fail. */
const RENEWALS = 3

/** A handler failed; kept apart from failures of the database under it. */
class HandlerFailure extends Data.TaggedError("HandlerFailure")<{ readonly cause: unknown }> {}

/**
 * Runs until everything is seen (`caughtUp`), the handler has failed often enough, or the lease is lost. `onPassed` is
 * called whenever all is well: a batch was delivered, or there was none.
 */
export const deliver = Effect.fnUntraced(function* <E, R>(
  settings: Settings<E, R>,
  lease: Lease.Lease,
  onPassed: () => void
): Effect.fn.Return<
  void,
  SubscriptionStopped | Lease.LeaseLost | SubscriptionAhead | DatabaseError,
  Database | EventLog | R
> {
  const log = yield* EventLog
  yield* requireWithin(settings.name, lease.positions, yield* log.heads)
  yield* Effect.raceFirst(deliverAll(settings, lease, onPassed), keepLease(settings, lease))
})

const deliverAll = Effect.fnUntraced(function* <E, R>(
  settings: Settings<E, R>,
  lease: Lease.Lease,
  onPassed: () => void
) {
  const { batchSize, pollInterval, until, wake } = settings
  const log = yield* EventLog
  const deliverPage = yield* transport(settings, lease)
  const passOver = yield* passing(settings, lease)
  const shortest = Duration.min(FIRST_WAIT, pollInterval)
  let positions = lease.positions
  let wait = shortest
  while (true) {
    // Read anew for each attempt: after a failover what was read before may be gone.
    const page = yield* log.readAll({ after: positions, limit: batchSize })
    const empty = page.events.length === 0
    const delivered = empty ? yield* passOver(positions, page) : yield* deliverPage(positions, page)
    if (!delivered) continue
    positions = page.positions
    onPassed()
    if (empty && until === "caughtUp") return
    if (!empty) wait = shortest
    if (page.events.length < batchSize) {
      yield* Effect.raceFirst(Effect.sleep(wait), wake)
      wait = Duration.min(Duration.times(wait, 2), pollInterval)
    }
  }
})

/** Moves the checkpoint over events of programs that the database role does not see. */
const passing = Effect.fnUntraced(function* <E, R>(settings: Settings<E, R>, lease: Lease.Lease) {
  const database = yield* Database
  return (from: Positions, { positions: to }: LogPage) =>
    Equal.equals(from, to)
      ? Effect.succeed(true)
      : Effect.as(Lease.advance(database, lease, { from, to }, settings.lease), true)
})

/** Delivers one batch; false where the handler failed and may be tried again. */
const transport = Effect.fnUntraced(function* <E, R>(settings: Settings<E, R>, lease: Lease.Lease) {
  const database = yield* Database
  const failures = Retry.counting(settings.name, settings.attempts)
  return (from: Positions, page: LogPage) => {
    const handled = Effect.mapError(settings.handler(page.events), (cause) => new HandlerFailure({ cause }))
    // The checkpoint comes last, so that its row is held for no longer than the commit takes.
    const checkpoint = Lease.advance(database, lease, { from, to: page.positions }, settings.lease)
    const both = Effect.andThen(handled, checkpoint)
    return (settings.delivery === "exactlyOnce" ? database.transaction(both) : both).pipe(
      Effect.as(true),
      Effect.tap(Effect.sync(failures.passed)),
      Effect.catchTag("HandlerFailure", ({ cause }) =>
        Effect.as(
          failures.failed(cause, (attempts) => stopped(settings.name, attempts, page, cause)),
          false
        )
      )
    )
  }
})

const stopped = (name: string, attempts: number, { events }: LogPage, cause: unknown) => {
  const { account, position } = events[0] as StoredEvent
  return new SubscriptionStopped({
    name,
    attempts,
    partition: account.partition,
    position,
    events: events.length,
    cause
  })
}

/** Renews the lease. A renewal that fails is no loss: what a former holder sends is refused by its token. */
const keepLease = Effect.fnUntraced(function* <E, R>(
  settings: Settings<E, R>,
  lease: Lease.Lease
): Effect.fn.Return<never, Lease.LeaseLost, Database> {
  const database = yield* Database
  while (true) {
    yield* Effect.sleep(Duration.toMillis(settings.lease) / RENEWALS)
    yield* Effect.catchTag(Lease.renew(database, lease, settings.lease), "DatabaseError", (error) =>
      Effect.logWarning(`The lease of subscription ${settings.name} was not renewed`, error)
    )
  }
})
