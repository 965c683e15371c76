/** Mastercard's listing of an account, as settling and reconciling look at it. */
import type { HistoryEntry, HistoryRequest, MastercardError } from "@pointback/adapters"
import { Mastercard } from "@pointback/adapters"
import { type Ids, Instant, Points, type Verdict, Zone } from "@pointback/domain"
import { Effect, Option, Result } from "effect"
import { now } from "../command/Now.ts"

/** Hours that a zone may be ahead of UTC and behind it: an entry that has a date alone may be of any. */
const HOURS_AHEAD = 14n
const HOURS_BEHIND = 12n
const MICROS_PER_HOUR = Instant.MICROS_PER_DAY / 24n

/**
 * Reads the listing of an account from an instant on until now, under each of its numbers, the present one first. It is
 * complete, or it fails.
 */
export const read = Effect.fnUntraced(function* (
  numbers: ReadonlyArray<Ids.AccountNumber>,
  from: Instant.Instant
): Effect.fn.Return<Verdict.Listing, MastercardError, Mastercard> {
  const takenAt = yield* now
  const listings = yield* Effect.forEach(numbers, (userId, index) =>
    listingOf({ userId, from, to: takenAt }, index > 0)
  )
  // What both numbers list is one entry.
  const entries = Array.from(new Map(listings.flat().map((entry) => [`${entry.kind} ${entry.id}`, entry])).values())
  return {
    takenAt,
    credits: entries.filter(({ kind }) => kind === "credit").map(credit),
    redemptions: new Set(entries.filter(({ kind }) => kind === "redemption").map(({ id }) => id))
  }
})

const NOT_FOUND = 404

/** A number that was replaced may be gone at Mastercard; then what happened under it is listed under the present one. */
const listingOf = Effect.fnUntraced(function* (request: HistoryRequest, replaced: boolean) {
  const mastercard = yield* Mastercard
  return yield* Effect.catchIf(
    mastercard.redemptions(request),
    (error) => replaced && error._tag === "MastercardRefused" && error.status === NOT_FOUND,
    () => Effect.succeed<ReadonlyArray<HistoryEntry>>([])
  )
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
