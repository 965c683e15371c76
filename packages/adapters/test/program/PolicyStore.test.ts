/** Policies under writers that come at once: versions without gaps, and a scale that holds once there are events. */
import { Decide, Ids, Instant, Points } from "@pointback/domain"
import { Deferred, Effect, Fiber, Layer, ManagedRuntime, Result } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"
import * as Stores from "../../src/Stores.ts"
import { inTransaction, rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const account = Ids.AccountNumber.make("220094110178641288073796026652")
const at = (date: string) => Instant.fromStringUnsafe(`${date}T00:00:00Z`)

/** Earns points in a program, as its policy says at that moment. */
const earn = Effect.fnUntraced(function* (program: Ids.ProgramId) {
  const store = yield* EventStore
  const loaded = yield* store.load({
    program,
    account,
    lots: [{ _tag: "All" }],
    horizon: Instant.END,
    redemptions: [],
    keys: []
  })
  const command: Decide.Command = {
    _tag: "Earn",
    lotId: Ids.LotId.make("A"),
    points: Result.getOrThrow(Points.fromString("1.25")),
    earnedAt: at("2025-01-10"),
    expiresAt: null,
    occurredAt: at("2025-01-10"),
    source: null
  }
  const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
  const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }
  const target = { program, account }
  return yield* store.append({ loaded, target, facts: facts.map((fact) => ({ fact, origin })), keys: [] })
})

const setScale = (program: Ids.ProgramId, scale: number) =>
  PolicyStore.use((policies) => policies.revise(program, (terms) => ({ ...terms, scale })))

describe.each(["pglite", "postgres"] as const)("policies on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
  })
  afterAll(() => runtime.dispose())

  it("that are revised at once get versions without gaps, and each keeps what the others changed", async () => {
    const program = Ids.ProgramId.make("revised")
    const days = Array.from({ length: 10 }, (_, index) => index + 1)
    const policies = await runtime.runPromise(
      Effect.forEach(
        days,
        (day) =>
          PolicyStore.use((store) =>
            store.revise(program, (terms) => ({
              ...terms,
              agingBoundaries: [...terms.agingBoundaries, 365 + day].sort((a, b) => a - b)
            }))
          ),
        { concurrency: "unbounded" }
      )
    )
    assert.deepStrictEqual(
      policies.map(({ policy }) => policy.version).sort((a, b) => a - b),
      days
    )
    const { policy } = await runtime.runPromise(PolicyStore.use((store) => store.current(program)))
    assert.deepStrictEqual(policy.agingBoundaries, [30, 60, 90, 180, 365, ...days.map((day) => 365 + day)])
    assert.strictEqual(policy.version, 10)
  })

  it("keep the scale of a program whose first account is being made", async () => {
    const program = Ids.ProgramId.make("first-account")
    const outcome = await runtime.runPromise(
      Effect.gen(function* () {
        yield* setScale(program, 3)
        const earned = yield* Deferred.make<void>()
        const earning = inTransaction(
          Effect.gen(function* () {
            yield* earn(program)
            yield* Deferred.succeed(earned, undefined)
            // Long enough for the other one to be waiting for us; it must not decide by what it saw before.
            yield* Effect.sleep("200 millis")
          })
        )
        const fiber = yield* Effect.forkChild(earning)
        yield* Deferred.await(earned)
        const revised = yield* Effect.result(setScale(program, 0))
        yield* Fiber.join(fiber)
        return revised
      })
    )
    assert.isTrue(Result.isFailure(outcome), "the scale was changed under an account")
    if (Result.isFailure(outcome)) assert.strictEqual(outcome.failure._tag, "ScaleFixed")
  })

  it("that change the scale make an append that was decided before load again", async () => {
    const program = Ids.ProgramId.make("changed-scale")
    await runtime.runPromise(
      Effect.gen(function* () {
        yield* setScale(program, 2)
        const store = yield* EventStore
        const policies = yield* PolicyStore
        const changing: typeof store.append = (request) =>
          Effect.andThen(
            Effect.orDie(policies.revise(program, (terms) => ({ ...terms, scale: 0 }))),
            store.append(request)
          )
        const conflict = yield* Effect.flip(
          Effect.provideService(earn(program), EventStore, { ...store, append: changing })
        )
        assert.strictEqual(conflict._tag, "VersionConflict")
        assert.strictEqual((yield* Effect.flip(earn(program)))._tag, "InvalidPoints")
        const left = yield* rows("select 1 from account_numbers where program = 'changed-scale'")
        assert.deepStrictEqual(left, [])
      })
    )
  })
})
