import { HashMap, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decide } from "../../src/command/Decide.ts"
import * as Lots from "../../src/lot/Lots.ts"
import { record } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import {
  add,
  firstBreach,
  heldAt,
  isCredited,
  movesInTime,
  originOf,
  outstandingOf,
  redemptionsOf
} from "../support/Model.ts"

describe("L2 lot cap", () => {
  it("L2 lot cap: in order of time, at every prefix of the log, 0 ≤ live ≤ earned + adjusted + extended", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (let length = 1; length <= facts.length; length++) {
          expect(firstBreach(facts.slice(0, length))).toBeUndefined()
        }
      })
    )
  })

  it("L2 lot cap: per redemption and lot, restored ≤ drawn at every instant in order of time", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const out = new Map<string, bigint>()
        for (const { kind, lotId, points, redemptionId } of movesInTime(facts)) {
          if (kind !== "drawn" && kind !== "restored") continue
          add(out, JSON.stringify([redemptionId, lotId]), -points)
          expect(out.get(JSON.stringify([redemptionId, lotId]))).toBeGreaterThanOrEqual(0n)
        }
      })
    )
  })

  it("L2 lot cap: what a credit gives back to a lot or expires for it was drawn from that lot", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const out = new Map<string, bigint>()
        const key = (stream: object, lotId: string) => JSON.stringify([stream, lotId])
        for (const { event, stream } of facts) {
          if (event._tag === "Redeemed") {
            for (const draw of event.draws) add(out, key(stream, draw.lotId), draw.points)
          }
          if (!isCredited(event)) continue
          for (const r of event.restorations) {
            add(out, key(stream, originOf(r)), -r.points)
            expect(out.get(key(stream, originOf(r)))).toBeGreaterThanOrEqual(0n)
          }
        }
      })
    )
  })

  it("L2 lot cap: naming a lot gives back what is out of it and no more", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, now, policy }) => {
        const step = 10n ** BigInt(4 - policy.scale)
        for (const redemption of redemptionsOf(facts).values()) {
          if (redemption.inFlight !== undefined || redemption.credited === redemption.points) continue
          for (const [lotId, out] of outstandingOf(redemption)) {
            const credit = (points: bigint) => {
              const more = { origin: "mastercard", lots: [{ lotId, points }], occurredAt: now } as const
              return decide(record(redemption.redemptionId, "named", "2020-01-01", more), account, policy)
            }
            expect(Result.isFailure(credit(out + step))).toBe(true)
            if (out > 0n) expect(Result.isSuccess(credit(out))).toBe(true)
          }
        }
      })
    )
  })

  it("L2 lot cap: every movement of a lot is before its expiry and not before it came to be", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        for (const { at, lotId } of movesInTime(facts)) {
          const lot = HashMap.getUnsafe(account.lots.byId, lotId)
          expect(Lots.isLive(lot, at)).toBe(true)
          expect(at).toBeGreaterThanOrEqual(lot.openedAt)
        }
      })
    )
  })

  it("L2 lot cap: the state holds what the facts add up to, at every instant", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        for (const { occurredAt } of facts) {
          const held = heldAt(facts, occurredAt)
          for (const lot of HashMap.values(account.lots.byId)) {
            expect(Lots.heldAt(lot, occurredAt)).toBe(held.get(lot.lotId) ?? 0n)
          }
        }
      })
    )
  })
})
