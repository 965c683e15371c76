import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import { decide } from "../../src/command/Decide.ts"
import * as Redemption from "../../src/redemption/Redemption.ts"
import { creditId } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { isCredited, redemptionsOf } from "../support/Model.ts"

describe("L1 cap", () => {
  it("L1 cap: at every prefix of every history, credited + pending ≤ redeemed", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (let length = 1; length <= facts.length; length++) {
          for (const redemption of redemptionsOf(facts.slice(0, length)).values()) {
            expect(redemption.credited + redemption.pending).toBeLessThanOrEqual(redemption.points)
          }
        }
      })
    )
  })

  it("L1 cap: the draws of a redemption and the restorations of a credit add up to its points", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const { event } of facts) {
          const parts =
            event._tag === "Redeemed" ? event.draws : "restorations" in event ? event.restorations : undefined
          if (parts === undefined || !("points" in event)) continue
          expect(parts.reduce((sum, part) => sum + part.points, 0n)).toBe(event.points)
        }
      })
    )
  })

  it("L1 cap: the remaining points that a credit carries are those that no credit has given back", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        facts.forEach(({ event, stream }, i) => {
          if (!isCredited(event) || stream._tag === "Account") return
          const redemption = redemptionsOf(facts.slice(0, i + 1)).get(stream.redemptionId)
          expect(event.remaining).toBe((redemption?.points ?? 0n) - (redemption?.credited ?? 0n))
        })
      })
    )
  })

  it("L1 cap: the state counts what the facts say, and holds at most one credit in flight", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        for (const model of redemptionsOf(facts).values()) {
          const state = Account.redemption(account, model.redemptionId)
          if (state._tag === "None") throw new Error("a redemption was lost")
          expect(Redemption.remaining(state.redemption)).toBe(model.points - model.credited)
          expect(Redemption.pending(state)).toBe(model.pending)
        }
      })
    )
  })

  it("L1 cap: whatever is credited of what is held already is refused, and exactly what is free is accepted", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, now, policy }) => {
        const free = { ...policy, expiredLots: { _tag: "Expire" }, creditWindowDays: null } as const
        const step = 10n ** BigInt(4 - policy.scale)
        for (const { credited, inFlight, pending, points, redemptionId } of redemptionsOf(facts).values()) {
          const credit = (origin: "ours" | "mastercard", amount: bigint) =>
            decide(
              {
                _tag: "RecordCredit",
                redemptionId,
                creditId: creditId("one-more"),
                points: amount,
                origin,
                mastercard: null,
                occurredAt: now
              },
              account,
              free
            )
          const room = (origin: "ours" | "mastercard") =>
            origin === "ours" && inFlight !== undefined ? 0n : points - credited - pending
          for (const origin of ["ours", "mastercard"] as const) {
            expect(Result.isFailure(credit(origin, room(origin) + step))).toBe(true)
            if (room(origin) > 0n) expect(Result.isSuccess(credit(origin, room(origin)))).toBe(true)
          }
        }
      })
    )
  })
})
