/**
 * The events of a redemption stream.
 *
 * @see semantics, section 3
 */
import { Schema } from "effect"
import { CreditId, ProcessedBy, RedemptionId } from "../identity/Ids.ts"
import { Note } from "../identity/Text.ts"
import { Draw } from "../lot/Draw.ts"
import { Restoration } from "../lot/Restoration.ts"
import * as Points from "../points/Points.ts"

/** What points were redeemed for. CASHBACK cannot be credited through Mastercard's credits endpoint. */
export const RedemptionType = Schema.Literals(["MERCHANDISE", "TRAVEL", "CASHBACK"])
export type RedemptionType = typeof RedemptionType.Type

/** `full` asks for all that remains and was given without an amount; `partial` asks for an amount. */
export const CreditMode = Schema.Literals(["full", "partial"])
export type CreditMode = typeof CreditMode.Type

/** What Mastercard answered to a credit, its numbers as exact decimal strings. */
export const MastercardAnswer = Schema.Struct({
  pointBalance: Schema.String,
  /** Mastercard's own `partialCreditPointBalRemain`, which only partial credits carry. */
  remaining: Schema.NullOr(Schema.String),
  programName: Schema.String,
  id: Schema.String
})
export type MastercardAnswer = typeof MastercardAnswer.Type

/** One reason of a refusal, as it came. */
export const DeclineReason = Schema.Struct({
  source: Schema.String,
  reasonCode: Schema.String,
  description: Schema.String
})
export type DeclineReason = typeof DeclineReason.Type

/** Why the outcome of a credit is not known. */
export const UnknownCause = Schema.Literals([
  "timeout",
  "connectionLost",
  "serverError",
  "unreadableAnswer",
  "contradiction",
  "crash"
])
export type UnknownCause = typeof UnknownCause.Type

/**
 * How an outcome that the call itself left open came to be known: by what Mastercard lists, or by a person's decision.
 *
 * @see semantics, section 7 step 4
 */
export const Settlement = Schema.Struct({
  by: Schema.Literals(["history", "person"]),
  /** Mastercard's id of the entry that shows the credit; null where nothing was named. */
  reference: Schema.NullOr(Schema.String),
  /** Why a person decided so; null where the history spoke for itself. */
  reason: Schema.NullOr(Note)
})
export type Settlement = typeof Settlement.Type

const credited = {
  creditId: CreditId,
  points: Points.Positive,
  mode: CreditMode,
  restorations: Schema.Array(Restoration),
  /** Redeemed points that are still to be credited after this event. */
  remaining: Points.NonNegative,
  policyVersion: Schema.Natural,
  /** Null where the credit was recorded without a call, or where its answer was lost. */
  mastercard: Schema.NullOr(MastercardAnswer),
  /** Only where the call's own answer did not tell. */
  settlement: Schema.optionalKey(Settlement)
}

/**
 * What happened to a redemption, from `Redeemed` to `FullyCredited`. Stored, so its shape only grows.
 *
 * @see semantics, section 3
 */
export const RedemptionEvent = Schema.TaggedUnion({
  /** Points were spent. Draws stand in draw order and are never chosen again. */
  Redeemed: {
    redemptionId: RedemptionId,
    points: Points.Positive,
    draws: Schema.Array(Draw),
    redemptionType: RedemptionType,
    processedBy: ProcessedBy,
    policyVersion: Schema.Natural
  },
  /** A credit was decided and is about to be asked for: lots and fates are fixed here, once. Holds its points. */
  CreditRequested: {
    creditId: CreditId,
    points: Points.Positive,
    mode: CreditMode,
    restorations: Schema.Array(Restoration),
    policyVersion: Schema.Natural
  },
  /** Points came back and some remain. */
  PartiallyCredited: credited,
  /** The last credit of the redemption; nothing remains and nothing follows. */
  FullyCredited: credited,
  /** The credit certainly did not happen; its hold is released. */
  CreditDeclined: {
    creditId: CreditId,
    reasons: Schema.Array(DeclineReason)
  },
  /** Nobody can say yet whether the credit happened; its hold stays. */
  CreditOutcomeUnknown: {
    creditId: CreditId,
    cause: UnknownCause,
    /** The answer that contradicts what it answers to; only with the cause `contradiction`. */
    mastercard: Schema.optionalKey(MastercardAnswer)
  }
})
export type RedemptionEvent = typeof RedemptionEvent.Type

/** An event that put points back. */
export type Credited = Extract<RedemptionEvent, { _tag: "PartiallyCredited" | "FullyCredited" }>
