/**
 * What the lots of accounts held as of an instant, folded from facts. The SQL that answers the same question at scale
 * is held against this fold by tests.
 *
 * @see semantics, section 8
 */
import { HashMap } from "effect"
import type { Fact } from "../event/Fact.ts"
import * as Account from "../account/Account.ts"
import type { AccountKey, LotId } from "../identity/Ids.ts"
import { compare } from "../identity/Ids.ts"
import * as Lots from "../lot/Lots.ts"
import * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"

/** A lot that holds live points. */
export interface LotBalance {
  readonly account: AccountKey
  readonly lotId: LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  readonly points: Points.Points
  /** How much of it credits put back live up to then; at most `points`. */
  readonly restored: Points.Points
}

/** The lots of one account that held live points as of an instant, in draw order; from facts in the order of the log. */
export const asOf = (
  account: AccountKey,
  facts: ReadonlyArray<Fact>,
  at: Instant.Instant
): ReadonlyArray<LotBalance> => {
  const happened = facts.filter((fact) => fact.occurredAt <= at)
  const restored = restoredByLot(happened)
  const lots = happened.reduce(Account.evolveLots, Lots.empty)
  return Array.from(HashMap.values(lots.byId))
    .map((lot) => {
      const points = Lots.liveAt(lot, at)
      return {
        account,
        lotId: lot.lotId,
        earnedAt: lot.earnedAt,
        expiresAt: lot.expiresAt,
        points,
        restored: Points.min(restored.get(lot.lotId) ?? 0n, points)
      }
    })
    .filter((lot) => lot.points > 0n)
    .sort(Lots.compareForDraw)
}

/** Accounts in their order, then draw order within each: how lists of lots are shown. */
export const compareForDisplay = (a: LotBalance, b: LotBalance): number =>
  compare(a.account, b.account) || Lots.compareForDraw(a, b)

const restoredByLot = (facts: ReadonlyArray<Fact>): ReadonlyMap<LotId, Points.Points> => {
  const restored = new Map<LotId, Points.Points>()
  for (const { event } of facts) {
    if (event._tag !== "PartiallyCredited" && event._tag !== "FullyCredited") continue
    for (const { fate, lotId, points } of event.restorations) {
      if (fate !== "expired") restored.set(lotId, (restored.get(lotId) ?? 0n) + points)
    }
  }
  return restored
}
