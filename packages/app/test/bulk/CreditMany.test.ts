/** Many credits at once: their order, who waits, and when a run stops by itself. */
import {
  type CreditRequest,
  DatabaseError,
  EventStore,
  type Mastercard,
  MastercardNotSent,
  MastercardRefused,
  MemoryStores
} from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Deferred, Effect, Exit, Fiber, Layer, Stream } from "effect"
import fc from "fast-check"
import { assert, beforeAll, describe, it } from "vitest"
import { type CreditsStopped, MAXIMUM_TURNED_AWAY_IN_A_ROW, MAXIMUM_UNCERTAIN_IN_A_ROW } from "../../src/bulk/Brake.ts"
import { creditMany, type CreditManyOptions, recordMany } from "../../src/bulk/CreditMany.ts"
import { type BatchedCredit, type CreditResult, statusOf } from "../../src/bulk/CreditResult.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { creditId, earn, newAccount, points, program, redeem, redemption } from "../support/Commands.ts"
import { answering, credited, unknownOutcome } from "../support/FakeMastercard.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { implementations, worldFor } from "../support/World.ts"

const redeemed = (account: Ids.AccountNumber, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* earnPoints(earn(account, "lot", "100000", "2025-01-01"))
    for (const id of ids) yield* redeemPoints(redeem(account, id, "1000", "2025-02-01"))
  })

const credit = (account: Ids.AccountNumber, redemptionId: string, id: string, amount = "1"): BatchedCredit => ({
  program,
  account,
  redemptionId: redemption(redemptionId),
  creditId: creditId(id),
  points: points(amount)
})

const namesOf = (results: ReadonlyArray<CreditResult>): ReadonlyArray<readonly [string, string]> =>
  results.map((result) => [String(result.credit.creditId), statusOf(result)] as const)

/** Runs credits; answers the results, and why the run stopped by itself where it did. */
const runAll = (credits: ReadonlyArray<BatchedCredit>, options: CreditManyOptions = {}) =>
  Effect.gen(function* () {
    const results: Array<CreditResult> = []
    const stopped = yield* creditMany(Stream.fromIterable(credits), options).pipe(
      Stream.runForEach((result) => Effect.sync(() => void results.push(result))),
      Effect.as(undefined),
      Effect.catchTag("CreditsStopped", (stop): Effect.Effect<CreditsStopped> => Effect.succeed(stop))
    )
    return { results, stopped }
  })

const inMemory = <A, E>(
  credit: Parameters<typeof answering>[0],
  effect: Effect.Effect<A, E, Layer.Success<typeof MemoryStores.layer> | Mastercard>
) => Effect.runPromise(Effect.provide(effect, Layer.merge(MemoryStores.layer, answering(credit))))

describe("the order of many credits", () => {
  it("is that of the file within a redemption, however long calls take, with as many in flight as asked for at most", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 6 })), {
          minLength: 1,
          maxLength: 60
        }),
        fc.integer({ min: 1, max: 9 }),
        async (chosen, inFlight) => {
          const account = newAccount()
          const waits = new Map(chosen.map(([, wait], place) => [points(String(place + 1)), wait]))
          const began: Array<CreditRequest> = []
          let [flying, most, together] = [0, 0, 0]
          const perRedemption = new Map<string, number>()
          const slowly = (request: CreditRequest) =>
            Effect.gen(function* () {
              began.push(request)
              most = Math.max(most, ++flying)
              const same = (perRedemption.get(request.redemptionId) ?? 0) + 1
              perRedemption.set(request.redemptionId, same)
              together = Math.max(together, same)
              for (let n = waits.get(request.points!)!; n > 0; n--) yield* Effect.yieldNow
              perRedemption.set(request.redemptionId, same - 1)
              flying--
              return credited()
            })
          const credits = chosen.map(([index], place) => credit(account, `R${index}`, `c${place}`, String(place + 1)))
          const { results } = await inMemory(
            slowly,
            Effect.andThen(redeemed(account, ["R0", "R1", "R2", "R3", "R4"]), runAll(credits, { inFlight }))
          )
          type Asked = { readonly redemptionId: string; readonly points?: bigint | undefined }
          const amountsOf = (all: ReadonlyArray<Asked>, id: string) =>
            all.filter(({ redemptionId }) => redemptionId === id).map(({ points: amount }) => amount)
          const told = results.map((result) => result.credit)
          for (const { redemptionId } of credits) {
            const expected = amountsOf(credits, redemptionId)
            assert.deepStrictEqual(amountsOf(began, redemptionId), expected)
            assert.deepStrictEqual(amountsOf(told, redemptionId), expected)
          }
          assert.strictEqual(results.length, credits.length)
          assert.isTrue(results.every((result) => statusOf(result) === "PartiallyCredited"))
          assert.strictEqual(together, 1)
          assert.isAtMost(most, inFlight)
        }
      )
    )
  })

  it("lets others pass while one redemption takes long, and asks for one alone until Mastercard has answered", async () => {
    const account = newAccount()
    const redemptions = Array.from({ length: 8 }, (_, index) => `R${index}`)
    const seen: Array<number> = []
    let flying = 0
    const program_ = Effect.gen(function* () {
      yield* redeemed(account, redemptions)
      const gate = yield* Deferred.make<void>()
      const credits = redemptions.map((id) => credit(account, id, `c-${id}`))
      const hold = (request: CreditRequest) =>
        Effect.gen(function* () {
          seen.push(++flying)
          if (request.redemptionId === redemption("R1")) yield* Deferred.await(gate)
          else yield* Effect.sleep("5 millis")
          if (request.redemptionId === redemption("R7")) yield* Deferred.succeed(gate, undefined)
          flying--
          return credited()
        })
      return yield* Effect.provide(runAll(credits, { inFlight: 4 }), answering(hold))
    })
    const { results } = await Effect.runPromise(Effect.provide(program_, MemoryStores.layer))
    assert.strictEqual(results.length, 8)
    // The one that takes long is answered when the last one is; what was answered just before may be recorded just after.
    assert.isAtLeast(
      namesOf(results).findIndex(([id]) => id === "c-R1"),
      4
    )
    // The first call is alone; once it is answered, all go.
    assert.deepStrictEqual([seen[0], seen[1]], [1, 1])
    assert.strictEqual(Math.max(...seen), 4)
  })
})

