/** The rules on Mastercard's side, each switch of them, as the bank applies them. */
import { Effect, HashMap, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Bank from "../../src/sandbox/SandboxBank.ts"
import * as Rules from "../../src/sandbox/SandboxRules.ts"
import * as State from "../../src/sandbox/SandboxState.ts"
import type { Hold } from "../../src/sandbox/SandboxServer.ts"
import { ACCOUNT, at, inWorld, lot, points } from "./world.ts"

const DAY = 86_400_000_000n
const USER = "1"

const rules = (input: Rules.SandboxRulesInput) => Result.getOrThrow(Rules.decode(input))

/** Three lots of 10 points that expire on the days 10, 30 and 20; a redemption of all, drawn in that order. */
const startWith = (input: Rules.SandboxRulesInput) => {
  const lots = [10n, 30n, 20n].map((day, index) => ({
    lotId: `L${index}`,
    earnedAt: 0n,
    expiresAt: day * DAY,
    points: 10n
  }))
  const draws = lots.map(({ lotId }) => ({ lotId, points: 10n }))
  const put = { _tag: "PutRedemption", redemptionId: "R", userId: USER, redemptionType: "TRAVEL" } as const
  return run(State.initial(1n, rules(input)), [
    [{ _tag: "PutAccount", userId: USER, lots }, 0n],
    [{ _tag: "Redeem", userId: USER, redemptionType: "TRAVEL", points: 30n }, 0n],
    [{ ...put, points: 30n, draws, at: 0n }, 0n]
  ]).state
}

/** Runs commands at their days. */
const run = (start: State.SandboxState, commands: ReadonlyArray<readonly [Bank.SandboxCommand, bigint]>) => {
  let state = start
  const answers = commands.map(([command, day]) => {
    const [next, answer] = Bank.step(state, command, day * DAY)
    state = next
    return answer
  })
  return { state, answers }
}

const credit = (amount: bigint | undefined): Bank.SandboxCommand => ({
  _tag: "Credit",
  redemptionId: "R",
  userId: USER,
  redemptionType: "TRAVEL",
  points: amount
})

const said = (answer: Bank.SandboxAnswer | undefined) =>
  answer?._tag === "Refused" ? answer.refusal.reasonCode : answer?._tag === "Credited" ? answer.restorations : answer

const part = (lotId: string, amount: bigint) => ({ lotId, points: amount, isExpired: false, from: undefined })

describe("the order in which lots are filled again", () => {
  it.each([
    ["reverse", ["L2", "L1", "L0"]],
    ["draw", ["L0", "L1", "L2"]],
    ["soonestExpiry", ["L0", "L2", "L1"]]
  ] as const)("%s", (restorationOrder, order) => {
    const { answers } = run(startWith({ restorationOrder }), [
      [credit(4n), 1n],
      [credit(12n), 1n],
      [credit(undefined), 1n]
    ])
    const [a, b, c] = order
    expect(answers.map(said)).toEqual([[part(a, 4n)], [part(a, 6n), part(b, 6n)], [part(b, 4n), part(c, 10n)]])
  })

  it("never gives a draw more than it took, in any order and however it is cut", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("reverse" as const, "draw" as const, "soonestExpiry" as const),
        fc.array(fc.bigInt({ min: 1n, max: 12n }), { maxLength: 8 }),
        (restorationOrder, amounts) => {
          const { state } = run(startWith({ restorationOrder }), [
            ...amounts.map((amount) => [credit(amount), 1n] as const),
            [credit(undefined), 1n]
          ])
          for (const { credited, points, restored } of HashMap.values(state.redemptions)) {
            if (credited === 0n) continue
            expect([credited, restored]).toEqual([points, [10n, 10n, 10n]])
          }
        }
      )
    )
  })
})

