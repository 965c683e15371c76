/**
 * Every way in which a rule of the domain refuses a command. Refusals are values: they are answered, remembered under
 * the command's idempotency key (law L8) and shown to people, so each says in its message what to do.
 */
import { Schema } from "effect"
import { CreditId, LotId, RedemptionId } from "../identity/Ids.ts"
import * as Instant from "../time/Instant.ts"
import * as Points from "../points/Points.ts"
import { RedemptionType } from "../redemption/RedemptionEvent.ts"

const text = Points.toString
const at = Instant.toString

/** An amount that no command may carry: zero, negative, too many digits or too large. Names the field. */
export class InvalidPoints extends Schema.TaggedError<InvalidPoints>()("InvalidPoints", {
  field: Schema.String,
  value: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.field}: ${this.value} points are refused: ${this.problem}`
  }
}

/** The dates of a lot or a command contradict each other. */
export class InvalidDates extends Schema.TaggedError<InvalidDates>()("InvalidDates", {
  field: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.field}: ${this.problem}`
  }
}

/** The account has no such lot. */
export class UnknownLot extends Schema.TaggedError<UnknownLot>()("UnknownLot", { lotId: LotId }) {
  override get message() {
    return `this account has no lot ${this.lotId}; \`aging --lots\` lists the lots that it has`
  }
}

/** The account has no such redemption. */
export class UnknownRedemption extends Schema.TaggedError<UnknownRedemption>()("UnknownRedemption", {
  redemptionId: RedemptionId
}) {
  override get message() {
    return `this account has no redemption ${this.redemptionId}; record it first, then credit it under a new credit id`
  }
}

/** A lot of this name exists already. */
export class LotExists extends Schema.TaggedError<LotExists>()("LotExists", { lotId: LotId }) {
  override get message() {
    return `this account already has a lot ${this.lotId}; a lot is earned once`
  }
}

/** A redemption of this name exists already. */
export class RedemptionExists extends Schema.TaggedError<RedemptionExists>()("RedemptionExists", {
  redemptionId: RedemptionId
}) {
  override get message() {
    return `this account already has a redemption ${this.redemptionId}`
  }
}

/** The account does not hold enough points that are free from then on. */
export class InsufficientPoints extends Schema.TaggedError<InsufficientPoints>()("InsufficientPoints", {
  requested: Points.Signed,
  available: Points.Signed,
  at: Instant.Instant
}) {
  override get message() {
    return `${text(this.requested)} points are more than the ${text(this.available)} that are free at ${at(this.at)}`
  }
}

/** A lot is not live at the instant of the command. */
export class LotExpired extends Schema.TaggedError<LotExpired>()("LotExpired", {
  lotId: LotId,
  expiresAt: Instant.Instant,
  at: Instant.Instant
}) {
  override get message() {
    return `lot ${this.lotId} expired at ${at(this.expiresAt)}; it is not live at ${at(this.at)}`
  }
}

/** A lot would hold less than nothing; names the first instant at which it would. */
export class LotOverdrawn extends Schema.TaggedError<LotOverdrawn>()("LotOverdrawn", {
  lotId: LotId,
  requested: Points.Signed,
  available: Points.Signed,
  at: Instant.Instant
}) {
  override get message() {
    return `lot ${this.lotId} has ${text(this.available)} points free at ${at(this.at)}, not ${text(this.requested)}`
  }
}

/** The named lots do not add up to the points of the command. */
export class LotsDoNotSum extends Schema.TaggedError<LotsDoNotSum>()("LotsDoNotSum", {
  points: Points.Signed,
  sum: Points.Signed
}) {
  override get message() {
    return `the named lots add up to ${text(this.sum)} points, not to ${text(this.points)}`
  }
}

/** A lot is named twice. */
export class LotNamedTwice extends Schema.TaggedError<LotNamedTwice>()("LotNamedTwice", { lotId: LotId }) {
  override get message() {
    return `lot ${this.lotId} is named twice; name each lot once with all its points`
  }
}

/** More lots than one redemption may draw from. */
export class TooManyDraws extends Schema.TaggedError<TooManyDraws>()("TooManyDraws", {
  draws: Schema.Natural,
  maximum: Schema.Natural
}) {
  override get message() {
    return `the redemption would draw from ${this.draws} lots, more than the ${this.maximum} that one may`
  }
}

/** A credit asks for more than was redeemed. */
export class ExceedsRedeemed extends Schema.TaggedError<ExceedsRedeemed>()("ExceedsRedeemed", {
  redemptionId: RedemptionId,
  points: Points.Signed,
  redeemed: Points.Signed
}) {
  override get message() {
    return `${text(this.points)} points are more than the ${text(this.redeemed)} of redemption ${this.redemptionId}`
  }
}

/** A credit asks for more than is left to credit. */
export class ExceedsRemaining extends Schema.TaggedError<ExceedsRemaining>()("ExceedsRemaining", {
  redemptionId: RedemptionId,
  points: Points.Signed,
  remaining: Points.Signed
}) {
  override get message() {
    return (
      `${text(this.points)} points are more than the ${text(this.remaining)} ` +
      `that remain of redemption ${this.redemptionId}`
    )
  }
}

/** All points of the redemption have been credited. */
export class AlreadyFullyCredited extends Schema.TaggedError<AlreadyFullyCredited>()("AlreadyFullyCredited", {
  redemptionId: RedemptionId
}) {
  override get message() {
    return `redemption ${this.redemptionId} is fully credited; nothing remains`
  }
}

