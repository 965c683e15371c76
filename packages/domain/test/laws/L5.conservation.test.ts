import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import type { LedgerAccount, Posting } from "../../src/ledger/Journal.ts"
import * as Journal from "../../src/ledger/Journal.ts"
import { history } from "../support/History.ts"
import { lotBalances, totals } from "../support/Ledger.ts"
import {
  EVER,
  expiredOnReversal,
  heldAt,
  isCredited,
  liveAt,
  lotsOf,
  originOf,
  redemptionsOf,
  sum
} from "../support/Model.ts"

const granted = (facts: ReadonlyArray<Fact>, tag: "PointsEarned" | "PointsAdjusted"): bigint =>
  sum(facts.flatMap(({ event }) => (event._tag === tag ? [event.points] : [])))

const outstanding = (facts: ReadonlyArray<Fact>): bigint =>
  sum(Array.from(redemptionsOf(facts).values(), ({ credited, points }) => points - credited))

/** What each lot holds in the books: what it holds less what the sweep booked as expired. */
const unbooked = (facts: ReadonlyArray<Fact>): Map<string, bigint> => {
  const held = new Map<string, bigint>(heldAt(facts, EVER))
  for (const { event } of facts) {
    if (event._tag === "PointsExpired") held.set(event.lotId, (held.get(event.lotId) ?? 0n) - event.points)
  }
  return held
}

/** The table of semantics, section 6, written down a second time: debit, credit, lot, points. */
type Row = readonly [LedgerAccount, LedgerAccount, string, bigint]

const signed = (debit: LedgerAccount, credit: LedgerAccount, lot: string, points: bigint): Array<Row> =>
  points < 0n ? [[credit, debit, lot, -points]] : [[debit, credit, lot, points]]

const expectedRows = ({ event }: Fact): Array<Row> => {
  if (event._tag === "PointsEarned") return [["issued", "lot", event.lotId, event.points]]
  if (event._tag === "PointsAdjusted") return signed("adjustments", "lot", event.lotId, event.points)
  if (event._tag === "PointsExpired") return signed("lot", "expiredByTime", event.lotId, event.points)
  if (event._tag === "Redeemed") return event.draws.map((draw) => ["lot", "redeemed", draw.lotId, draw.points])
  if (!isCredited(event)) return []
  return event.restorations.flatMap((r): Array<Row> => [
    ["redeemed", "lot", r.lotId, r.points],
    ...(r.fate === "expired" ? [["lot", "expiredOnReversal", originOf(r), r.points] as const] : [])
  ])
}

const row = ({ credit, debit, lotId, points }: Posting): Row => [debit, credit, lotId, points]

describe("L5 conservation", () => {
  it("L5 conservation: every entry sums to zero, moves points above zero, and is the one of the table", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const fact of facts) {
          const entry = Journal.entry(fact)
          expect(entry.map(row)).toEqual(expectedRows(fact))
          expect(entry.every(({ credit, debit, points }) => points > 0n && debit !== credit)).toBe(true)
          const effects = entry.flatMap((posting) =>
            Journal.LedgerAccount.literals.map((account) => Journal.effectOn(account, posting))
          )
          expect(sum(effects)).toBe(0n)
        }
      })
    )
  })

  it("L5 conservation: postings of redemptions name theirs, postings of the account name none", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const fact of facts) {
          const expected = fact.stream._tag === "Redemption" ? fact.stream.redemptionId : null
          expect(Journal.entry(fact).every(({ redemptionId }) => redemptionId === expected)).toBe(true)
        }
      })
    )
  })

  it("L5 conservation: earned + adjusted = held in lots + outstanding redeemed + expired, in the journal at every prefix", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (let length = 0; length <= facts.length; length++) {
          const known = facts.slice(0, length)
          const books = totals(known)
          const of = (account: LedgerAccount) => books.get(account) ?? 0n
          expect(-of("issued")).toBe(granted(known, "PointsEarned"))
          expect(-of("adjustments")).toBe(granted(known, "PointsAdjusted"))
          expect(of("redeemed")).toBe(outstanding(known))
          expect(of("expiredOnReversal")).toBe(expiredOnReversal(known))
          expect(-of("issued") - of("adjustments")).toBe(
            of("lot") + of("redeemed") + of("expiredByTime") + of("expiredOnReversal")
          )
        }
      })
    )
  })

  it("L5 conservation: earned + adjusted = live + outstanding + expired, as they are at any instant, swept or not", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const lots = lotsOf(facts)
        const expired = sum(
          Array.from(heldAt(facts, now)).flatMap(([lotId, points]) => {
            const expiresAt = lots.get(lotId)?.expiresAt ?? null
            return expiresAt !== null && expiresAt <= now ? [points] : []
          })
        )
        expect(granted(facts, "PointsEarned") + granted(facts, "PointsAdjusted")).toBe(
          sum(liveAt(facts, now).values()) + outstanding(facts) + expired + expiredOnReversal(facts)
        )
      })
    )
  })

  it("L5 conservation: a lot's ledger account holds what the lot holds less what is booked as expired", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const books = lotBalances(facts)
        for (const [lotId, points] of unbooked(facts)) expect(books.get(lotId) ?? 0n).toBe(points)
      })
    )
  })
})