describe("lots that have expired", () => {
  const balanceOf = (state: State.SandboxState, day: bigint) =>
    Bank.step(state, { _tag: "PutAccount", userId: USER, lots: [] }, day * DAY)[1]

  it("take their points back and are expired at once", () => {
    const { answers, state } = run(startWith({}), [[credit(15n), 20n]])
    expect(answers.map(said)).toEqual([[{ ...part("L2", 10n), isExpired: true }, part("L1", 5n)]])
    expect(balanceOf(state, 20n)).toEqual({ _tag: "AccountStored", balance: 5n })
  })

  it("become new lots that live so many days more", () => {
    const { answers, state } = run(startWith({ expiredLots: "extend:7" }), [[credit(15n), 20n]])
    expect(answers.map(said)).toEqual([[{ ...part("L2+2", 10n), from: "L2" }, part("L1", 5n)]])
    expect(balanceOf(state, 26n)).toEqual({ _tag: "AccountStored", balance: 15n })
    expect(balanceOf(state, 27n)).toEqual({ _tag: "AccountStored", balance: 5n })
    const extended = [...HashMap.values(state.households)].flat().find(({ lotId }) => lotId === "L2+2")
    expect(extended).toEqual({ lotId: "L2+2", earnedAt: 0n, expiresAt: 27n * DAY, granted: 10n, points: 10n })
  })

  it("have the whole credit refused", () => {
    const start = startWith({ expiredLots: "refuse" })
    const { answers, state } = run(start, [[credit(15n), 20n]])
    expect(answers.map(said)).toEqual(["POINTS_EXPIRED"])
    expect(state).toBe(start)
    expect(said(run(start, [[credit(15n), 19n]]).answers[0])).toEqual([part("L2", 10n), part("L1", 5n)])
  })
})

describe("other rules about credits", () => {
  it("refuses the same amount within the window, and not after it", () => {
    const start = startWith({ duplicates: "refuse", duplicateWindow: "1h" })
    const first = run(start, [[credit(5n), 1n]]).state
    const later = (command: Bank.SandboxCommand, micros: bigint) => said(Bank.step(first, command, DAY + micros)[1])
    expect(later(credit(5n), 3_599_999_999n)).toBe("DUPLICATE_CREDIT")
    expect(later(credit(5n), 3_600_000_000n)).toEqual([part("L2", 5n)])
    expect(later(credit(4n), 1n)).toEqual([part("L2", 4n)])
    // All that is left is another request than its amount.
    expect(later(credit(undefined), 1n)).toHaveLength(3)
  })

  it("allows it by default", () => {
    const { answers } = run(startWith({}), [
      [credit(5n), 1n],
      [credit(5n), 1n]
    ])
    expect(answers.map(said)).toEqual([[part("L2", 5n)], [part("L2", 5n)]])
  })

  it("refuses a credit without an amount after partial ones, where told so", () => {
    const start = startWith({ fullAfterPartials: false })
    const { answers } = run(start, [
      [credit(5n), 1n],
      [credit(undefined), 1n],
      [credit(25n), 1n]
    ])
    expect(answers.map(said)).toEqual([
      [part("L2", 5n)],
      "FULL_CREDIT_AFTER_PARTIAL",
      [part("L2", 5n), part("L1", 10n), part("L0", 10n)]
    ])
    expect(said(run(start, [[credit(undefined), 1n]]).answers[0])).toHaveLength(3)
  })
})

