import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Bank from "../../src/sandbox/SandboxBank.ts"
import * as Lots from "../../src/sandbox/SandboxLots.ts"
import * as Rules from "../../src/sandbox/SandboxRules.ts"
import * as State from "../../src/sandbox/SandboxState.ts"
import { HashMap, Option } from "effect"

const DAY = 86_400_000_000n
const USER = "1"

const lots = fc
  .array(
    fc.record({
      earnedAt: fc.bigInt({ min: 0n, max: 9n }),
      expiresAt: fc.option(fc.bigInt({ min: 10n, max: 60n }), { nil: undefined }),
      points: fc.bigInt({ min: 1n, max: 50n })
    }),
    { minLength: 1, maxLength: 5 }
  )
  .map((all) =>
    all.map((lot, index) => ({
      lotId: `L${index}`,
      earnedAt: lot.earnedAt * DAY,
      expiresAt: lot.expiresAt === undefined ? undefined : lot.expiresAt * DAY,
      points: lot.points
    }))
  )

// The first redemptions get the ids 1, 2, 3 …, and credits take ids of the same sequence.
const command = fc
  .oneof(
    fc.record({ _tag: fc.constant("Redeem" as const), points: fc.bigInt({ min: 1n, max: 80n }) }),
    fc.record({
      _tag: fc.constant("Credit" as const),
      redemptionId: fc.integer({ min: 1, max: 8 }).map(String),
      points: fc.option(fc.bigInt({ min: 1n, max: 60n }), { nil: undefined })
    })
  )
  .map((fields): Bank.SandboxCommand => ({ ...fields, userId: USER, redemptionType: "TRAVEL" }))

const rules = fc
  .record({
    restorationOrder: fc.constantFrom("reverse" as const, "draw" as const, "soonestExpiry" as const),
    expiredLots: fc.constantFrom("restoreExpired", "refuse", "extend:9"),
    duplicates: fc.constantFrom("allow" as const, "refuse" as const),
    fullAfterPartials: fc.boolean()
  })
  .map((switched): Rules.SandboxRules => ({ ...Rules.defaults, ...switched }))

const history = fc.tuple(lots, fc.array(fc.tuple(command, fc.bigInt({ min: 0n, max: 4n })), { maxLength: 20 }), rules)

const start = (seed: ReadonlyArray<Omit<Lots.SandboxLot, "granted">>, rules = Rules.defaults) =>
  Bank.step(State.initial(1n, rules), { _tag: "PutAccount", userId: USER, lots: seed }, 0n)[0]

const lotsOf = (state: State.SandboxState) => State.lotsOf(state, Option.getOrThrow(State.accountOf(state, USER)))
const held = (state: State.SandboxState) => lotsOf(state).reduce((total, lot) => total + lot.points, 0n)
const outstanding = (state: State.SandboxState) =>
  [...HashMap.values(state.redemptions)].reduce((total, r) => total + r.points - r.credited, 0n)

/** Runs a history and gives the state before and after each command. */
const play = ([seed, commands, rules]: typeof history extends fc.Arbitrary<infer H> ? H : never) => {
  let state = start(seed, rules)
  let now = 10n * DAY
  return commands.map(([command, days]) => {
    now += days * DAY
    const before = state
    const [after, answer] = Bank.step(before, command, now)
    state = after
    return { before, command, after, answer, now }
  })
}

describe("the sandbox's arithmetic", () => {
  it("conserves points, keeps every lot and every redemption within its bounds", () => {
    fc.assert(
      fc.property(history, (input) => {
        const granted = input[0].reduce((total, lot) => total + lot.points, 0n)
        for (const { after } of play(input)) {
          expect(held(after) + outstanding(after)).toBe(granted)
          for (const lot of lotsOf(after)) expect(lot.points >= 0n && lot.points <= lot.granted).toBe(true)
          for (const { credited, draws, points } of HashMap.values(after.redemptions)) {
            expect(credited >= 0n && credited <= points).toBe(true)
            expect(draws.reduce((total, part) => total + part.points, 0n)).toBe(points)
          }
        }
      })
    )
  })

  it("changes nothing when it refuses", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { after, answer, before } of play(input)) if (answer._tag === "Refused") expect(after).toBe(before)
      })
    )
  })

  it("answers what the state says", () => {
    fc.assert(
      fc.property(history, (input) => {
        for (const { after, answer, now } of play(input)) {
          if (!("balance" in answer)) continue
          expect(answer.balance).toBe(Lots.balance(lotsOf(after), now))
          if (answer._tag !== "Credited") continue
          const redemption = Option.getOrThrow(HashMap.get(after.redemptions, answer.redemptionId))
          expect(answer.remaining).toBe(redemption.points - redemption.credited)
          expect(answer.restorations.reduce((total, part) => total + part.points, 0n)).toBe(answer.points)
        }
      })
    )
  })

  it("gives back each lot what it took, however a credit is cut", () => {
    fc.assert(
      fc.property(history, (input) => {
        // Expired lots are filled, too: a rule that makes new ones of them or refuses them is another law.
        const plain: typeof input = [
          input[0],
          input[1],
          { ...input[2], expiredLots: "restoreExpired", duplicates: "allow", fullAfterPartials: true }
        ]
        let state = play(plain).at(-1)?.after ?? start(input[0])
        for (const redemptionId of HashMap.keys(state.redemptions)) {
          const credit = {
            _tag: "Credit",
            redemptionId,
            userId: USER,
            redemptionType: "TRAVEL",
            points: undefined
          } as const
          state = Bank.step(state, credit, 100n * DAY)[0]
        }
        for (const lot of lotsOf(state)) expect(lot.points).toBe(lot.granted)
      })
    )
  })

  it("takes the soonest expiry first and gives back in reverse", () => {
    const lot = (lotId: string, expiresAt: bigint | undefined) => ({
      lotId,
      earnedAt: 0n,
      expiresAt,
      granted: 10n,
      points: 10n
    })
    const draws = Lots.draw([lot("never", undefined), lot("late", 9n), lot("soon", 5n), lot("gone", 1n)], 25n, 1n)
    expect(draws).toEqual([
      { lotId: "soon", points: 10n },
      { lotId: "late", points: 10n },
      { lotId: "never", points: 5n }
    ])
    expect(Lots.refill({ draws: draws ?? [], restored: [0n, 0n, 3n] }, 9n, "reverse", [])).toEqual([
      [2, 2n],
      [1, 7n]
    ])
    expect(Lots.draw([lot("a", 5n)], 11n, 1n)).toBeUndefined()
  })

  it("gives no id twice, also where one was put", () => {
    const put = { _tag: "PutRedemption", redemptionId: "2", userId: USER, redemptionType: "TRAVEL" } as const
    const seed = [{ lotId: "A", earnedAt: 0n, expiresAt: undefined, points: 10n }]
    let state = Bank.step(start(seed), { ...put, points: 1n, draws: undefined, at: 0n }, 0n)[0]
    const ids = [1, 2].map(() => {
      const [after, answer] = Bank.step(
        state,
        { _tag: "Redeem", userId: USER, redemptionType: "TRAVEL", points: 1n },
        0n
      )
      state = after
      return answer._tag === "Redeemed" ? answer.redemptionId : answer._tag
    })
    expect(ids).toEqual(["1", "3"])
  })
})
