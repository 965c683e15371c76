/** Mastercard's listing of an account, as settling and reconciling look at it. */
import type { HistoryEntry, MastercardError } from "@pointback/adapters"
import { Mastercard } from "@pointback/adapters"
import { type Ids, Instant, Points, type Verdict, Zone } from "@pointback/domain"
import { Effect, Option, Result } from "effect"
import { now } from "../command/Now.ts"

/** Hours that a zone may be ahead of UTC and behind it: an entry that has a date alone may be of any. */
const HOURS_AHEAD = 14n
const HOURS_BEHIND = 12n
const MICROS_PER_HOUR = Instant.MICROS_PER_DAY / 24n

/** Reads the listing of an account from an instant on until now. It is complete, or it fails. */
export const read = Effect.fnUntraced(function* (
  userId: Ids.AccountNumber,
  from: Instant.Instant
): Effect.fn.Return<Verdict.Listing, MastercardError, Mastercard> {
  const takenAt = yield* now
  const mastercard = yield* Mastercard
  const entries = yield* mastercard.redemptions({ userId, from, to: takenAt })
  return {
    takenAt,
    credits: entries.filter(({ kind }) => kind === "credit").map(credit),
    redemptions: new Set(entries.filter(({ kind }) => kind === "redemption").map(({ id }) => id))
  }
})

const credit = (entry: HistoryEntry): Verdict.ListedCredit => ({
  id: entry.id,
  redemptionId: entry.creditOf ?? null,
  points: Option.getOrNull(Result.getSuccess(Points.fromString(entry.points))),
  ...timeOf(entry.at)
})

/** What cannot be read happened at any time, so that nothing is certain. */
const timeOf = (text: string): Pick<Verdict.ListedCredit, "from" | "until"> => {
  const instant = Instant.fromString(text)
  if (Option.isSome(instant)) return { from: instant.value, until: instant.value }
  const date = Zone.dateFromString(text)
  if (Option.isNone(date)) return { from: Instant.EARLIEST, until: Instant.END }
  const start = Zone.startOfDate(Zone.UTC, date.value)
  return {
    from: start - HOURS_AHEAD * MICROS_PER_HOUR,
    until: start + Instant.MICROS_PER_DAY + HOURS_BEHIND * MICROS_PER_HOUR
  }
}
