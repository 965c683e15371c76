/** What can be asked of a redemption. Time, ids and amounts come in with the command; nothing is read from a clock. */
import type { CreditId, ProcessedBy, RedemptionId } from "../identity/Ids.ts"
import type { LotPoints } from "../lot/Draw.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import type { DeclineReason, MastercardAnswer, RedemptionType, Settlement, UnknownCause } from "./RedemptionEvent.ts"

/** Spend points. Lots are chosen by policy unless `draws` names them. */
export interface Redeem {
  readonly _tag: "Redeem"
  readonly redemptionId: RedemptionId
  readonly points: Points.Points
  readonly draws?: ReadonlyArray<LotPoints> | undefined
  readonly redemptionType: RedemptionType
  readonly processedBy: ProcessedBy
  readonly occurredAt: Instant.Instant
}

interface Credit {
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  /** All that remains where neither points nor lots are given. */
  readonly points?: Points.Points | undefined
  readonly lots?: ReadonlyArray<LotPoints> | undefined
  readonly occurredAt: Instant.Instant
}

/** Decide a credit that Mastercard is about to be asked for; its points are held from now on. */
export interface RequestCredit extends Credit {
  readonly _tag: "RequestCredit"
}

/**
 * Record a credit in one step: our own without a call, or one that Mastercard made and that is not in flight here.
 *
 * Facts that come from Mastercard are booked whatever the policy would refuse us, with its digits, and beside a credit
 * of ours in flight, as long as law L1 holds.
 */
export interface RecordCredit extends Credit {
  readonly _tag: "RecordCredit"
  readonly origin: "ours" | "mastercard"
  readonly mastercard: MastercardAnswer | null
  readonly settlement?: Settlement | undefined
}

/** Mastercard made the credit: book it as it was planned. */
export interface ConfirmCredit {
  readonly _tag: "ConfirmCredit"
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  readonly mastercard: MastercardAnswer | null
  /** Given where not the call's own answer told so. */
  readonly settlement?: Settlement | undefined
}

/** The credit certainly did not happen: release what it holds. */
export interface DeclineCredit {
  readonly _tag: "DeclineCredit"
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  readonly reasons: ReadonlyArray<DeclineReason>
  readonly occurredAt: Instant.Instant
}

/**
 * A credit whose outcome was unknown certainly did not happen, and is to be asked for once more: release what it holds and
 * hold it again, as it was planned, so that nothing comes in between.
 */
export interface RepeatCredit {
  readonly _tag: "RepeatCredit"
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  readonly reasons: ReadonlyArray<DeclineReason>
  /** When it became certain; the credit's own instant stays what it was. */
  readonly occurredAt: Instant.Instant
}

/** Nobody knows whether the credit happened: keep what it holds. */
export interface MarkCreditUnknown {
  readonly _tag: "MarkCreditUnknown"
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  readonly cause: UnknownCause
  /** The answer that cannot be true, where there was one. */
  readonly mastercard?: MastercardAnswer | undefined
  readonly occurredAt: Instant.Instant
}

/** What a redemption can be told to do. Instants, ids and the policy come in with the command. */
export type RedemptionCommand =
  | Redeem
  | RequestCredit
  | RecordCredit
  | ConfirmCredit
  | DeclineCredit
  | RepeatCredit
  | MarkCreditUnknown
