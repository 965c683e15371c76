/** Whether a question may be asked as known at an instant. */
import { Instant } from "@pointback/domain"
import { Effect, Schema } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import { EventLog } from "./EventLog.ts"

/** What was known at the instant can still change: a transaction that is open, or yet to come, may fall before it. */
export class KnownAtNotSafe extends Schema.TaggedError<KnownAtNotSafe>("@pointback/adapters/KnownAtNotSafe")(
  "KnownAtNotSafe",
  { knownAt: Instant.Instant, lastSafe: Instant.Instant }
) {
  override get message() {
    return (
      `what is known at ${Instant.toString(this.knownAt)} can still change; ` +
      `ask as known at ${Instant.toString(this.lastSafe)} or earlier, or without that instant for a provisional answer`
    )
  }
}

/** Where the check may write; see `EventLog.lastSafeInstant`. */
export interface SafetyOptions {
  /** On a replica, or under a role that may not write. Default: false. */
  readonly readOnly?: boolean
}

/**
 * Fails unless an answer as known at the instant is the same for ever (law L11). An instant before the last appends of
 * all partitions is let through without a write.
 */
export const requireSafe = Effect.fn("KnownAt.requireSafe")(function* (
  knownAt: Instant.Instant,
  options: SafetyOptions = {}
): Effect.fn.Return<void, KnownAtNotSafe | DatabaseError, EventLog> {
  const log = yield* EventLog
  const passed = yield* log.lastSafeInstantReadOnly
  if (knownAt <= passed) return
  const lastSafe = options.readOnly === true ? passed : yield* log.lastSafeInstant
  if (knownAt > lastSafe) return yield* new KnownAtNotSafe({ knownAt, lastSafe })
})
