/** The reference scenario on both clocks, late facts, and what is refused. */
import { EventLog, EventStore, type KnownAt, PolicyStore } from "@pointback/adapters"
import { Ids, Instant, type Points, Zone } from "@pointback/domain"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import type { AnyStore } from "../../../adapters/test/support/StoresUnderTest.ts"
import { resetClock, setClock } from "../../../adapters/test/support/Appending.ts"
import { inTransaction } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { aliasAccount } from "../../src/command/AliasAccount.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { aging } from "../../src/query/Aging.ts"
import { restatement } from "../../src/query/Restatement.ts"
import { cellEvents, rollForward } from "../../src/query/RollForward.ts"
import { schedule } from "../../src/query/Schedule.ts"
import { statement } from "../../src/query/Statement.ts"
import { at, credit, earn, lot, newAccount, points, program, redeem } from "../support/Commands.ts"
import { implementations, type World, worldFor } from "../support/World.ts"

const DAY = Instant.MICROS_PER_DAY

/** When each of the five commands of the scenario was recorded, on databases whose clock can be set. */
const RECORDED = ["2025-01-11", "2025-03-12", "2025-12-03", "2026-01-25", "2026-02-10"]

const recordScenario = async (world: World, account: Ids.AccountNumber, clock: (day: string) => Promise<unknown>) => {
  const commands: ReadonlyArray<Effect.Effect<unknown, unknown, EventStore.EventStore>> = [
    earnPoints(earn(account, "A", "100", "2025-01-10", "2026-01-10")),
    earnPoints(earn(account, "B", "100", "2025-03-10", "2026-03-10")),
    redeemPoints(redeem(account, "R1", "150", "2025-12-01")),
    recordCredit(credit(account, "R1", "C1", "2026-01-20", "70")),
    recordCredit(credit(account, "R1", "C2", "2026-02-01"))
  ]
  for (const [index, command] of commands.entries()) {
    await clock(RECORDED[index]!)
    await world.run(command)
  }
}

const recordings = (account: Ids.AccountNumber) =>
  Effect.gen(function* () {
    const store = yield* EventStore.EventStore
    const ref = (yield* store.find(program, account))!
    return (yield* Stream.runCollect(store.readAccount(ref))).map(({ recordedAt }) => recordedAt)
  })

/** What the semantics say that the lots hold on a day, when so many of the five facts are known. */
const expected = (
  day: bigint,
  known: number
): { readonly A: number; readonly B: number; readonly restored: number } => {
  const [redeemed, partly] = [day >= at("2025-12-01"), day >= at("2026-01-20")]
  const A = known >= 1 && day >= at("2025-01-10") && day < at("2026-01-10") ? (known >= 3 && redeemed ? 0 : 100) : 0
  if (known < 2 || day < at("2025-03-10") || day >= at("2026-03-10")) return { A, B: 0, restored: 0 }
  const restored = known >= 4 && partly ? 50 : 0
  return { A, B: (known >= 3 && redeemed ? 50 : 100) + restored, restored }
}

