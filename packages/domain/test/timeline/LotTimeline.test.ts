import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lotTimeline } from "../../src/timeline/LotTimeline.ts"
import type { LotStep } from "../../src/timeline/LotTimeline.ts"
import { adjust, earn, lotId, on, pts, record, redeem, sweep } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf } from "../support/History.ts"
import { liveAt, lotsOf } from "../support/Model.ts"
import { instantsAround, recorded, recordedAt } from "../support/Recording.ts"

describe("lotTimeline", () => {
  it("ends with what the lot holds live, for every lot and every instant that matters", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const lots = lotsOf(facts)
        for (const asOf of instantsAround(facts, lots.values())) {
          const live = liveAt(facts, asOf)
          for (const { earnedAt, expiresAt, lotId: id, openedAt } of lots.values()) {
            const timeline = lotTimeline(id, recorded(facts), { asOf, knownAt: null })
            if (openedAt > asOf) {
              expect(timeline).toBeNull()
              continue
            }
            expect(timeline).toMatchObject({ lotId: id, earnedAt, expiresAt, holds: live.get(id) ?? 0n })
            const times = timeline!.steps.map(({ occurredAt }) => occurredAt)
            expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)))
            expect(timeline!.steps.every(({ holds }) => holds >= 0n)).toBe(true)
          }
        }
      })
    )
  })

  it("L11 two clocks: as known at K it is what the facts up to K tell, whatever was recorded later", () => {
    fc.assert(
      fc.property(history(), fc.nat(), ({ facts, now }, cut) => {
        const known = cut % (facts.length + 1)
        const clocks = { asOf: now, knownAt: known === 0 ? recordedAt(0) - 1n : recordedAt(known - 1) }
        for (const id of lotsOf(facts).keys()) {
          expect(lotTimeline(id, recorded(facts), clocks)).toEqual(
            lotTimeline(id, recorded(facts.slice(0, known)), clocks)
          )
        }
      })
    )
  })

  it("lists what was booked of an expiry beside what expired, and they are the same once all is swept", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const end = now + 400n * 86_400_000_000n
        for (const id of lotsOf(facts).keys()) {
          const steps = lotTimeline(id, recorded(facts), { asOf: end, knownAt: null })!.steps
          const booked = facts.flatMap(({ event }) =>
            event._tag === "PointsExpired" && event.lotId === id ? [event.points] : []
          )
          const expired = steps.filter((step) => step._tag === "Expired")
          expect(expired.flatMap(({ bookings }) => bookings.map(({ points }) => points))).toEqual(booked)
          const total = booked.reduce((sum, points) => sum + points, 0n)
          if (booked.length > 0) expect(expired[0]!.points).toBe(total)
        }
      })
    )
  })

  const brief = (steps: ReadonlyArray<LotStep>) =>
    steps.map((step) => {
      const detail = step._tag === "Restored" ? ` ${step.fate} ${step.creditId}` : ""
      return `${step._tag}${detail} ${step.points / pts(1)} holds ${step.holds / pts(1)}`
    })

  const scenario = append(
    [],
    [
      earn("A", 100, "2025-01-10", "2026-01-10", { source: "spring campaign" }),
      earn("B", 100, "2025-03-10", "2026-03-10"),
      redeem("R1", 150, "2025-12-01"),
      record("R1", "c1", "2026-01-20", { points: pts(70) }),
      record("R1", "c2", "2026-02-01"),
      sweep("2026-04-01")
    ]
  )
  const told = (lot: string, asOf: string, knownAt: bigint | null = null) =>
    lotTimeline(lotId(lot), recorded(scenario, "job"), { asOf: on(asOf), knownAt })

  it("tells the reference scenario", () => {
    expect(brief(told("A", "2026-04-01")!.steps)).toEqual([
      "Earned 100 holds 100",
      "Drawn 100 holds 0",
      "Expired 0 holds 0",
      "Restored expired c1 20 holds 0",
      "Restored expired c2 80 holds 0"
    ])
    expect(brief(told("B", "2026-04-01")!.steps)).toEqual([
      "Earned 100 holds 100",
      "Drawn 50 holds 50",
      "Restored live c1 50 holds 100",
      "Expired 100 holds 0"
    ])
    expect(told("A", "2025-01-10")!.steps[0]).toEqual({
      _tag: "Earned",
      points: pts(100),
      source: "spring campaign",
      occurredAt: on("2025-01-10"),
      recordedAt: recordedAt(0),
      eventId: "event-1",
      actor: "job",
      policyVersion: null,
      holds: pts(100)
    })
    expect(told("B", "2026-04-01")!.steps[2]).toMatchObject({
      redemptionId: "R1",
      from: null,
      into: null,
      occurredAt: on("2026-01-20"),
      recordedAt: recordedAt(3),
      eventId: "event-4",
      policyVersion: 0
    })
  })

  it("has the expiry from its instant on, booked or not", () => {
    expect(brief(told("B", "2026-03-09")!.steps).at(-1)).toBe("Restored live c1 50 holds 100")
    const unbooked = told("B", "2026-03-10", recordedAt(4))!.steps.at(-1)
    expect(unbooked).toEqual({
      _tag: "Expired",
      points: pts(100),
      occurredAt: on("2026-03-10"),
      bookings: [],
      holds: 0n
    })
    expect(told("B", "2026-03-10")!.steps.at(-1)).toMatchObject({
      bookings: [{ points: pts(100), recordedAt: recordedAt(5), eventId: "event-6", actor: "job" }]
    })
  })

  it("leads from a lot to the one that its points were extended into, and back", () => {
    const facts = append(
      [],
      [
        earn("old", 40, "2025-01-01", "2025-06-01"),
        redeem("R", 30, "2025-02-01"),
        adjust("old", -5, "2025-03-01"),
        record("R", "late", "2025-07-01")
      ],
      policyOf({ _tag: "Extend", days: 10 })
    )
    const of = (lot: string) => lotTimeline(lotId(lot), recorded(facts), { asOf: on("2025-08-01"), knownAt: null })!
    expect(brief(of("old").steps)).toEqual([
      "Earned 40 holds 40",
      "Drawn 30 holds 10",
      "Adjusted -5 holds 5",
      "Expired 5 holds 0",
      "Restored extended late 30 holds 0"
    ])
    expect(of("old").steps.at(-1)).toMatchObject({ from: null, into: "extended:late:1" })
    expect(brief(of("extended:late:1").steps)).toEqual(["Restored extended late 30 holds 30", "Expired 30 holds 0"])
    expect(of("extended:late:1")).toMatchObject({ earnedAt: on("2025-01-01"), expiresAt: on("2025-07-11") })
    expect(of("extended:late:1").steps[0]).toMatchObject({ from: "old", into: null })
  })
})
