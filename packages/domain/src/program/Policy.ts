/**
 * What a program decides for itself. A policy is versioned, and every event that a policy had a part in carries its
 * version.
 *
 * Draw and restoration order are the same for every program: draws take the lot that expires soonest (never last),
 * then the one earned earliest, then the smallest lot id; restorations go in the reverse of the draws. No program has
 * negative balances.
 *
 * @see semantics, section 5
 */
import { Schema } from "effect"
import * as Zone from "../time/Zone.ts"
import { MAXIMUM_SCALE } from "../points/Points.ts"

/** Days of an extension or a credit window at most: a hundred years, beyond which a number is a typing error. */
export const MAXIMUM_DAYS = 36_525

/** Boundaries of aging buckets at most. */
export const MAXIMUM_BOUNDARIES = 24

const Days = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: MAXIMUM_DAYS }, { message: `must be 1 to ${MAXIMUM_DAYS} days` })
)

/** What becomes of points that a credit returns to a lot that has expired in the meantime (law L9). */
export const ExpiredLots = Schema.TaggedUnion({
  /** They are restored and expired in the same event. */
  Expire: {},
  /** They become a new lot with the old `earnedAt` that expires this many calendar days after the credit. */
  Extend: { days: Days },
  /** The whole credit is refused; binds our own requests, never facts that come from Mastercard. */
  Refuse: {}
})
export type ExpiredLots = typeof ExpiredLots.Type

/** Ascending upper bounds in days of the aging buckets; what is older falls into a last one. */
export const Boundaries = Schema.Array(Days).check(
  Schema.isMinLength(1, { message: "needs at least one boundary" }),
  Schema.isMaxLength(MAXIMUM_BOUNDARIES),
  Schema.makeFilter((days: ReadonlyArray<number>) => days.every((day, i) => i === 0 || day > (days[i - 1] as number)), {
    message: "must ascend"
  })
)

/** One version of a program's policy. */
export const Policy = Schema.Struct({
  /** Counts up from 1 per program; 0 is the default policy of a program that never set one. */
  version: Schema.Natural,
  /** Fractional digits that amounts may have, 0 to 4. Fixed once the program has an event. */
  scale: Schema.Int.check(
    Schema.isBetween({ minimum: 0, maximum: MAXIMUM_SCALE }, { message: `must be 0 to ${MAXIMUM_SCALE} digits` })
  ),
  /** Turns calendar dates into instants and instants into dates. */
  zone: Zone.Zone,
  expiredLots: ExpiredLots,
  /** Calendar days after the redemption within which a credit may be requested; none without a limit. */
  creditWindowDays: Schema.NullOr(Days),
  /** Upper bounds in days of the aging buckets. */
  agingBoundaries: Boundaries
})
export type Policy = typeof Policy.Type

/** The policy of a program that has set none. */
export const initial: Policy = {
  version: 0,
  scale: 2,
  zone: Zone.UTC,
  expiredLots: { _tag: "Expire" },
  creditWindowDays: null,
  agingBoundaries: [30, 60, 90, 180, 365]
}
