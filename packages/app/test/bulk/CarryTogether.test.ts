/** Commands of many accounts that are carried out together come to what each would come to by itself. */
import { DatabaseError, EventStore } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Effect, Stream } from "effect"
import { assert, describe, it } from "vitest"
import { recordMany } from "../../src/bulk/CreditMany.ts"
import { type BatchedCredit, type CreditResult, statusOf } from "../../src/bulk/CreditResult.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { creditId, earn, newAccount, points, program, redeem, redemption } from "../support/Commands.ts"
import { implementations, worldFor } from "../support/World.ts"

const MANY = 24

const redeemed = (accounts: ReadonlyArray<Ids.AccountNumber>) =>
  Effect.forEach(
    accounts,
    (account) =>
      Effect.gen(function* () {
        yield* earnPoints(earn(account, "lot", "1000", "2025-01-01"))
        for (const id of ["R1", "R2"]) yield* redeemPoints(redeem(account, id, "100", "2025-02-01"))
      }),
    { concurrency: MANY, discard: true }
  )

const credit = (account: Ids.AccountNumber, id: string, redemptionId = "R1", amount = "1"): BatchedCredit => ({
  program,
  account,
  redemptionId: redemption(redemptionId),
  creditId: creditId(id),
  points: points(amount)
})

const many = () => Array.from({ length: MANY }, () => newAccount())

const recordAll = (credits: ReadonlyArray<BatchedCredit>) =>
  Stream.runCollect(recordMany(Stream.fromIterable(credits), { inFlight: MANY })).pipe(
    Effect.catchTag("CreditsStopped", () => Effect.succeed<ReadonlyArray<CreditResult>>([]))
  )

const statusesOf = (results: ReadonlyArray<CreditResult>) =>
  new Map(results.map((result) => [String(result.credit.creditId), statusOf(result)]))

type Store = EventStore.EventStore["Service"]

/** Runs with what is done together replaced. */
const withTogether = <A, E, R>(
  change: (together: EventStore.Together, store: Store) => EventStore.Together | undefined,
  effect: Effect.Effect<A, E, R>
) =>
  Effect.flatMap(EventStore.EventStore, (store) =>
    Effect.provideService(effect, EventStore.EventStore, {
      ...store,
      together: change(store.together as EventStore.Together, store)
    })
  )

const unreachable = new DatabaseError({ reason: { _tag: "Unreachable", outcomeUnknown: true } })

