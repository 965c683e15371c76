import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Aging from "../../src/aging/Aging.ts"
import * as Entry from "../../src/aging/Entry.ts"
import * as LotBalance from "../../src/aging/LotBalance.ts"
import * as Restatement from "../../src/aging/Restatement.ts"
import type { Fact } from "../../src/event/Fact.ts"
import * as Ids from "../../src/identity/Ids.ts"
import * as Zone from "../../src/time/Zone.ts"
import { earn, on, pts } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history } from "../support/History.ts"
import { sum } from "../support/Model.ts"
import { recorded, recordedAt } from "../support/Recorded.ts"

const KEY = Ids.AccountKey.make("account-key")
const POLICY = { zone: Zone.UTC, agingBoundaries: [30, 60, 90] }

/** The same instant as known after so many facts and after more of them. */
const restate = (facts: ReadonlyArray<Fact>, at: bigint, from: number, to: number) => {
  const before = LotBalance.asOf(KEY, facts.slice(0, from), at)
  const after = LotBalance.asOf(KEY, facts.slice(0, to), at)
  const lots = Restatement.restatedLots(before, after)
  const learned = Entry.ofAccount(KEY, recorded(facts.slice(0, to))).filter(
    (entry) => entry.event !== null && entry.event.recordedAt >= recordedAt(from) && entry.at <= at
  )
  return { before, after, lots, moves: Restatement.movedBy(learned, lots) }
}

const cuts = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 }), fc.nat({ max: 300 }))

describe("Restatement", () => {
  it("L11 two clocks: names for each lot that moved the events that moved it, and they add up to the move", () => {
    fc.assert(
      fc.property(history(), cuts, ({ facts, now }, [a, b, days]) => {
        const at = now - BigInt(days) * 86_400_000_000n
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const { after, before, lots, moves } = restate(facts, at, from, to)
        for (const lot of lots) {
          const ofLot = moves.filter(({ lotId }) => lotId === lot.lotId)
          expect(ofLot.length).toBeGreaterThan(0)
          expect(sum(ofLot.map((entry) => Entry.SIGN[entry.column] * entry.points))).toBe(
            lot.after.points - lot.before.points
          )
        }
        const moved = new Set(lots.map(({ lotId }) => lotId))
        const unmoved = (all: typeof before) => all.filter(({ lotId }) => !moved.has(lotId))
        expect(unmoved(after)).toEqual(unmoved(before))
        expect(moves.every(({ lotId }) => moved.has(lotId))).toBe(true)
      })
    )
  })

  it("has nothing to say of two equal states", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const { after, before, lots, moves } = restate(facts, now, facts.length, facts.length)
        expect([lots, moves]).toEqual([[], []])
        const [then, later] = [before, after].map((all) => Aging.bucketed(all, now, "age", POLICY)) as [
          Aging.Aging,
          Aging.Aging
        ]
        expect(Restatement.restatedBuckets(then, later)).toEqual([])
      })
    )
  })

  it("names a back-dated lot, its bucket, and nothing else", () => {
    const facts = append([], [earn("A", 100, "2025-01-10", null), earn("B", 50, "2025-03-01", null)])
    const late = append(facts, [earn("late", 7, "2025-01-20", null)])
    const { after, before, lots, moves } = restate(late, on("2025-04-01"), 2, 3)
    expect(lots).toMatchObject([{ lotId: "late", before: { points: 0n }, after: { points: pts(7) } }])
    expect(moves.map(({ event, lotId }) => [lotId, event?.type])).toEqual([["late", "PointsEarned"]])
    const [then, later] = [before, after].map((all) => Aging.bucketed(all, on("2025-04-01"), "age", POLICY)) as [
      Aging.Aging,
      Aging.Aging
    ]
    expect(Restatement.restatedBuckets(then, later)).toMatchObject(
      [{ bucket: "61-90", before: { points: pts(100), lots: 1 }, after: { points: pts(107), lots: 2 } }].map(
        (bucket) => ({ ...bucket })
      )
    )
  })

  it("shows buckets that only one of two policies has", () => {
    const [before, after] = [[30], [60]].map((agingBoundaries) =>
      Aging.bucketed([], on("2025-04-01"), "age", { zone: Zone.UTC, agingBoundaries })
    ) as [Aging.Aging, Aging.Aging]
    expect(
      Restatement.restatedBuckets(before, after).map((moved) => [
        moved.bucket,
        moved.before === null,
        moved.after === null
      ])
    ).toEqual([
      ["0-60", true, false],
      ["over-60", true, false],
      ["0-30", false, true],
      ["over-30", false, true]
    ])
  })
})