describe("a run stops by itself", () => {
  const thirty = (account: Ids.AccountNumber) =>
    Array.from({ length: 30 }, (_, index) => credit(account, `R${index}`, `c${index}`))
  const withThirty = (account: Ids.AccountNumber) =>
    redeemed(
      account,
      Array.from({ length: 30 }, (_, index) => `R${index}`)
    )

  const notSent = new MastercardNotSent({ call: "POST", cause: "connectionRefused", detail: "ECONNREFUSED" })
  const refused = (source: string) =>
    new MastercardRefused({
      call: "POST",
      status: 401,
      reasons: [
        { source, reasonCode: "AUTHENTICATION_FAILED", description: "no", recoverable: undefined, details: undefined }
      ],
      body: undefined
    })

  it.each([
    [
      "when Mastercard cannot be reached",
      notSent,
      "mastercardNotReached",
      MAXIMUM_TURNED_AWAY_IN_A_ROW,
      "CreditDeclined"
    ],
    [
      "when the gateway turns all away",
      refused("Gateway"),
      "turnedAway",
      MAXIMUM_TURNED_AWAY_IN_A_ROW,
      "CreditDeclined"
    ],
    [
      "when nobody knows what happens",
      unknownOutcome,
      "outcomesUnknown",
      MAXIMUM_UNCERTAIN_IN_A_ROW,
      "CreditOutcomeUnknown"
    ]
  ] as const)("%s, after a few that were asked for one by one", async (_, error, cause, most, status) => {
    const account = newAccount()
    let calls = 0
    const fail = () =>
      Effect.andThen(
        Effect.sync(() => calls++),
        Effect.fail(error)
      )
    const { again, results, stopped } = await inMemory(
      fail,
      Effect.gen(function* () {
        yield* withThirty(account)
        const first = yield* runAll(thirty(account), { inFlight: 8 })
        // The same again begins nothing that is known, and stops as early.
        return { ...first, again: yield* runAll(thirty(account), { inFlight: 8 }) }
      })
    )
    assert.deepInclude(stopped, { cause, inARow: most })
    assert.match(stopped!.message, /run the same file/)
    assert.deepStrictEqual(
      namesOf(results),
      Array.from({ length: most }, (_, index) => [`c${index}`, status] as const)
    )
    assert.strictEqual(calls, 2 * most)
    assert.strictEqual(
      again.results.filter((result) => result._tag === "Outcome" && result.outcome.replayed).length,
      most
    )
  })

  it("and what was stored to be asked for next is declined without having been sent", async () => {
    const account = newAccount()
    let calls = 0
    const { results, stopped } = await inMemory(
      () =>
        Effect.gen(function* () {
          if (++calls === 1) return credited()
          yield* Effect.sleep("20 millis")
          return yield* Effect.fail(unknownOutcome)
        }),
      Effect.andThen(withThirty(account), runAll(thirty(account), { inFlight: 6 }))
    )
    assert.deepInclude(stopped, { cause: "outcomesUnknown" })
    const reasons = results.flatMap((result) => (result._tag === "Outcome" ? result.outcome.reasons : []))
    assert.isAtLeast(reasons.length, 1)
    for (const reason of reasons) {
      assert.deepInclude(reason, { source: "pointback", reasonCode: "runStopped" })
      assert.include(reason.description, "nobody knows what became of 10 credits in a row")
    }
    assert.strictEqual(calls + reasons.length, results.length)
    assert.isBelow(results.length, 30)
  })

  it("and not when the API itself declines one after the other", async () => {
    const account = newAccount()
    const { results, stopped } = await inMemory(
      () => Effect.fail(refused("digital-redemptions-api")),
      Effect.andThen(withThirty(account), runAll(thirty(account)))
    )
    assert.isUndefined(stopped)
    assert.strictEqual(results.length, 30)
  })

  it("when it is told to: what is in flight ends and is among the results, nothing else is begun", async () => {
    const account = newAccount()
    const controller = new AbortController()
    let calls = 0
    const { results, stopped } = await inMemory(
      () =>
        Effect.gen(function* () {
          if (++calls === 5) controller.abort()
          yield* Effect.sleep("10 millis")
          return credited()
        }),
      Effect.andThen(withThirty(account), runAll(thirty(account), { inFlight: 3, signal: controller.signal }))
    )
    assert.isUndefined(stopped)
    assert.strictEqual(results.length, calls)
    assert.isBelow(calls, 9)
  })

  it("when it is interrupted: whoever does waits until what is in flight is recorded", async () => {
    const account = newAccount()
    let [calls, ended] = [0, 0]
    const outcomes = await Effect.runPromise(
      Effect.gen(function* () {
        yield* withThirty(account)
        const busy = yield* Deferred.make<void>()
        const slowly = () =>
          Effect.gen(function* () {
            if (++calls === 4) yield* Deferred.succeed(busy, undefined)
            yield* Effect.sleep(calls === 1 ? 1 : 30)
            ended++
            return credited()
          })
        const running = yield* Effect.forkChild(
          Effect.provide(runAll(thirty(account), { inFlight: 3 }), answering(slowly))
        )
        yield* Deferred.await(busy)
        yield* Fiber.interrupt(running)
        const after = yield* Effect.provide(
          runAll(thirty(account)),
          answering(() => Effect.succeed(credited()))
        )
        return after.results
      }).pipe(Effect.provide(MemoryStores.layer))
    )
    assert.strictEqual(calls, ended)
    assert.isBelow(calls, 9)
    // Everything that was sent is known by now: it was recorded before the interruption ended.
    const known = outcomes.filter((result) => result._tag === "Outcome" && result.outcome.replayed)
    assert.strictEqual(known.length, calls)
    assert.isTrue(outcomes.every((result) => statusOf(result) === "PartiallyCredited"))
  })

  it("with the defect of a credit, after those in flight", async () => {
    const account = newAccount()
    const exit = await inMemory(
      ({ redemptionId }) =>
        redemptionId === redemption("R3") ? Effect.die(new Error("a bug")) : Effect.succeed(credited()),
      Effect.andThen(withThirty(account), Effect.exit(runAll(thirty(account), { inFlight: 2 })))
    )
    assert.isTrue(Exit.hasDies(exit))
  })
})

