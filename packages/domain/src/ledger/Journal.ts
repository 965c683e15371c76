/**
 * The double-entry journal, derived from events by one pure function: at most one entry per event.
 *
 * An entry is a list of postings, and a posting moves an amount from the ledger account that it debits to the one that
 * it credits. An entry therefore balances by its form; an unbalanced one cannot be written down (law L5).
 *
 * @see semantics, section 6
 */
import { Schema } from "effect"
import type { AccountEvent } from "../account/AccountEvent.ts"
import type { Event, Fact } from "../event/Fact.ts"
import type { LotId, RedemptionId } from "../identity/Ids.ts"
import { drawnLot } from "../lot/Restoration.ts"
import type { Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type { Credited } from "../redemption/RedemptionEvent.ts"

/**
 * The ledger accounts. `lot` is one per lot and `redeemed` one per redemption: what a lot holds, and what is
 * outstanding of a redemption, is what was credited to them less what was debited.
 */
export const LedgerAccount = Schema.Literals([
  "issued",
  "adjustments",
  "lot",
  "redeemed",
  "expiredByTime",
  "expiredOnReversal"
])
export type LedgerAccount = typeof LedgerAccount.Type

/** Moves points from one ledger account to another. */
export interface Posting {
  readonly debit: LedgerAccount
  readonly credit: LedgerAccount
  /** The lot on the side that is a lot; every posting has exactly one. */
  readonly lotId: LotId
  /** The redemption on the side that is `redeemed`; the one that was reversed for `expiredOnReversal`; else null. */
  readonly redemptionId: RedemptionId | null
  /** Always above zero. */
  readonly points: Points.Points
}

/** The entry of a fact; empty where it moves no points. */
export const entry = ({ event, stream }: Fact): ReadonlyArray<Posting> =>
  stream._tag === "Account" ? accountEntry(event as AccountEvent) : redemptionEntry(event, stream.redemptionId)

const accountEntry = (event: AccountEvent): ReadonlyArray<Posting> => {
  switch (event._tag) {
    case "PointsEarned":
      return [posting("issued", "lot", event.lotId, event.points)]
    case "PointsAdjusted":
      return [signed("adjustments", "lot", event.lotId, event.points)]
    case "PointsExpired":
      return [signed("lot", "expiredByTime", event.lotId, event.points)]
    case "AccountAliased":
      return []
  }
}

const redemptionEntry = (event: Event, redemptionId: RedemptionId): ReadonlyArray<Posting> => {
  switch (event._tag) {
    case "Redeemed":
      return event.draws.map((draw) => posting("lot", "redeemed", draw.lotId, draw.points, redemptionId))
    case "PartiallyCredited":
    case "FullyCredited":
      return creditEntry(event, redemptionId)
    default:
      return []
  }
}

const creditEntry = (event: Credited, redemptionId: RedemptionId): ReadonlyArray<Posting> =>
  event.restorations.flatMap((restoration) => restore(restoration, redemptionId))

const restore = (restoration: Restoration, redemptionId: RedemptionId): ReadonlyArray<Posting> => {
  const { fate, lotId, points } = restoration
  const back = posting("redeemed", "lot", lotId, points, redemptionId)
  return fate === "expired"
    ? [back, posting("lot", "expiredOnReversal", drawnLot(restoration), points, redemptionId)]
    : [back]
}

const signed = (debit: LedgerAccount, credit: LedgerAccount, lotId: LotId, points: Points.Points): Posting =>
  points > 0n ? posting(debit, credit, lotId, points) : posting(credit, debit, lotId, -points)

const posting = (
  debit: LedgerAccount,
  credit: LedgerAccount,
  lotId: LotId,
  points: Points.Points,
  redemptionId: RedemptionId | null = null
): Posting => ({ debit, credit, lotId, redemptionId, points })

/** What a ledger account gained by a posting: its credit less its debit. */
export const effectOn = (account: LedgerAccount, posting: Posting): Points.Points =>
  (posting.credit === account ? posting.points : 0n) - (posting.debit === account ? posting.points : 0n)
