/** Law L8 for every use case that records something. */
import { EventStore, Mastercard } from "@pointback/adapters"
import { Ids, Instant } from "@pointback/domain"
import { Duration, Effect, Fiber, Layer, Result, Struct } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { type AdjustPoints, adjustPoints } from "../../src/command/AdjustPoints.ts"
import { type CreditRedemption, creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import { type EarnPoints, earnPoints } from "../../src/command/EarnPoints.ts"
import { execute } from "../../src/command/Execution.ts"
import { type RedeemPoints, redeemPoints } from "../../src/command/RedeemPoints.ts"
import * as History from "../../src/import/History.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import type { ImportRecord } from "../../src/import/ImportRecord.ts"
import * as Examples from "../support/Commands.ts"
import {
  adjust,
  at,
  credit,
  earn,
  lot,
  newAccount,
  points,
  program,
  redeem,
  redeemed,
  redemption
} from "../support/Commands.ts"
import * as FakeMastercard from "../support/FakeMastercard.ts"
import { type World, implementations, worldFor } from "../support/World.ts"

type Account = Ids.AccountNumber

/** A command, and the same key with other contents, by the fields that differ. */
interface Case {
  readonly name: string
  readonly command: (account: Account) => Attempt
  readonly others: ReadonlyArray<readonly [fields: ReadonlyArray<string>, (account: Account) => Attempt]>
}

type Attempt = Effect.Effect<
  { readonly replayed: boolean },
  Effect.Error<ReturnType<typeof earnPoints>>,
  EventStore.EventStore
>

const caseOf = <Command extends object>(
  name: string,
  use: (command: Command) => Attempt,
  command: (account: Account) => Command,
  others: ReadonlyArray<readonly [fields: ReadonlyArray<string>, Partial<Command>]>
): Case => ({
  name,
  command: (account) => use(command(account)),
  others: others.map(([fields, change]) => [fields, (account: Account) => use({ ...command(account), ...change })])
})

const cases: ReadonlyArray<Case> = [
  caseOf<EarnPoints>("earn", earnPoints, (account) => earn(account, "C", "5", "2025-02-01", "2026-02-01"), [
    [["points"], { points: points("6") }],
    [["earnedAt"], { earnedAt: at("2025-02-02") }],
    [["expiresAt"], { expiresAt: null }],
    [["occurredAt"], { occurredAt: at("2025-02-01") }],
    [["points", "source"], { points: points("6"), source: "bonus" }]
  ]),
  caseOf<AdjustPoints>("adjust", adjustPoints, (account) => adjust(account, "k1", "B", "-5", "2025-12-02"), [
    [["points"], { points: points("5") }],
    [["lot"], { lotId: lot("A") }],
    [["reason"], { reason: "another" }],
    [["occurredAt"], { dated: false }],
    [["occurredAt"], { occurredAt: at("2025-12-03") }]
  ]),
  caseOf<RedeemPoints>("redeem", redeemPoints, (account) => redeem(account, "R2", "10", "2025-12-02"), [
    [["points"], { points: points("11") }],
    [["redemptionType"], { redemptionType: "TRAVEL" }],
    [["processedBy"], { processedBy: Ids.ProcessedBy.make("other") }],
    [["draws"], { draws: [{ lotId: lot("B"), points: points("10") }] }],
    [["occurredAt"], { dated: false }]
  ]),
  caseOf<CreditRedemption>("credit", recordCredit, (account) => credit(account, "R1", "c1", "2025-12-24", "70"), [
    [["points"], { points: points("71") }],
    [["points"], { points: undefined }],
    [["redemption"], { redemptionId: redemption("R9") }],
    [["lots"], { lots: [{ lotId: lot("A"), points: points("70") }] }],
    [["occurredAt"], { occurredAt: at("2025-12-25") }]
  ])
]

const record = (account: Account, over: Partial<ImportRecord> = {}): ImportRecord =>
  ({
    type: "redeemed",
    program,
    account,
    redemption: "I1",
    points: points("10"),
    redemptionType: "TRAVEL",
    processedBy: "E078562",
    occurredAt: "2025-12-02",
    ...over
  }) as ImportRecord

const importOne = (imported: ImportRecord) => importHistory(History.ofRecords([{ line: 1, record: imported }]))

/** Runs an effect and requires that nothing but keys has changed. */
const changingNothing = async <A>(world: World, account: Account, run: () => Promise<A>): Promise<A> => {
  const before = await world.dump(account)
  const answer = await run()
  assert.deepStrictEqual(await world.dump(account), before)
  return answer
}

const withoutReplayed = <A extends { readonly replayed: boolean }>(outcome: A) => Struct.omit(outcome, ["replayed"])

describe.each(implementations)("L8 idempotency: on %s", (implementation) => {
  const world = worldFor(implementation)

  describe.each(cases)("$name", ({ command, others }) => {
    it("L8 idempotency: the same key with the same content has no new effect and answers what there is", async () => {
      const account = newAccount()
      await world.run(redeemed(account))
      const first = await world.run(command(account))
      assert.isFalse(first.replayed)
      const again = await changingNothing(world, account, () => world.run(command(account)))
      assert.isTrue(again.replayed)
      assert.deepStrictEqual(withoutReplayed(again), withoutReplayed(first))
    })

    it("L8 idempotency: the same key with other content is a conflict that names the fields", async () => {
      const account = newAccount()
      await world.run(redeemed(account))
      await world.run(command(account))
      for (const [fields, other] of others) {
        const conflict = await changingNothing(world, account, () => world.run(Effect.flip(other(account))))
        assert.strictEqual(conflict._tag, "KeyConflict")
        if (conflict._tag === "KeyConflict") assert.deepStrictEqual(conflict.fields, fields)
      }
    })
  })

  it("L8 idempotency: a record that was imported adds nothing again, and one with other content is refused", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const first = await world.run(importOne(record(account)))
    assert.deepStrictEqual([first.imported, first.replayed], [1, 0])
    const again = await changingNothing(world, account, () => world.run(importOne(record(account))))
    assert.deepStrictEqual([again.imported, again.replayed], [0, 1])
    const other = await changingNothing(world, account, () =>
      world.run(importOne(record(account, { points: points("11") })))
    )
    const [refused] = other.refused
    assert.deepInclude(refused?.refusal, { _tag: "KeyConflict", kind: "redeem", key: "I1", fields: ["points"] })
  })

  it("L8 idempotency: an imported record and the command of the same key and content are one", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    await world.run(importOne(record(account)))
    const typed = { ...redeem(account, "I1", "10", "2025-12-02"), redemptionType: "TRAVEL" } as const
    assert.isTrue((await world.run(redeemPoints(typed))).replayed)
  })

  it("L8 idempotency: an instant that was defaulted is no content", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const now = { ...redeem(account, "R2", "10", "2025-12-02"), dated: false }
    await world.run(redeemPoints(now))
    const later = await world.run(redeemPoints({ ...now, occurredAt: at("2025-12-09") }))
    assert.isTrue(later.replayed)
    assert.strictEqual(later.occurredAt, at("2025-12-02"))
  })

  it("L8 idempotency: amounts are compared by their value and draws by their order", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const draws = [{ lotId: lot("B"), points: points("10.50") }]
    await world.run(redeemPoints({ ...redeem(account, "R2", "10.5", "2025-12-02"), draws }))
    assert.isTrue((await world.run(redeemPoints({ ...redeem(account, "R2", "10.50", "2025-12-02"), draws }))).replayed)
  })

  it("L8 idempotency: a refusal is remembered and answered again when the state would allow the command", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const tooMuch = redeem(account, "R2", "60", "2025-12-02")
    const unknown = credit(account, "R3", "c3", "2025-12-24", "1")
    const refusals = () =>
      world.run(Effect.all([Effect.flip(redeemPoints(tooMuch)), Effect.flip(recordCredit(unknown))]))
    const keys = await world.keys()
    const first = await changingNothing(world, account, refusals)
    assert.deepStrictEqual(
      first.map((refusal) => refusal._tag),
      ["InsufficientPoints", "UnknownRedemption"]
    )
    if (keys !== undefined) assert.strictEqual(await world.keys(), keys + 2)
    await world.run(earnPoints(earn(account, "D", "100", "2025-12-01")))
    await world.run(redeemPoints(redeem(account, "R3", "10", "2025-12-02")))
    const again = await changingNothing(world, account, refusals)
    assert.deepStrictEqual(again, first)
    await world.run(redeemPoints({ ...tooMuch, redemptionId: redemption("R4") }))
    await world.run(recordCredit({ ...unknown, creditId: Examples.creditId("c4") }))
  })

  it("L8 idempotency: credits above what remains or was redeemed are refused for ever under their id", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const above = [
      credit(account, "R1", "above", "2025-12-24", "150.01"),
      credit(account, "R1", "remaining", "2025-12-24", "81")
    ]
    await world.run(recordCredit(credit(account, "R1", "c1", "2025-12-24", "70")))
    for (const [index, tag] of ["ExceedsRedeemed", "ExceedsRemaining"].entries()) {
      for (const _ of [1, 2]) {
        const refusal = await changingNothing(world, account, () => world.run(Effect.flip(recordCredit(above[index]!))))
        assert.strictEqual(refusal._tag, tag)
      }
      const other = { ...above[index]!, points: points("1") }
      assert.strictEqual((await world.run(Effect.flip(recordCredit(other))))._tag, "KeyConflict")
    }
  })

  it("L8 idempotency: an amount that no command may carry leaves the key free", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const keys = await world.keys()
    for (const amount of ["0", "-1", "0.001"]) {
      const wrong = { ...credit(account, "R1", "c1", "2025-12-24"), points: points(amount) }
      const refusal = await changingNothing(world, account, () => world.run(Effect.flip(recordCredit(wrong))))
      assert.strictEqual(refusal._tag, "InvalidPoints")
    }
    assert.strictEqual(await world.keys(), keys)
    assert.isFalse((await world.run(recordCredit(credit(account, "R1", "c1", "2025-12-24", "1")))).replayed)
  })

  it("L8 idempotency: another credit in flight leaves the key free", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const held = credit(account, "R1", "held", "2025-12-24", "10")
    const silent = await world.run(Effect.provide(creditRedemption(held), FakeMastercard.silent))
    assert.strictEqual(silent.outcome, "CreditOutcomeUnknown")
    const second = credit(account, "R1", "second", "2025-12-24", "10")
    const refusal = await changingNothing(world, account, () => world.run(Effect.flip(recordCredit(second))))
    assert.strictEqual(refusal._tag, "CreditInFlight")
    await world.run(release(held))
    assert.isFalse((await world.run(recordCredit(second))).replayed)
  })

  it("L8 idempotency: a lost race leaves the key free, and one that is won later is no repetition", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const keys = await world.keys()
    const command = recordCredit(credit(account, "R1", "c1", "2025-12-24", "10"))
    const busy = await changingNothing(world, account, () => world.run(Effect.flip(losing(command, Infinity))))
    assert.deepInclude(busy, { _tag: "AccountBusy", attempts: 40 })
    assert.strictEqual(await world.keys(), keys)
    assert.isFalse((await world.run(losing(command, 3))).replayed)
  })
})

