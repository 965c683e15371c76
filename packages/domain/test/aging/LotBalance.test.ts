import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import * as LotBalance from "../../src/aging/LotBalance.ts"
import * as Ids from "../../src/identity/Ids.ts"
import { adjust, earn, on, pts, record, redeem, sweep } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf } from "../support/History.ts"
import { add, isCredited, liveAt, lotsOf } from "../support/Model.ts"

const KEY = Ids.AccountKey.make("account-key")

/** What credits put back live into each lot up to an instant. */
const restoredUpTo = (facts: ReadonlyArray<Fact>, at: bigint): Map<string, bigint> => {
  const restored = new Map<string, bigint>()
  for (const { event, occurredAt } of facts) {
    if (!isCredited(event) || occurredAt > at) continue
    for (const { fate, lotId, points } of event.restorations) {
      if (fate !== "expired") add(restored, lotId, points)
    }
  }
  return restored
}

const instants = (facts: ReadonlyArray<Fact>): Array<bigint> => {
  const ends = Array.from(lotsOf(facts).values()).flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt]))
  return [...facts.map(({ occurredAt }) => occurredAt), ...ends].flatMap((at) => [at - 1n, at])
}

describe("LotBalance.asOf", () => {
  it("is what the movements up to then add up to, for every instant that matters", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const lots = lotsOf(facts)
        for (const at of instants(facts)) {
          const live = liveAt(facts, at)
          const restored = restoredUpTo(facts, at)
          const balances = LotBalance.asOf(KEY, facts, at)
          expect(new Map(balances.map(({ lotId, points }) => [lotId, points]))).toEqual(live)
          for (const balance of balances) {
            const { earnedAt, expiresAt } = lots.get(balance.lotId)!
            const back = restored.get(balance.lotId) ?? 0n
            expect(balance).toEqual({
              account: KEY,
              lotId: balance.lotId,
              earnedAt,
              expiresAt,
              points: balance.points,
              restored: back < balance.points ? back : balance.points
            })
          }
        }
      })
    )
  })

  it("does not depend on what the sweep has booked", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const unswept = facts.filter(({ event }) => event._tag !== "PointsExpired")
        expect(LotBalance.asOf(KEY, unswept, now)).toEqual(LotBalance.asOf(KEY, facts, now))
      })
    )
  })

  const facts = append(
    [],
    [
      earn("b", 30, "2025-01-01", "2025-06-01"),
      earn("a", 20, "2025-01-01", "2025-06-01"),
      earn("never", 5, "2024-01-01", null),
      redeem("r", 50, "2025-02-01"),
      record("r", "c", "2025-03-01", { points: pts(25) }),
      sweep("2025-07-01"),
      record("r", "late", "2025-07-02")
    ],
    policyOf({ _tag: "Extend", days: 10 })
  )
  const at = (date: string) => LotBalance.asOf(KEY, facts, on(date)).map((lot) => [lot.lotId, lot.points, lot.restored])

  it("lists lots in draw order, without those that hold nothing or have expired", () => {
    expect(at("2025-01-31")).toEqual([
      ["a", pts(20), 0n],
      ["b", pts(30), 0n],
      ["never", pts(5), 0n]
    ])
    expect(at("2025-02-01")).toEqual([["never", pts(5), 0n]])
    expect(at("2025-03-01")).toEqual([
      ["b", pts(25), pts(25)],
      ["never", pts(5), 0n]
    ])
    expect(at("2025-06-01")).toEqual([["never", pts(5), 0n]])
    expect(at("2025-07-02")).toEqual([
      ["extended:late:1", pts(20), pts(20)],
      ["extended:late:2", pts(5), pts(5)],
      ["never", pts(5), 0n]
    ])
    expect(at("2025-07-12")).toEqual([["never", pts(5), 0n]])
  })

  it("counts as restored at most what a lot holds", () => {
    const spent = append(facts, [adjust("b", -15, "2025-04-01")])
    expect(LotBalance.asOf(KEY, spent, on("2025-04-01"))[0]).toMatchObject({ points: pts(10), restored: pts(10) })
  })

  it("shows lists by account, then in draw order", () => {
    const other = Ids.AccountKey.make("another")
    const mixed = [...LotBalance.asOf(KEY, facts, on("2025-01-31")), ...LotBalance.asOf(other, facts, on("2025-01-31"))]
    expect(mixed.sort(LotBalance.compareForDisplay).map(({ account, lotId }) => `${account} ${lotId}`)).toEqual([
      "account-key a",
      "account-key b",
      "account-key never",
      "another a",
      "another b",
      "another never"
    ])
  })
})