/** A credit of this name has been booked already, for this redemption or another one of the account. */
export class CreditExists extends Schema.TaggedError<CreditExists>()("CreditExists", {
  redemptionId: RedemptionId,
  creditId: CreditId
}) {
  override get message() {
    return (
      `redemption ${this.redemptionId} cannot get credit ${this.creditId}: this account already has a credit of that id; ` +
      "a credit is booked once, so a further one needs an id of its own"
    )
  }
}

/** Another credit of the redemption is in flight, or its outcome is not known yet. Leaves the key free. */
export class CreditInFlight extends Schema.TaggedError<CreditInFlight>()("CreditInFlight", {
  redemptionId: RedemptionId,
  creditId: CreditId
}) {
  override get message() {
    return (
      `credit ${this.creditId} of redemption ${this.redemptionId} is in flight; ` +
      "try again once its outcome is known"
    )
  }
}

/** The credit that is to be decided is not in flight. */
export class CreditNotInFlight extends Schema.TaggedError<CreditNotInFlight>()("CreditNotInFlight", {
  redemptionId: RedemptionId,
  creditId: CreditId
}) {
  override get message() {
    return `credit ${this.creditId} of redemption ${this.redemptionId} is not in flight`
  }
}

/** A named lot did not give as many points to the redemption, or they are back already. */
export class LotNotOutstanding extends Schema.TaggedError<LotNotOutstanding>()("LotNotOutstanding", {
  lotId: LotId,
  points: Points.Signed,
  outstanding: Points.Signed
}) {
  override get message() {
    return (
      `${text(this.points)} points cannot go back to lot ${this.lotId}: ` +
      `${text(this.outstanding)} of this redemption's points are still out from it`
    )
  }
}

/** A credit cannot have happened before its redemption. */
export class CreditBeforeRedemption extends Schema.TaggedError<CreditBeforeRedemption>()("CreditBeforeRedemption", {
  redemptionId: RedemptionId,
  redeemedAt: Instant.Instant,
  at: Instant.Instant
}) {
  override get message() {
    return `a credit at ${at(this.at)} is before redemption ${this.redemptionId} at ${at(this.redeemedAt)}`
  }
}

/** The program's time limit for credits has passed. */
export class CreditWindowClosed extends Schema.TaggedError<CreditWindowClosed>()("CreditWindowClosed", {
  redemptionId: RedemptionId,
  closedAt: Instant.Instant,
  at: Instant.Instant
}) {
  override get message() {
    return `redemption ${this.redemptionId} could be credited until ${at(this.closedAt)}; ${at(this.at)} is too late`
  }
}

/** The program refuses credits that would return points to expired lots. */
export class ExpiredLotsRefused extends Schema.TaggedError<ExpiredLotsRefused>()("ExpiredLotsRefused", {
  lots: Schema.Array(LotId)
}) {
  override get message() {
    return `the program's policy refuses credits to expired lots: ${this.lots.join(", ")}`
  }
}

/** Mastercard's credits endpoint takes MERCHANDISE and TRAVEL only. */
export class RedemptionTypeNotCreditable extends Schema.TaggedError<RedemptionTypeNotCreditable>()(
  "RedemptionTypeNotCreditable",
  {
    redemptionType: RedemptionType
  }
) {
  override get message() {
    return `a ${this.redemptionType} redemption cannot be credited through Mastercard; MERCHANDISE and TRAVEL can`
  }
}

/** An expiry that somebody else booked differs from what the lot held. */
export class ExpiredDiffers extends Schema.TaggedError<ExpiredDiffers>()("ExpiredDiffers", {
  lotId: LotId,
  points: Points.Signed,
  held: Points.Signed
}) {
  override get message() {
    return `lot ${this.lotId} held ${text(this.held)} points when it expired, not ${text(this.points)}`
  }
}

/** A lot that never expires, or has not yet, cannot be booked as expired. */
export class NotExpired extends Schema.TaggedError<NotExpired>()("NotExpired", { lotId: LotId }) {
  override get message() {
    return `lot ${this.lotId} has not expired by then`
  }
}

/** A program's scale is fixed once it has an event. */
export class ScaleFixed extends Schema.TaggedError<ScaleFixed>()("ScaleFixed", {
  scale: Schema.Natural,
  requested: Schema.Natural
}) {
  override get message() {
    return `the program has events with a scale of ${this.scale}; it can no longer become ${this.requested}`
  }
}

/** Every refusal, as it is remembered and answered. */
export const Refusal = Schema.Union([
  InvalidPoints,
  InvalidDates,
  UnknownLot,
  UnknownRedemption,
  LotExists,
  RedemptionExists,
  InsufficientPoints,
  LotExpired,
  LotOverdrawn,
  LotsDoNotSum,
  LotNamedTwice,
  TooManyDraws,
  ExceedsRedeemed,
  ExceedsRemaining,
  AlreadyFullyCredited,
  CreditExists,
  CreditInFlight,
  CreditNotInFlight,
  LotNotOutstanding,
  CreditBeforeRedemption,
  CreditWindowClosed,
  ExpiredLotsRefused,
  RedemptionTypeNotCreditable,
  ExpiredDiffers,
  NotExpired,
  ScaleFixed
])
export type Refusal = typeof Refusal.Type

/** The stored form of a refusal. */
export const encode = Schema.encodeSync(Refusal)

/** Reads a stored refusal; one that no version of ours wrote throws. */
export const decode = Schema.decodeUnknownSync(Refusal)

/**
 * Whether a refusal leaves its key free (law L8): another credit in flight says nothing about the command itself, and an
 * amount that no command may carry is refused like one that cannot be read.
 */
export const leavesKeyFree = (refusal: Refusal): boolean =>
  refusal._tag === "CreditInFlight" || refusal._tag === "InvalidPoints"
