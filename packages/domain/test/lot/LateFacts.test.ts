import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import { redemptionStream } from "../../src/event/Fact.ts"
import type { LotPoints } from "../../src/lot/Draw.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { adjust, earn, lotId, lots, MERCHANT, on, pts, record, redeem, redemptionId } from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import type { History } from "../support/History.ts"
import { history } from "../support/History.ts"
import { firstBreach, heldAt, isLiveAt, lotsOf, movesInTime, sum } from "../support/Model.ts"

/** Any instant that matters: of a fact or an expiry, or beside one. */
const instantOf = ({ facts }: History, pick: number, shift: bigint): bigint => {
  const ends = Array.from(lotsOf(facts).values()).flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt]))
  const instants = [...facts.map(({ occurredAt }) => occurredAt), ...ends]
  return (instants[pick % instants.length] as bigint) + shift
}

const unitOf = (policy: Policy): bigint => 10n ** BigInt(4 - policy.scale)

const anywhere = fc.tuple(fc.nat({ max: 255 }), fc.constantFrom(-1n, 0n, 0n, 1n))

/** The least that a lot holds from an instant on, step by step, ties in the order of the log. */
const freeFrom = (facts: ReadonlyArray<Fact>, lot: LotPoints["lotId"], from: bigint): bigint => {
  let held = heldAt(facts, from).get(lot) ?? 0n
  let least = held
  for (const move of movesInTime(facts)) {
    if (move.at <= from || move.lotId !== lot) continue
    held += move.points
    if (held < least) least = held
  }
  return least
}

/** A redemption as a fact, decided by nobody. */
const drawn = (occurredAt: bigint, draws: ReadonlyArray<LotPoints>): Fact => ({
  stream: redemptionStream(redemptionId("late")),
  occurredAt,
  event: {
    _tag: "Redeemed",
    redemptionId: redemptionId("late"),
    points: sum(draws.map(({ points }) => points)),
    draws: draws.map((draw) => ({ ...draw, earnedAt: 0n, expiresAt: null })),
    redemptionType: "TRAVEL",
    processedBy: MERCHANT,
    policyVersion: 0
  }
})

