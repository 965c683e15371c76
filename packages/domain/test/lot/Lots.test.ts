import { HashMap } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import type { Command } from "../../src/command/Decide.ts"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import { accountStream } from "../../src/event/Fact.ts"
import * as Lots from "../../src/lot/Lots.ts"
import type * as Movements from "../../src/lot/Movements.ts"
import { adjust, earn, lotId, on } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history } from "../support/History.ts"
import { heldAt, liveAt, lotsOf, movesInTime, sum } from "../support/Model.ts"

/** The same lots as a loader gives them: movements up to the horizon are in the total alone. */
const from = (lots: Lots.Lots, horizon: bigint): Lots.Lots => ({
  horizon,
  byId: HashMap.map(lots.byId, (lot) => ({ ...lot, later: after(lot.later, horizon) }))
})

const after = (movements: Movements.Movements, horizon: bigint): Movements.Movements =>
  movements === null || movements.at <= horizon ? null : { ...movements, before: after(movements.before, horizon) }

const instantOf = (command: Command): bigint => ("occurredAt" in command ? command.occurredAt : on("2000-01-01"))

/** A point more in one of the lots, at an instant at which something happened. */
const adjusted = (facts: ReadonlyArray<Fact>, pick: number): Fact => {
  const lots = Array.from(lotsOf(facts).keys())
  const { lotId, points, reason, actor } = adjust(lots[pick % lots.length]!, 1, "2025-01-01")
  const event = { _tag: "PointsAdjusted", lotId, points, reason, actor } as const
  return { stream: accountStream, occurredAt: facts[pick % facts.length]!.occurredAt, event }
}

/** That the lots hold at every instant what the facts say. */
const expectHeld = (lots: Lots.Lots, facts: ReadonlyArray<Fact>): void => {
  for (const { occurredAt } of facts) {
    const held = heldAt(facts, occurredAt)
    const found = new Map(Array.from(lots.byId, ([lotId, lot]) => [lotId, Lots.heldAt(lot, occurredAt)]))
    expect(found).toEqual(new Map(Array.from(lots.byId, ([lotId]) => [lotId, held.get(lotId) ?? 0n])))
  }
}

/** The least that the account's only lot holds from an instant on, and when it first does. */
const leastFrom = (facts: ReadonlyArray<Fact>, from: bigint): { readonly at: bigint; readonly held: bigint } => {
  let held = sum(heldAt(facts, from).values())
  let least = { at: from, held }
  for (const { at, points } of movesInTime(facts)) {
    if (at <= from) continue
    held += points
    if (held < least.held) least = { at, held }
  }
  return least
}

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

  it("that grow from the same ones in two ways are each right, and leave those as they were", () => {
    fc.assert(
      fc.property(history(), fc.nat(), fc.array(fc.nat(), { maxLength: 20 }), ({ facts }, cut, picks) => {
        const common = facts.slice(0, 1 + (cut % facts.length))
        const one = facts.slice(common.length)
        const other = picks.map((pick) => adjusted(common, pick))
        const lots = common.reduce(Account.evolveLots, Lots.empty)
        let left = lots
        let right = lots
        // In turns, so that each has grown where the other one grows next.
        for (let i = 0; i < Math.max(one.length, other.length); i++) {
          left = one.slice(i, i + 1).reduce(Account.evolveLots, left)
          right = other.slice(i, i + 1).reduce(Account.evolveLots, right)
        }
        expectHeld(left, facts)
        expectHeld(right, [...common, ...other])
        expectHeld(lots, common)
      })
    )
  })

  it("hold what a hundred thousand events moved in one of them, late ones among them, at every instant", () => {
    const opened = on("2025-01-01")
    const adjustments = Array.from({ length: 100_000 }, (_, i): Fact => {
      // Every tenth happened nine instants before the one that was recorded before it.
      const occurredAt = opened + BigInt(i % 10 === 9 ? i - 9 : i)
      const points = i % 3 === 0 ? 2n : -1n
      const event = { _tag: "PointsAdjusted", lotId: lotId("busy"), points, reason: "corrected", actor: null } as const
      return { stream: accountStream, occurredAt, event }
    })
    const facts = [...append([], [earn("busy", 1, "2025-01-01", null)]), ...adjustments]
    const { lots } = Account.evolveAll(Account.empty, facts)
    const [busy] = HashMap.toValues(lots.byId) as [Lots.Lot]
    for (const i of [0, 1, 9, 10, 50_000, 99_990, 99_999]) {
      const at = opened + BigInt(i)
      expect(Lots.heldAt(busy, at)).toBe(heldAt(facts, at).get(busy.lotId))
      const least = leastFrom(facts, at)
      expect(Lots.freeFrom(busy, at)).toBe(least.held)
      expect(Lots.firstShortage(busy, least.held, at)).toBeUndefined()
      expect(Lots.firstShortage(busy, least.held + 1n, at)).toEqual(least)
    }
  })

  it("throw on history that no decision wrote: points of a lot that never was, a lot that is opened again", () => {
    const a = { lotId: "a" as never, earnedAt: 0n, expiresAt: null, openedAt: 0n }
    expect(() => Lots.move(Lots.empty, a.lotId, { at: 0n, points: 1n })).toThrow("corrupt history")
    expect(() => Lots.book(Lots.empty, a.lotId, 1n)).toThrow("corrupt history")
    expect(() => Lots.open(Lots.open(Lots.empty, a), a)).toThrow("corrupt history: lot a is opened twice")
  })
})
