/** Short ways to write commands, identifiers, amounts and instants in tests. */
import type { AccountCommand } from "../../src/account/AccountCommand.ts"
import type { CreditId, LotId, RedemptionId } from "../../src/identity/Ids.ts"
import * as Ids from "../../src/identity/Ids.ts"
import type { LotPoints } from "../../src/lot/Draw.ts"
import { UNITS_PER_POINT } from "../../src/points/Points.ts"
import type { RedemptionCommand } from "../../src/redemption/RedemptionCommand.ts"
import * as Instant from "../../src/time/Instant.ts"

type Of<C extends { readonly _tag: string }, Tag extends string> = Extract<C, { _tag: Tag }>
type Some<C extends { readonly _tag: string }, Tag extends string> = Partial<Omit<Of<C, Tag>, "_tag">>

export const lotId = (text: string): LotId => Ids.LotId.make(text)
export const redemptionId = (text: string): RedemptionId => Ids.RedemptionId.make(text)
export const creditId = (text: string): CreditId => Ids.CreditId.make(text)
export const MERCHANT = Ids.ProcessedBy.make("merchant-1")

/** Whole points. */
export const pts = (points: number): bigint => BigInt(points) * UNITS_PER_POINT

/** An instant, or the first one of a date in UTC. */
export const on = (text: string): bigint => Instant.fromStringUnsafe(text.includes("T") ? text : `${text}T00:00:00Z`)

export const lots = (...named: ReadonlyArray<readonly [string, number]>): Array<LotPoints> =>
  named.map(([lot, points]) => ({ lotId: lotId(lot), points: pts(points) }))

export const earn = (
  lot: string,
  points: number,
  earnedAt: string,
  expiresAt: string | null,
  more: Some<AccountCommand, "Earn"> = {}
): Of<AccountCommand, "Earn"> => ({
  _tag: "Earn",
  lotId: lotId(lot),
  points: pts(points),
  earnedAt: on(earnedAt),
  expiresAt: expiresAt === null ? null : on(expiresAt),
  occurredAt: on(earnedAt),
  source: null,
  ...more
})

export const adjust = (lot: string, points: number, at: string): Of<AccountCommand, "Adjust"> => ({
  _tag: "Adjust",
  lotId: lotId(lot),
  points: pts(points),
  reason: "corrected by hand",
  actor: null,
  occurredAt: on(at)
})

export const sweep = (asOf: string): Of<AccountCommand, "SweepExpired"> => ({ _tag: "SweepExpired", asOf: on(asOf) })

export const redeem = (
  redemption: string,
  points: number,
  at: string,
  more: Some<RedemptionCommand, "Redeem"> = {}
): Of<RedemptionCommand, "Redeem"> => ({
  _tag: "Redeem",
  redemptionId: redemptionId(redemption),
  points: pts(points),
  redemptionType: "MERCHANDISE",
  processedBy: MERCHANT,
  occurredAt: on(at),
  ...more
})

/** A credit of all that remains, unless points or lots are given in `more`. */
export const request = (
  redemption: string,
  credit: string,
  at: string,
  more: Some<RedemptionCommand, "RequestCredit"> = {}
): Of<RedemptionCommand, "RequestCredit"> => ({
  _tag: "RequestCredit",
  redemptionId: redemptionId(redemption),
  creditId: creditId(credit),
  occurredAt: on(at),
  ...more
})

/** A credit recorded in one step; our own of all that remains, unless `more` says otherwise. */
export const record = (
  redemption: string,
  credit: string,
  at: string,
  more: Some<RedemptionCommand, "RecordCredit"> = {}
): Of<RedemptionCommand, "RecordCredit"> => ({
  _tag: "RecordCredit",
  redemptionId: redemptionId(redemption),
  creditId: creditId(credit),
  origin: "ours",
  mastercard: null,
  occurredAt: on(at),
  ...more
})

export const confirm = (redemption: string, credit: string): Of<RedemptionCommand, "ConfirmCredit"> => ({
  _tag: "ConfirmCredit",
  redemptionId: redemptionId(redemption),
  creditId: creditId(credit),
  mastercard: null
})

export const decline = (redemption: string, credit: string, at: string): Of<RedemptionCommand, "DeclineCredit"> => ({
  _tag: "DeclineCredit",
  redemptionId: redemptionId(redemption),
  creditId: creditId(credit),
  reasons: [{ source: "Mastercard", reasonCode: "DECLINED", description: "no" }],
  occurredAt: on(at)
})

export const unknown = (
  redemption: string,
  credit: string,
  at: string
): Of<RedemptionCommand, "MarkCreditUnknown"> => ({
  _tag: "MarkCreditUnknown",
  redemptionId: redemptionId(redemption),
  creditId: creditId(credit),
  cause: "timeout",
  occurredAt: on(at)
})
