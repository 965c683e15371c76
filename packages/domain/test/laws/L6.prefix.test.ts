import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import { history } from "../support/History.ts"
import { outstandingOf, redemptionsOf } from "../support/Model.ts"

/** The first points of a redemption's draws, lot by lot. */
const firstOf = (draws: ReadonlyArray<{ readonly lotId: string; readonly points: bigint }>, points: bigint) => {
  let left = points
  return draws.map((draw) => {
    const part = draw.points < left ? draw.points : left
    left -= part
    return [draw.lotId, part] as const
  })
}

/** Redemptions of which a credit named its lots. */
const named = (steps: ReadonlyArray<{ readonly command: object }>): Set<unknown> =>
  new Set(
    steps.flatMap(({ command }) =>
      "lots" in command && command.lots !== undefined && "redemptionId" in command ? [command.redemptionId] : []
    )
  )

const compareForDraw = (a: Draw, b: Draw): number => {
  const end = (draw: Draw) => draw.expiresAt ?? 1n << 62n
  if (end(a) !== end(b)) return end(a) < end(b) ? -1 : 1
  if (a.earnedAt !== b.earnedAt) return a.earnedAt < b.earnedAt ? -1 : 1
  return a.lotId < b.lotId ? -1 : 1
}

type Draw = Extract<Fact["event"], { _tag: "Redeemed" }>["draws"][number]

describe("L6 prefix", () => {
  it("L6 prefix: after k of n points the outstanding points are the first n − k of the draws, at every prefix", () => {
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        const byName = named(steps)
        for (let length = 1; length <= facts.length; length++) {
          for (const redemption of redemptionsOf(facts.slice(0, length)).values()) {
            if (byName.has(redemption.redemptionId) || redemption.besideHeld) continue
            const { credited, draws, points } = redemption
            expect(outstandingOf(redemption)).toEqual(firstOf(draws, points - credited))
          }
        }
      })
    )
  })

  // What is in flight was planned once and is planned never again, so where it is released after Mastercard made another
  // credit beside it, the points that it held come back out of order: L6 speaks of what nobody holds.
  it("L6 prefix: a credit of Mastercard's beside one in flight leaves the first of the draws that neither takes", () => {
    let beside = 0
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        const byName = named(steps)
        const released = new Set<unknown>()
        for (let length = 1; length <= facts.length; length++) {
          const { event, stream } = facts[length - 1] as Fact
          const redemptions = redemptionsOf(facts.slice(0, length))
          if (event._tag === "CreditDeclined" && stream._tag === "Redemption") released.add(stream.redemptionId)
          for (const redemption of redemptions.values()) {
            const { credited, draws, pending, points, redemptionId } = redemption
            if (byName.has(redemptionId) || released.has(redemptionId)) continue
            if (redemption.besideHeld) beside++
            const held = new Map(redemption.held.map((r) => [r.from ?? r.lotId, r.points]))
            const free = outstandingOf(redemption).map(([lotId, out]) => [lotId, out - (held.get(lotId) ?? 0n)])
            expect(free).toEqual(firstOf(draws, points - credited - pending))
          }
        }
      })
    )
    expect(beside).toBeGreaterThan(0)
  })

  it("L6 prefix: draws by policy take the soonest expiry first (never last), then the earliest earned, then by id", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { command, outcome } of steps) {
          if (command._tag !== "Redeem" || command.draws !== undefined || Result.isFailure(outcome)) continue
          const { event } = outcome.success[0] as Fact
          if (event._tag === "Redeemed") expect(event.draws).toEqual(event.draws.slice().sort(compareForDraw))
        }
      })
    )
  })

  it("L6 prefix: named lots are drawn and restored exactly as they are named", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { command, outcome } of steps) {
          const names = "lots" in command ? command.lots : "draws" in command ? command.draws : undefined
          if (names === undefined || Result.isFailure(outcome)) continue
          const { event } = outcome.success[0] as Fact
          const taken = event._tag === "Redeemed" ? event.draws : "restorations" in event ? event.restorations : []
          expect(taken.map(({ points, ...r }) => ({ lotId: "from" in r ? r.from : r.lotId, points }))).toEqual(names)
        }
      })
    )
  })
})