describe("late facts", () => {
  it("a named draw is accepted exactly if the lot lives then and no later instant would go below zero", () => {
    fc.assert(
      fc.property(history(), anywhere, fc.nat(), fc.constantFrom(-1n, 0n, 1n), (past, [pick, shift], which, more) => {
        const { account, facts, policy } = past
        const at = instantOf(past, pick, shift)
        const lot = Array.from(lotsOf(facts).values())[which % lotsOf(facts).size]!
        const points = freeFrom(facts, lot.lotId, at) + more * unitOf(policy)
        fc.pre(points > 0n)
        const draws = [{ lotId: lot.lotId, points }]
        const command = redeem("late", 0, "2020-01-01", { points, draws, occurredAt: at })
        const fits = isLiveAt(lot, at) && firstBreach([...facts, drawn(at, draws)]) === undefined
        expect(Result.isSuccess(decide(command, account, policy))).toBe(fits)
      })
    )
  })

  it("a redemption by policy is accepted exactly if that much is free in the lots that live then", () => {
    fc.assert(
      fc.property(history(), anywhere, fc.constantFrom(-1n, 0n, 1n), (past, [pick, shift], more) => {
        const { account, facts, policy } = past
        const at = instantOf(past, pick, shift)
        const live = Array.from(lotsOf(facts).values()).filter((lot) => isLiveAt(lot, at))
        const free = sum(live.map(({ lotId }) => freeFrom(facts, lotId, at)))
        const points = free + more * unitOf(policy)
        fc.pre(points > 0n)
        const outcome = decide(redeem("late", 0, "2020-01-01", { points, occurredAt: at }), account, policy)
        expect(Result.isSuccess(outcome)).toBe(more <= 0n)
        if (Result.isSuccess(outcome)) expect(firstBreach([...facts, ...outcome.success])).toBeUndefined()
        else expect(outcome.failure).toMatchObject({ _tag: "InsufficientPoints", available: free, at })
      })
    )
  })

  it("an adjustment is accepted exactly if the lot exists and lives then and goes below zero at no later instant", () => {
    fc.assert(
      fc.property(
        history(),
        anywhere,
        fc.nat(),
        fc.constantFrom(-1n, 0n, 1n, 2n),
        (past, [pick, shift], which, more) => {
          const { account, facts, policy } = past
          const at = instantOf(past, pick, shift)
          const lot = Array.from(lotsOf(facts).values())[which % lotsOf(facts).size]!
          const points = more === 2n ? unitOf(policy) : -freeFrom(facts, lot.lotId, at) - more * unitOf(policy)
          fc.pre(points !== 0n)
          const command = { ...adjust(lot.lotId, 0, "2020-01-01"), points, occurredAt: at }
          const free = freeFrom(facts, lot.lotId, at)
          const fits = isLiveAt(lot, at) && at >= lot.openedAt && free + points >= 0n
          expect(Result.isSuccess(decide(command, account, policy))).toBe(fits)
        }
      )
    )
  })

  it("a refusal names the first instant at which the lot would break, and what it holds then", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        let facts: ReadonlyArray<Fact> = []
        for (const { command, outcome } of steps) {
          if (Result.isFailure(outcome) && outcome.failure._tag === "LotOverdrawn" && "occurredAt" in command) {
            const { at, available, lotId, requested } = outcome.failure
            const tried = [...facts, drawn(command.occurredAt, [{ lotId, points: requested }])]
            const moves = movesInTime(tried).filter((move) => move.lotId === lotId)
            const heldAfter = (length: number) => sum(moves.slice(0, length).map(({ points }) => points))
            const breach = moves.findIndex((_, i) => heldAfter(i + 1) < 0n)
            expect(at).toBe(moves[breach]?.at)
            expect(available).toBe(heldAfter(breach + 1) + requested)
          }
          facts = [...facts, ...Result.getOrElse(outcome, () => [])]
        }
      })
    )
  })

  const facts = append(
    [],
    [
      earn("a", 100, "2025-01-01", null),
      earn("b", 50, "2025-02-01", null),
      redeem("r", 90, "2025-03-01", { draws: lots(["a", 90]) })
    ]
  )

  it("a late redemption by policy leaves what later facts need, and takes the rest from the next lot", () => {
    const [late] = append(facts, [redeem("late", 40, "2025-02-15")]).slice(-1)
    expect(late?.event).toMatchObject({
      draws: [
        { lotId: "a", points: pts(10) },
        { lotId: "b", points: pts(30) }
      ]
    })
    given(facts)
      .when(redeem("late", 11, "2025-01-15"))
      .thenRefused("InsufficientPoints", { requested: pts(11), available: pts(10), at: on("2025-01-15") })
  })

  it("a late draw that a later one needs is refused, and names the later instant", () => {
    given(facts)
      .when(redeem("late", 11, "2025-01-15", { draws: lots(["a", 11]) }))
      .thenRefused("LotOverdrawn", {
        lotId: lotId("a"),
        requested: pts(11),
        available: pts(10),
        at: on("2025-03-01")
      })
  })

  it("what a later credit put back cannot be spent before it came back", () => {
    const credited = append(facts, [record("r", "c", "2025-04-01")])
    given(credited)
      .when(adjust("a", -11, "2025-03-31"))
      .thenRefused("LotOverdrawn", { at: on("2025-03-31") })
    given(credited)
      .when(adjust("a", -11, "2025-02-28"))
      .thenRefused("LotOverdrawn", { at: on("2025-03-01") })
    expect(append(credited, [adjust("a", -100, "2025-04-01")])).toHaveLength(credited.length + 1)
  })

  it("at one instant the log's order counts: what came back in it can be spent in it", () => {
    const credited = append(facts, [record("r", "c", "2025-04-01")])
    expect(append(credited, [redeem("next", 100, "2025-04-01", { draws: lots(["a", 100]) })])).toHaveLength(
      credited.length + 1
    )
  })

  it("a lot that was granted after it was earned takes no points before it came to be", () => {
    const granted = append([], [earn("g", 10, "2025-01-01", null, { occurredAt: on("2025-01-05") })])
    given(granted)
      .when(adjust("g", 1, "2025-01-04"))
      .thenRefused("InvalidDates", { field: "occurredAt" })
    given(granted)
      .when(redeem("r", 1, "2025-01-04"))
      .thenRefused("InsufficientPoints", { available: 0n })
    expect(append(granted, [adjust("g", 1, "2025-01-05")])).toHaveLength(2)
  })
})