/** Releases what a credit holds, as settling will. */
const release = ({ account, creditId, redemptionId }: CreditRedemption) =>
  execute({
    target: { program, account },
    caller: {},
    command: { _tag: "DeclineCredit", redemptionId, creditId, reasons: [], occurredAt: at("2025-12-25") },
    key: null,
    lots: [],
    horizon: Instant.END,
    redemptions: [redemptionId]
  })

/** Runs a command whose appends lose their first races; the waits between attempts take no time. */
const losing = <A, E>(command: Effect.Effect<A, E, EventStore.EventStore>, races: number) =>
  Effect.gen(function* () {
    const store = yield* EventStore.EventStore
    let lost = 0
    const append: typeof store.append = (request) =>
      lost++ < races ? Effect.fail(new EventStore.VersionConflict({ expected: 0 })) : store.append(request)
    const racing = Effect.provideService(command, EventStore.EventStore, { ...store, append })
    const fiber = yield* Effect.forkChild(racing)
    const ticking = yield* Effect.forkChild(
      Effect.forever(Effect.andThen(TestClock.adjust(Duration.millis(50)), Effect.yieldNow))
    )
    return yield* Effect.ensuring(Fiber.join(fiber), Fiber.interrupt(ticking))
  }).pipe(Effect.provide(TestClock.layer()))