describe("households and replaced numbers, over the wire", () => {
  const ask = (userId: string) => ({ userId, redemptionType: "TRAVEL" }) as const
  const redeem = (userId: string, amount: string) =>
    ({ processedBy: "E", redemptionType: "TRAVEL", userId, points: points(amount) }) as const
  const credits = (userId: string, redemptionId: string) =>
    ({ processedBy: "E", redemptionType: "TRAVEL", userId, redemptionId, points: points("1") }) as const

  it("shares lots and balance within a household, and keeps histories apart", () =>
    inWorld(
      {
        accounts: [
          { userId: "11", household: "smith", lots: [lot("A", "10")] },
          { userId: "12", household: "smith", lots: [lot("B", "5")] },
          { userId: "13", lots: [lot("A", "1")] }
        ]
      },
      ({ client, sandbox }) =>
        Effect.gen(function* () {
          const { pointBalance, redemptionId } = yield* client.redeem(redeem("12", "12"))
          expect(pointBalance).toBe("3")
          expect((yield* client.redeemer(ask("11"))).pointBalance).toBe("3")
          expect((yield* client.redeemer(ask("13"))).pointBalance).toBe("1")
          const now = BigInt(Date.now()) * 1000n
          expect(yield* client.redemptions({ userId: "11", from: now, to: now })).toEqual([])
          // The lots are shared; the redemption is not.
          const error = yield* Effect.flip(client.credit(credits("11", redemptionId)))
          expect(error.message).toContain("AUTHORIZATION_ERROR")
          expect((yield* client.credit(credits("12", redemptionId))).pointBalance).toBe("4")
          expect(yield* sandbox.account("11")).toMatchObject({
            value: {
              household: ["11", "12"],
              balance: points("4"),
              lots: [
                { lotId: "A", points: 0n },
                { lotId: "B", points: points("4") }
              ]
            }
          })
          const moved = yield* Effect.flip(
            sandbox.run({ _tag: "PutAccount", userId: "13", household: "smith", lots: [] })
          )
          expect(moved.message).toContain("ALREADY_KNOWN")
        })
    ))

  it("takes an account's new number for its old redemptions; the old number as the rule says", () =>
    inWorld({ accounts: [{ userId: ACCOUNT, lots: [lot("A", "10")] }] }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const { redemptionId } = yield* client.redeem(redeem(ACCOUNT, "4"))
        yield* sandbox.run({ _tag: "ReplaceAccount", userId: ACCOUNT, successor: "77" })
        expect((yield* client.credit(credits("77", redemptionId))).pointBalance).toBe("7")
        expect((yield* client.credit(credits(ACCOUNT, redemptionId))).pointBalance).toBe("8")
        yield* sandbox.setRules({ oldNumbers: false })
        const now = BigInt(Date.now()) * 1000n
        for (const refused of [
          client.credit(credits(ACCOUNT, redemptionId)),
          client.redeem(redeem(ACCOUNT, "1")),
          client.redeemer(ask(ACCOUNT)),
          client.redemptions({ userId: ACCOUNT, from: now, to: now })
        ]) {
          const error = yield* Effect.flip(Effect.asVoid(refused as Effect.Effect<unknown, Error>))
          expect(error.message).toContain("USER_NOT_FOUND")
        }
        expect(yield* client.redemptions({ userId: "77", from: now, to: now })).toHaveLength(3)
        yield* sandbox.run({ _tag: "ReplaceAccount", userId: "77", successor: "78" })
        expect((yield* client.credit(credits("78", redemptionId))).pointBalance).toBe("9")
        expect(yield* sandbox.truthOf(redemptionId)).toMatchObject({ value: { userId: "78", credited: points("3") } })
        // A number that was replaced, one that is taken, and one that nobody knows.
        for (const [userId, successor] of [
          ["77", "79"],
          ["78", ACCOUNT],
          ["99", "79"]
        ] as const) {
          yield* Effect.flip(sandbox.run({ _tag: "ReplaceAccount", userId, successor }))
        }
      })
    ))

  it("takes its time for what changes something, and for nothing else", () => {
    const holds: Array<Hold> = []
    return inWorld(
      {
        accounts: [{ userId: ACCOUNT, lots: [lot("A", "10")] }],
        rules: { processingTime: "60ms" },
        clock: () => at("2026-01-20T00:00:00Z"),
        onHold: (hold) => void holds.push(hold)
      },
      ({ client, sandbox }) =>
        Effect.gen(function* () {
          const began = Date.now()
          yield* client.redeem(redeem(ACCOUNT, "4"))
          expect(Date.now() - began).toBeGreaterThanOrEqual(59)
          yield* client.redeemer(ask(ACCOUNT))
          expect(holds).toEqual([
            { call: "redeem", redemption: undefined, account: ACCOUNT, fault: undefined, millis: 60 }
          ])
          expect(yield* sandbox.rules).toEqual(rules({ processingTime: 60 }))
        })
    )
  })
})

describe("rules as text", () => {
  it("are read in their short form and as JSON", () => {
    expect(
      Result.getOrThrow(
        Rules.parse("restoration-order=draw,expired-lots=extend:30,old-numbers=false,duplicate-window=2m")
      )
    ).toEqual({
      ...Rules.defaults,
      restorationOrder: "draw",
      expiredLots: "extend:30",
      oldNumbers: false,
      duplicateWindow: 120_000
    })
    expect(Result.getOrThrow(Rules.parse(`{"duplicates":"refuse"}`))).toEqual({
      ...Rules.defaults,
      duplicates: "refuse"
    })
    expect(Result.getOrThrow(Rules.parse(""))).toEqual(Rules.defaults)
  })

  it.each([
    ["order=draw", "there is no order; there are restoration-order"],
    ["restoration-order=random", "restorationOrder: Expected"],
    ["expired-lots=extend:0", "expiredLots: restoreExpired, refuse or extend:<days>"],
    ["old-numbers=maybe", "oldNumbers: Expected boolean"],
    ["processing-time=2d", "processingTime: a span of time"],
    [`{"x":1}`, "x: there is no such member"]
  ])("%s is refused and named", (text, problem) => {
    const failure = Result.getOrThrow(Result.flip(Rules.parse(text)))
    expect(failure._tag).toBe("SandboxRulesInvalid")
    expect(failure.message).toContain(problem)
  })
})
