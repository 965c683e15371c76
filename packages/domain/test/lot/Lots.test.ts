import { HashMap } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/command/Decide.ts"
import { decide } from "../../src/command/Decide.ts"
import * as Lots from "../../src/lot/Lots.ts"
import { on } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { heldAt, liveAt, sum } from "../support/Model.ts"

/** The same lots as a loader gives them: movements up to the horizon are in the total alone. */
const from = (lots: Lots.Lots, horizon: bigint): Lots.Lots => ({
  horizon,
  byId: HashMap.map(lots.byId, (lot) => ({ ...lot, later: lot.later.filter(({ at }) => at > horizon) }))
})

const instantOf = (command: Command): bigint => ("occurredAt" in command ? command.occurredAt : on("2000-01-01"))

describe("Lots", () => {
  it("decide the same from a horizon on, if no command looks behind it", () => {
    fc.assert(
      fc.property(history(), fc.nat({ max: 3 }), ({ steps }, days) => {
        for (const { before, command, outcome, policy } of steps) {
          const horizon = instantOf(command) - BigInt(days) * 86_400_000_000n
          expect(decide(command, { ...before, lots: from(before.lots, horizon) }, policy)).toEqual(outcome)
        }
      })
    )
  })

  it("hold what was moved, expired or not, and are worth what of it is live", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, now }) => {
        const held = heldAt(facts, now)
        const live = liveAt(facts, now)
        for (const lot of HashMap.values(account.lots.byId)) {
          expect(Lots.heldAt(lot, now)).toBe(held.get(lot.lotId) ?? 0n)
          expect(Lots.liveAt(lot, now)).toBe(live.get(lot.lotId) ?? 0n)
        }
        expect(Lots.balanceAt(account.lots, now)).toBe(sum(live.values()))
      })
    )
  })

  it("throw on history that no decision wrote: points of a lot that never was, a lot that is opened again", () => {
    const a = { lotId: "a" as never, earnedAt: 0n, expiresAt: null, openedAt: 0n }
    expect(() => Lots.move(Lots.empty, a.lotId, { at: 0n, points: 1n })).toThrow("corrupt history")
    expect(() => Lots.book(Lots.empty, a.lotId, 1n)).toThrow("corrupt history")
    expect(() => Lots.open(Lots.open(Lots.empty, a), a)).toThrow("corrupt history: lot a is opened twice")
  })
})