describe("L8 idempotency: any sequence", () => {
  const world = worldFor("memory")

  const day = fc.constantFrom("2025-06-01", "2025-12-01", "2026-01-20", "2026-02-01", "2026-06-01")
  const amount = fc.constantFrom("1", "5", "20", "75.5", "150", "1000")
  const redemptionId = fc.constantFrom("R1", "R2", "R9")
  const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined })

  type Step = (account: Account) => Attempt
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom("A", "B", "C"), amount, day).map(
      ([id, of, when]): Step =>
        (account) =>
          earnPoints(earn(account, id, of, when, "2026-05-01"))
    ),
    fc.tuple(fc.constantFrom("k1", "k2"), fc.constantFrom("A", "C", "Z"), fc.constantFrom("-20", "5"), day).map(
      ([key, id, of, when]): Step =>
        (account) =>
          adjustPoints(adjust(account, key, id, of, when))
    ),
    fc.tuple(redemptionId, amount, day).map(
      ([id, of, when]): Step =>
        (account) =>
          redeemPoints(redeem(account, id, of, when))
    ),
    fc.tuple(redemptionId, fc.constantFrom("c1", "c2", "c3"), day, maybe(amount)).map(
      ([id, key, when, of]): Step =>
        (account) =>
          recordCredit(credit(account, id, key, when, of))
    )
  )

  /** Outcomes of all steps; a redemption's balance is left out, since what is learned later may restate it. */
  const outcomes = (account: Account, steps: ReadonlyArray<Step>) =>
    Effect.forEach(steps, (each) =>
      Effect.map(Effect.result(each(account)), (result) => {
        if (Result.isFailure(result)) return result.failure
        return Struct.omit(result.success as { readonly replayed: boolean; readonly balance?: bigint }, [
          "balance",
          "replayed"
        ])
      })
    )

  it("L8 idempotency: a sequence of commands that is run a second time appends nothing and answers the same", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const account = newAccount()
        await world.run(earnPoints(earn(account, "first", "100", "2025-01-10", "2026-01-10")))
        const first = await world.run(outcomes(account, steps))
        const second = await changingNothing(world, account, () => world.run(outcomes(account, steps)))
        assert.deepStrictEqual(second, first)
      })
    ))
})

describe("L8 idempotency: a credit over Mastercard", () => {
  const world = worldFor("memory")

  it("L8 idempotency: is called once however often it is asked for", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    let calls = 0
    const counting = FakeMastercard.answering(() =>
      Effect.sync(() => {
        calls++
        return FakeMastercard.credited()
      })
    )
    const ask = creditRedemption(credit(account, "R1", "c1", "2025-12-24")).pipe(Effect.provide(counting))
    const first = await world.run(ask)
    assert.strictEqual(first.outcome, "FullyCredited")
    const again = await changingNothing(world, account, () => world.run(ask))
    assert.deepStrictEqual(again, { ...first, replayed: true })
    assert.strictEqual(calls, 1)
  })

  it("L8 idempotency: a refusal calls nobody", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const nobody: Layer.Layer<Mastercard> = Layer.mock(Mastercard, {})
    const refusal = await changingNothing(world, account, () =>
      world.run(Effect.flip(Effect.provide(creditRedemption(credit(account, "R1", "c1", "2025-12-24", "151")), nobody)))
    )
    assert.strictEqual(refusal._tag, "ExceedsRedeemed")
  })
})
