import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { redemptionTimeline } from "../../src/timeline/RedemptionTimeline.ts"
import { confirm, decline, earn, on, pts, record, redeem, redemptionId, request, unknown } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf } from "../support/History.ts"
import { originOf, redemptionsOf, sum } from "../support/Model.ts"
import { recorded, recordedAt } from "../support/Recording.ts"

describe("redemptionTimeline", () => {
  it("ends with what was credited and remains, lot by lot", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        for (const model of redemptionsOf(facts).values()) {
          const timeline = redemptionTimeline(model.redemptionId, recorded(facts), { asOf: now, knownAt: null })!
          expect(timeline).toMatchObject({
            points: model.points,
            credited: model.credited,
            remaining: model.points - model.credited,
            redeemedAt: model.at
          })
          const back = model.credits.flatMap(({ event }) => event.restorations)
          for (const { lotId, points, restored } of timeline.draws) {
            const ofLot = back.filter((restoration) => originOf(restoration) === lotId)
            for (const fate of ["live", "expired", "extended"] as const) {
              expect(restored[fate]).toBe(sum(ofLot.filter((r) => r.fate === fate).map((r) => r.points)))
            }
            expect(sum(Object.values(restored))).toBeLessThanOrEqual(points)
          }
          expect(timeline.steps.every(({ remaining }) => remaining >= 0n)).toBe(true)
        }
      })
    )
  })

  it("L11 two clocks: as known at K it is what the facts up to K tell, whatever was recorded later", () => {
    fc.assert(
      fc.property(history(), fc.nat(), ({ facts, now }, cut) => {
        const known = cut % (facts.length + 1)
        const clocks = { asOf: now, knownAt: known === 0 ? recordedAt(0) - 1n : recordedAt(known - 1) }
        for (const id of redemptionsOf(facts).keys()) {
          expect(redemptionTimeline(id, recorded(facts), clocks)).toEqual(
            redemptionTimeline(id, recorded(facts.slice(0, known)), clocks)
          )
        }
      })
    )
  })

  const facts = append(
    [],
    [
      earn("A", 100, "2025-01-10", "2026-01-10"),
      earn("B", 100, "2025-03-10", "2026-03-10"),
      redeem("R1", 150, "2025-12-01"),
      request("R1", "c1", "2026-01-05", { points: pts(70) }),
      unknown("R1", "c1", "2026-01-06"),
      confirm("R1", "c1"),
      request("R1", "c2", "2026-01-12", { points: pts(10) }),
      decline("R1", "c2", "2026-01-13"),
      record("R1", "c3", "2026-02-01")
    ],
    policyOf({ _tag: "Extend", days: 10 })
  )
  const told = (asOf: string, knownAt: bigint | null = null) =>
    redemptionTimeline(redemptionId("R1"), recorded(facts), { asOf: on(asOf), knownAt })

  it("tells every credit from its request to its outcome", () => {
    const timeline = told("2026-03-01")!
    expect(timeline.steps.map(({ _tag, remaining }) => [_tag, remaining / pts(1)])).toEqual([
      ["Redeemed", 150n],
      ["CreditRequested", 150n],
      ["CreditOutcomeUnknown", 150n],
      ["PartiallyCredited", 80n],
      ["CreditRequested", 80n],
      ["CreditDeclined", 80n],
      ["FullyCredited", 0n]
    ])
    expect(timeline.draws.map(({ lotId, points, restored }) => [lotId, points, restored])).toEqual([
      ["A", pts(100), { live: pts(20), expired: 0n, extended: pts(80) }],
      ["B", pts(50), { live: pts(50), expired: 0n, extended: 0n }]
    ])
    expect(timeline.steps[2]).toMatchObject({ cause: "timeout", recordedAt: recordedAt(4), policyVersion: null })
    expect(timeline.steps[3]).toMatchObject({ occurredAt: on("2026-01-05"), policyVersion: 0, mastercard: null })
    expect(timeline.steps[5]).toMatchObject({ reasons: [{ reasonCode: "DECLINED" }] })
  })

  it("is there from the redemption on, on both clocks", () => {
    expect(told("2025-11-30")).toBeNull()
    expect(told("2025-12-01")!.steps).toHaveLength(1)
    expect(told("2026-03-01", recordedAt(1))).toBeNull()
    expect(told("2026-03-01", recordedAt(2))).toMatchObject({ credited: 0n, remaining: pts(150) })
    expect(
      redemptionTimeline(redemptionId("other"), recorded(facts), { asOf: on("2026-03-01"), knownAt: null })
    ).toBeNull()
  })
})