for (const implementation of implementations.filter((one) => one !== "memory")) {
  describe(`commands that are carried out together on ${implementation}`, () => {
    const world = worldFor(implementation)

    it("cost few statements, and each is done once", async () => {
      const accounts = many()
      let [loads, appends] = [0, 0]
      const results = await world.run(
        Effect.andThen(
          redeemed(accounts),
          withTogether(
            ({ append, load }) => ({
              load: (requests) => Effect.suspend(() => (loads++, load(requests))),
              append: (requests) => Effect.suspend(() => (appends++, append(requests)))
            }),
            recordAll(accounts.map((account, place) => credit(account, `few-${place}`)))
          )
        )
      )
      assert.strictEqual(results.filter((result) => statusOf(result) === "PartiallyCredited").length, MANY)
      assert.isAbove(appends, 0)
      assert.isAtMost(Math.max(loads, appends), MANY / 3)
      assert.deepStrictEqual(await world.differences(), [])
    })

    it("L8 idempotency: come to what each comes to by itself: credits, refusals, repetitions, other contents, unknown accounts", async () => {
      const commands = (accounts: ReadonlyArray<Ids.AccountNumber>) =>
        accounts.flatMap((account, place) => [
          credit(account, `a-${place}`),
          credit(account, `b-${place}`, "R2", place % 3 === 0 ? "101" : "100"),
          credit(account, `c-${place}`, "nothing"),
          // The same id again: the same credit, or another one.
          credit(account, `a-${place}`, "R1", place % 2 === 0 ? "1" : "2"),
          credit(newAccount(), `unknown-${place}`)
        ])
      const told = (credits: ReadonlyArray<BatchedCredit>, together: boolean) =>
        Effect.map(
          withTogether((all) => (together ? all : undefined), recordAll(credits)),
          (results) =>
            results
              .map((result) => {
                const what = result._tag === "Failed" ? result.error._tag : result.outcome.outcome
                const replayed = result._tag === "Outcome" && result.outcome.replayed
                return `${result.credit.creditId} ${statusOf(result)} ${what} ${replayed}`
              })
              .sort()
        )
      const [ours, others] = [many(), many()]
      await world.run(redeemed([...ours, ...others]))
      const together = await world.run(told(commands(ours), true))
      const alone = await world.run(told(commands(others), false))
      assert.deepStrictEqual(together, alone)
      assert.isAbove(new Set(together.map((one) => one.split(" ").slice(1).join(" "))).size, 4)
      assert.deepStrictEqual(await world.differences(), [])
    })

    it("are done anew by themselves where an account has changed meanwhile, and no neighbour notices", async () => {
      const accounts = many()
      const changed = accounts[3] as Ids.AccountNumber
      let moved = false
      let anew = 0
      const results = await world.run(
        Effect.andThen(
          redeemed(accounts),
          withTogether(
            (together, store) => ({
              ...together,
              append: (requests) =>
                Effect.suspend(() => {
                  const first = !moved && requests.some(({ target }) => target.account === changed)
                  moved ||= first
                  const other = Effect.orDie(earnPoints(earn(changed, "other", "5", "2025-03-01"))).pipe(
                    Effect.provideService(EventStore.EventStore, store)
                  )
                  const appended = Effect.andThen(first ? other : Effect.void, together.append(requests))
                  return Effect.tap(appended, (outcomes) =>
                    Effect.forEach(outcomes, (outcome) =>
                      Effect.map(Effect.exit(outcome), ({ _tag }) => void (_tag === "Failure" && anew++))
                    )
                  )
                })
            }),
            recordAll(accounts.map((account, place) => credit(account, `moved-${place}`)))
          )
        )
      )
      assert.deepStrictEqual([moved, anew], [true, 1])
      assert.strictEqual(results.filter((result) => statusOf(result) === "PartiallyCredited").length, MANY)
      assert.deepStrictEqual(await world.differences(), [])
    })

    it("L8 idempotency: are not done again where nobody knows whether they were", async () => {
      const accounts = many()
      const credits = accounts.map((account, place) => credit(account, `lost-${place}`))
      const lost = await world.run(
        Effect.andThen(
          redeemed(accounts),
          withTogether(
            (together) => ({
              ...together,
              append: (requests) =>
                Effect.map(together.append(requests), (all) => all.map(() => Effect.fail(unreachable)))
            }),
            recordMany(Stream.fromIterable(credits), { inFlight: MANY }).pipe(
              Stream.runForEach((result) => Effect.sync(() => assert.strictEqual(statusOf(result), "failed"))),
              Effect.flip
            )
          )
        )
      )
      assert.deepInclude(lost, { _tag: "CreditsStopped", cause: "databaseUnreachable" })
      const again = await world.run(recordAll(credits))
      assert.strictEqual(again.filter((result) => result._tag === "Outcome").length, MANY)
      // What had been stored was stored once.
      assert.isTrue(again.some((result) => result._tag === "Outcome" && result.outcome.replayed))
      assert.deepStrictEqual(await world.differences(), [])
    })

    it("are done by themselves where the database refuses to look at them together", async () => {
      const accounts = many()
      const refused = new DatabaseError({ reason: { _tag: "Deadlock" } })
      const results = await world.run(
        Effect.andThen(
          redeemed(accounts),
          withTogether(
            (together) => ({ ...together, load: () => Effect.fail(refused) }),
            recordAll(accounts.map((account, place) => credit(account, `refused-${place}`)))
          )
        )
      )
      assert.deepStrictEqual(new Set(statusesOf(results).values()), new Set(["PartiallyCredited"]))
      assert.strictEqual(results.length, MANY)
    })
  })
}