describe.each(implementations)("the reference scenario on %s", (implementation) => {
  const world = worldFor(implementation)
  const account = newAccount()
  let recorded: ReadonlyArray<bigint> = []
  /** Sets the database's idea of now; memory has the process's clock. */
  const clock = (day: string) =>
    implementation === "memory" ? Promise.resolve() : world.run(setClock(`${day} 12:00Z`) as Effect.Effect<unknown>)

  beforeAll(async () => {
    await recordScenario(world, account, clock)
    await clock("2026-03-20")
    recorded = await world.run(recordings(account))
    assert.lengthOf(recorded, RECORDED.length)
    if (implementation !== "memory") {
      assert.deepStrictEqual(
        recorded.map((instant) => Instant.toString(instant).slice(0, 10)),
        RECORDED
      )
    }
  })

  it("L11 two clocks: holds on each day, and by each knowledge, what follows from the semantics", async () => {
    // Before the first recording, just at each, and just before the next.
    const knowledge = recorded.flatMap((instant, index) => [
      [instant - 1n, index] as const,
      [instant, index + 1] as const
    ])
    let asked = 0
    for (let day = at("2025-12-01"); day <= at("2026-03-15"); day += DAY) {
      for (const [knownAt, known] of knowledge) {
        const question = { program, account, asOf: day, basis: "age", knownAt } as const
        const { lots, provisional, total } = await world.run(aging(question))
        const { A, B, restored } = expected(day, known)
        const held = (lot: string) => lots.find(({ lotId }) => lotId === lot)?.points ?? 0n
        const where = `${Instant.toString(day)} as known after ${known}`
        assert.deepStrictEqual(
          [held("A"), held("B"), total],
          [A, B, A + B].map((n) => points(String(n))),
          where
        )
        assert.strictEqual(lots.find(({ lotId }) => lotId === "B")?.restored ?? 0n, points(String(restored)), where)
        assert.isFalse(provisional)
        asked += 1
      }
    }
    assert.strictEqual(asked, 105 * 10)
  }, 120_000)

  it("L9 expired meanwhile: rolls forward by what was known then, and what came back later expired later", async () => {
    const whole = (amount: Points.Points) => Number(amount / points("1"))
    const rows = async (knownAt: bigint) => {
      const question = { program, from: at("2025-12-01"), to: at("2026-04-01"), knownAt, withCohorts: false }
      const answer = await world.run(rollForward(question))
      return answer.rows.map((row) => [
        ...[row.opening, row.redeemed, row.creditedLive, row.creditedExpired].map(whole),
        ...[row.expiredByTime, row.expiredOnReversal, row.closing].map(whole)
      ])
    }
    assert.deepStrictEqual(await rows(recorded[4]!), [
      [200, 150, 0, 0, 0, 0, 50],
      [50, 0, 50, 20, 0, 20, 100],
      [100, 0, 0, 80, 0, 80, 100],
      [100, 0, 0, 0, 100, 0, 0]
    ])
    // Before the redemption was known, A expired by time.
    assert.deepStrictEqual(await rows(recorded[1]!), [
      [200, 0, 0, 0, 0, 0, 200],
      [200, 0, 0, 0, 100, 0, 100],
      [100, 0, 0, 0, 0, 0, 100],
      [100, 0, 0, 0, 100, 0, 0]
    ])
  })

  it("L11 two clocks: a lot that is back-dated today leaves every earlier answer as it was, and a restatement names it", async () => {
    const asOf = at("2026-02-15")
    const knownFrom = recorded[4]!
    const answers = (knownAt: bigint) =>
      world.run(
        Effect.all([
          aging({ program, account, asOf, basis: "to-expiry", knownAt }),
          aging({ program, account: null, asOf, basis: "age", knownAt }),
          schedule({ program, account, asOf, knownAt }),
          rollForward({ program, from: at("2025-01-01"), to: at("2026-04-01"), knownAt, withCohorts: true }),
          statement({ program, account, from: at("2025-05-01"), to: at("2026-04-01"), knownAt })
        ])
      )
    const before = await Promise.all(recorded.map(answers))
    await clock("2026-03-21")
    await world.run(earnPoints(earn(account, "late", "7", "2025-06-01", "2026-06-01")))
    await clock("2026-03-22")
    assert.deepStrictEqual(await Promise.all(recorded.map(answers)), before)

    const knownTo = (await world.run(recordings(account))).at(-1)!
    const restated = await world.run(restatement({ program, account: null, asOf, basis: "age", knownFrom, knownTo }))
    assert.deepStrictEqual(
      restated.lots.map(({ after, before: then, lotId, number }) => [number, lotId, then.points, after.points]),
      [[account, "late", 0n, points("7")]]
    )
    assert.deepStrictEqual(
      restated.events.map(({ event, lotId, points: moved }) => [event?.type, lotId, moved]),
      [["PointsEarned", lot("late"), points("7")]]
    )
    assert.deepStrictEqual(
      restated.buckets.map(({ bucket }) => bucket),
      ["181-365"]
    )
    assert.strictEqual(restated.after.total - restated.before.total, points("7"))
    const nothing = await world.run(
      restatement({ program, account, asOf: at("2025-05-01"), basis: "age", knownFrom, knownTo })
    )
    assert.deepStrictEqual([nothing.lots, nothing.events, nothing.buckets], [[], [], []])
  })

  it("L11 two clocks: refuses what can still change and names the last safe instant, which is then answered", async () => {
    const question = { program, account, asOf: at("2026-02-01"), basis: "age" } as const
    const knownAt = at("2126-01-01")
    const questions: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, AnyStore>> = [
      aging({ ...question, knownAt }),
      aging({ ...question, account: null, knownAt }),
      schedule({ program, account, asOf: question.asOf, knownAt }),
      statement({ program, account, from: at("2025-01-01"), to: at("2026-01-01"), knownAt }),
      rollForward({ program, from: at("2025-01-01"), to: at("2026-01-01"), knownAt, withCohorts: false }),
      restatement({
        program,
        account,
        asOf: question.asOf,
        basis: "age",
        knownFrom: at("2026-01-01"),
        knownTo: knownAt
      })
    ]
    for (const ask of questions) {
      const error = (await world.run(Effect.flip(ask))) as KnownAt.KnownAtNotSafe
      assert.strictEqual(error._tag, "KnownAtNotSafe")
      assert.isTrue(error.lastSafe < knownAt)
      const answer = await world.run(aging({ ...question, knownAt: error.lastSafe }))
      assert.isTrue(answer.total >= points("100"))
    }
  })

  it("shows an account by its present number, whichever it was asked by", async () => {
    const [old, present] = [newAccount(), newAccount()]
    await world.run(earnPoints(earn(old, "A", "3", "2025-01-10", "2026-06-10")))
    await world.run(aliasAccount({ program, account: old, newAccount: present, occurredAt: at("2026-01-01") }))
    const asOf = at("2026-02-15")
    for (const account of [old, present]) {
      const { lots } = await world.run(aging({ program, account, asOf, basis: "age" }))
      assert.deepStrictEqual(
        lots.map(({ number }) => number),
        [present]
      )
    }
    const all = await world.run(aging({ program, account: null, asOf, basis: "age", withLots: true }))
    const { entries } = await world.run(
      cellEvents({
        program,
        from: at("2025-01-01"),
        to: at("2025-02-01"),
        withCohorts: false,
        period: "2025-01",
        column: "earned"
      })
    )
    for (const lines of [all.lots, entries]) {
      const numbers = lines.map(({ number }) => number)
      assert.include(numbers, present)
      assert.notInclude(numbers, old)
      assert.strictEqual(new Set(lines.map((line) => `${line.account} ${line.lotId}`)).size, lines.length)
    }
  })

  it("marks an answer that names no knowledge as provisional", async () => {
    const { knownAt, provisional } = await world.run(aging({ program, account, asOf: at("2026-02-01"), basis: "age" }))
    assert.deepStrictEqual([knownAt, provisional], [null, true])
  })

  it("counts by the zone and the buckets of the policy as it was known", async () => {
    const knownAt = recorded[4]!
    await clock("2026-03-23")
    const revised = PolicyStore.use((policies) =>
      policies.revise(program, (terms) => ({
        ...terms,
        zone: Zone.Zone.make("America/Chicago"),
        agingBoundaries: [10]
      }))
    )
    await world.run(revised)
    await clock("2026-03-24")
    const ask = (known: bigint | null) =>
      world.run(
        Effect.all([
          aging({ program, account, asOf: at("2026-02-01"), basis: "age", knownAt: known }),
          aging({ program, account: null, asOf: at("2026-02-01"), basis: "age", knownAt: known }),
          schedule({ program, account, asOf: at("2026-02-01"), knownAt: known })
        ])
      )
    const [then, programThen, scheduleThen] = await ask(knownAt)
    const [now, programNow, scheduleNow] = await ask(null)
    for (const answer of [then, programThen]) {
      assert.strictEqual(answer.policy.version, 0)
      assert.deepStrictEqual(answer.buckets.map(({ bucket }) => bucket).slice(0, 2), ["0-30", "31-60"])
    }
    for (const answer of [now, programNow]) {
      assert.deepStrictEqual(
        answer.buckets.map(({ bucket }) => bucket),
        ["0-10", "over-10"]
      )
    }
    assert.strictEqual(scheduleThen.rows[0]?.date, "2026-03-10")
    // Midnight in UTC is the evening before in Chicago.
    assert.strictEqual(scheduleNow.rows[0]?.date, "2026-03-09")
    const bounded = await world.run(
      aging({ program, account, asOf: at("2026-02-01"), basis: "age", knownAt, boundaries: [5, 400] })
    )
    assert.deepStrictEqual(
      bounded.buckets.map(({ bucket, lots }) => [bucket, lots]),
      [
        ["0-5", 0],
        ["6-400", 1],
        ["over-400", 0]
      ]
    )
  })
})

