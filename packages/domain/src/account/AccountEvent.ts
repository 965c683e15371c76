/**
 * The events of an account stream.
 *
 * @see semantics, section 3
 */
import { Schema } from "effect"
import { AccountKey, Actor, LotId } from "../identity/Ids.ts"
import { Note } from "../identity/Text.ts"
import { ExpiresAt } from "../lot/Draw.ts"
import * as Instant from "../time/Instant.ts"
import * as Points from "../points/Points.ts"

const NonZero = Points.Signed.check(
  Schema.makeFilter((points: bigint) => points !== 0n, { message: "must not be zero" })
)

/**
 * What happened to an account, apart from its redemptions. Stored, so its shape only grows.
 *
 * @see semantics, section 3
 */
export const AccountEvent = Schema.TaggedUnion({
  /** A lot came to be. earnedAt ≤ occurredAt < expiresAt. */
  PointsEarned: {
    lotId: LotId,
    points: Points.Positive,
    earnedAt: Instant.Instant,
    expiresAt: ExpiresAt,
    /** Where the points come from, in the words of the platform. */
    source: Schema.NullOr(Note)
  },
  /**
   * The sweep booked what a lot held just before it expired. Negative where a later append lowered that. Says nothing
   * about what is live: an expired lot is never live, swept or not.
   */
  PointsExpired: { lotId: LotId, points: NonZero },
  /** Points were added to a lot or taken from it by hand. */
  PointsAdjusted: { lotId: LotId, points: NonZero, reason: Note, actor: Schema.NullOr(Actor) },
  /**
   * The account's number was replaced. The new number itself stands in the directory of accounts under this key, so
   * that it can be forgotten.
   */
  AccountAliased: { alias: AccountKey }
})
export type AccountEvent = typeof AccountEvent.Type
