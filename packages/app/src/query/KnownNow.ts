/** The instant that a long answer is given as known at, so that all of its parts are about the same facts (law L11). */
import { type DatabaseError, EventLog, KnownAt } from "@pointback/adapters"
import type { Instant } from "@pointback/domain"
import { Effect } from "effect"

/** How often an instant is looked for that covers everything committed, and how long is waited in between. */
const ATTEMPTS = 100
const WAIT = "20 millis"

/**
 * The instant that was asked for, where it is safe; else the last safe one. Appends that are open hold that back: it is
 * waited for until it covers everything that was committed at first, for two seconds at most.
 */
export const settledKnownAt = Effect.fn("settledKnownAt")(function* (
  asked: Instant.Instant | null
): Effect.fn.Return<Instant.Instant, KnownAt.KnownAtNotSafe | DatabaseError, EventLog> {
  if (asked !== null) return yield* Effect.as(KnownAt.requireSafe(asked), asked)
  const log = yield* EventLog
  const committed = (yield* log.heads).reduce<Instant.Instant | null>(
    (latest, { recordedAt }) => (recordedAt !== null && (latest === null || recordedAt > latest) ? recordedAt : latest),
    null
  )
  for (let attempt = 1; ; attempt++) {
    const safe = yield* log.lastSafeInstant
    if (committed === null || safe >= committed || attempt === ATTEMPTS) return safe
    yield* Effect.sleep(WAIT)
  }
})