describe("a policy whose transaction is open on postgres", () => {
  const world = worldFor("postgres")

  it("L11 two clocks: holds the last safe instant back, so that no answer changes when it commits", async () => {
    const other = Ids.ProgramId.make("other")
    const buckets = PolicyStore.use((policies) =>
      policies.revise(other, (terms) => ({ ...terms, agingBoundaries: [7] }))
    )
    await world.run(resetClock as Effect.Effect<unknown>)
    await world.run(
      Effect.gen(function* () {
        const [begun, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const policies = yield* PolicyStore
        yield* policies.revise(other, (terms) => ({ ...terms, agingBoundaries: [3] }))
        const open = buckets.pipe(
          Effect.tap(Deferred.succeed(begun, undefined)),
          Effect.tap(Deferred.await(end)),
          (revision) => inTransaction(revision) as typeof revision
        )
        const fiber = yield* Effect.forkChild(open)
        yield* Deferred.await(begun)
        const log = yield* EventLog
        const safe = yield* log.lastSafeInstant
        const asked = yield* policies.knownAt(other, safe)
        assert.deepStrictEqual(asked.policy.agingBoundaries, [3])
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(yield* policies.knownAt(other, safe), asked)
        const later = yield* policies.knownAt(other, yield* log.lastSafeInstant)
        assert.deepStrictEqual(later.policy.agingBoundaries, [7])
      })
    )
  })
})