for (const implementation of implementations) {
  describe(`over HTTP on ${implementation}`, () => {
    const world = worldFor(implementation)
    const sandbox = sandboxServer()
    const accounts = Array.from({ length: 6 }, newAccount)
    const redemptionOf = (account: Ids.AccountNumber) => `R-${account.slice(-6)}`

    beforeAll(async () => {
      for (const account of accounts) await world.run(redeemed(account, [redemptionOf(account)]))
      await sandbox.knows(accounts.map((account) => ({ account, redemption: redemptionOf(account), points: "1000" })))
    })

    it("credits each once, whoever asks again; what is held lets nobody else of its redemption through", async () => {
      const credits = Array.from({ length: 60 }, (_, place) => {
        const account = accounts[place % accounts.length]!
        return credit(account, redemptionOf(account), `c${place}`, String(place + 1))
      })
      const unknownAccount = credit(newAccount(), "R", "lost")
      const over = credit(accounts[0]!, redemptionOf(accounts[0]!), "over", "999")
      const all = [unknownAccount, ...credits, over]
      const run = () => world.run(Effect.provide(runAll(all, { inFlight: 8 }), sandbox.client()))
      const first = await run()
      const second = await run()
      for (const { results, stopped } of [first, second]) {
        assert.isUndefined(stopped)
        const statuses = new Map(namesOf(results))
        assert.deepStrictEqual([statuses.get("lost"), statuses.get("over")], ["refused", "refused"])
        assert.strictEqual(results.filter((result) => statusOf(result) === "PartiallyCredited").length, 60)
      }
      assert.isTrue(second.results.every((result) => result._tag === "Failed" || result.outcome.replayed))
      const truth = await sandbox.credits()
      for (const account of accounts) {
        const amounts = credits.filter((one) => one.account === account).map(({ points: amount }) => amount!)
        assert.deepStrictEqual(truth.get(redemptionOf(account)), amounts)
      }
      assert.deepStrictEqual(await world.differences(), [])

      const [held] = accounts as [Ids.AccountNumber]
      const silent = answering(() => Effect.fail(unknownOutcome))
      const holding = credit(held, redemptionOf(held), "holding")
      await world.run(Effect.provide(runAll([holding]), silent))
      const behind = [
        holding,
        credit(held, redemptionOf(held), "behind"),
        ...accounts.slice(1).map((account) => credit(account, redemptionOf(account), "beside"))
      ]
      const { results } = await world.run(Effect.provide(runAll(behind), sandbox.client()))
      assert.deepStrictEqual(
        new Map(namesOf(results)),
        new Map([
          ["holding", "CreditOutcomeUnknown"],
          ["behind", "waiting"],
          ["beside", "PartiallyCredited"]
        ])
      )
    })

    it("records many without a call in the same manner", async () => {
      const account = newAccount()
      await world.run(redeemed(account, ["L1", "L2"]))
      const credits = Array.from({ length: 20 }, (_, place) => credit(account, `L${(place % 2) + 1}`, `l${place}`))
      const results = await world.run(
        Stream.runCollect(recordMany(Stream.fromIterable(credits), { caller: { actor: "desk" } }))
      )
      assert.strictEqual(results.filter((result) => statusOf(result) === "PartiallyCredited").length, 20)
      const last = results.filter(({ credit: { redemptionId } }) => redemptionId === redemption("L1")).at(-1)
      assert.isTrue(last?._tag === "Outcome" && last.outcome.remaining === points("990"))
    })

    it("decides an outcome on what its request left, and anew where the account has changed meanwhile", async () => {
      const account = newAccount()
      await world.run(redeemed(account, ["K1", "K2"]))
      let loads = 0
      const counted = Effect.map(EventStore.EventStore, (store) =>
        EventStore.EventStore.of({
          ...store,
          load: (request) =>
            Effect.andThen(
              Effect.sync(() => void loads++),
              store.load(request)
            ),
          together: store.together && {
            ...store.together,
            load: (requests) =>
              Effect.suspend(() => {
                loads += requests.length
                return (store.together as EventStore.Together).load(requests)
              })
          }
        })
      )
      const busy = Effect.gen(function* () {
        const store = yield* counted
        const changing = answering(({ redemptionId }) =>
          redemptionId === redemption("K1")
            ? Effect.succeed(credited())
            : Effect.as(
                Effect.orDie(
                  Effect.provideService(
                    earnPoints(earn(account, "other", "5", "2025-03-01")),
                    EventStore.EventStore,
                    store
                  )
                ),
                credited()
              )
        )
        const one = (id: string) => runAll([credit(account, id, `k-${id}`)], {})
        const asked = Effect.gen(function* () {
          loads = 0
          const quiet = yield* one("K1")
          const atQuiet = loads
          loads = 0
          const changed = yield* one("K2")
          return { quiet, atQuiet, changed, atChanged: loads }
        })
        return yield* asked.pipe(Effect.provideService(EventStore.EventStore, store), Effect.provide(changing))
      })
      const { atChanged, atQuiet, changed, quiet } = await world.run(busy)
      // The look whether the credit is known, and its own; then the other command's, and another one for the outcome.
      assert.deepStrictEqual([atQuiet, atChanged], [2, 4])
      for (const { results } of [quiet, changed]) assert.deepStrictEqual(results.map(statusOf), ["PartiallyCredited"])
      assert.deepStrictEqual(await world.differences(), [])
    })
  })
}

describe("a database that cannot be reached", () => {
  it("stops the run with the first credit that meets it", async () => {
    const account = newAccount()
    const gone = new DatabaseError({ reason: { _tag: "Unreachable", outcomeUnknown: false } })
    const credits = Array.from({ length: 40 }, (_, index) => credit(account, `R${index}`, `c${index}`))
    const run = Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      return yield* Effect.provideService(runAll(credits, { inFlight: 4 }), EventStore.EventStore, {
        ...store,
        load: () => Effect.fail(gone)
      })
    })
    const { results, stopped } = await inMemory(() => Effect.die("nobody is called"), run)
    assert.deepInclude(stopped, { cause: "databaseUnreachable", inARow: 1 })
    assert.isAtMost(results.length, 4)
    assert.isTrue(results.every((result) => statusOf(result) === "failed"))
  })
})
