import { Ids } from "@pointback/domain"
import { Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import { assert, describe, it } from "vitest"
import { DatabaseError } from "../../src/database/DatabaseError.ts"
import type { Appended, Prepared } from "../../src/eventStore/AppendBatch.ts"
import * as GroupCommit from "../../src/eventStore/GroupCommit.ts"

/** An append of an account; what it would write plays no part here. */
const append = (account: string, partition = 0): Prepared =>
  ({ account: { program: "p", key: Ids.AccountKey.make(account), partition }, eventIds: [] }) as never

const accountsOf = (batch: ReadonlyArray<Prepared>) => batch.map(({ account }) => account.key as string)

const refused = new DatabaseError({ reason: { _tag: "CheckViolation", constraint: "lots_within_bounds" } })

/** A writer that lets batches through one by one, when it is told to. */
const gate = Effect.fnUntraced(function* (write: GroupCommit.Write) {
  const batches: Array<ReadonlyArray<string>> = []
  const gates: Array<Deferred.Deferred<void>> = []
  const submit = yield* GroupCommit.make((batch) =>
    Effect.gen(function* () {
      const open = yield* Deferred.make<void>()
      batches.push(accountsOf(batch))
      gates.push(open)
      yield* Deferred.await(open)
      return yield* write(batch)
    })
  )
  const openNext = Effect.suspend(() => Deferred.succeed(gates.shift()!, undefined)).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(Effect.sleep(0))
  )
  return { submit, batches, openNext }
})

const written: Appended = []
const writeAll: GroupCommit.Write = (batch) => Effect.succeed(batch.map(() => written))

const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

describe("group commit", () => {
  it("writes a single append at once, and gathers those that come meanwhile", () =>
    run(
      Effect.gen(function* () {
        const { batches, openNext, submit } = yield* gate(writeAll)
        const first = yield* start(submit(append("a")))
        assert.deepStrictEqual(batches, [["a"]])
        const others = yield* Effect.forEach(["b", "c", "d"], (account) => start(submit(append(account))))
        assert.deepStrictEqual(batches, [["a"]])
        yield* openNext
        yield* Fiber.join(first)
        assert.deepStrictEqual(batches, [["a"], ["b", "c", "d"]])
        yield* openNext
        for (const fiber of others) assert.strictEqual(yield* Fiber.join(fiber), written)
      })
    ))

  it("writes partitions side by side", () =>
    run(
      Effect.gen(function* () {
        const { batches, openNext, submit } = yield* gate(writeAll)
        const one = yield* start(submit(append("a", 0)))
        const other = yield* start(submit(append("b", 1)))
        assert.deepStrictEqual(batches, [["a"], ["b"]])
        yield* openNext
        yield* openNext
        yield* Fiber.join(one)
        yield* Fiber.join(other)
      })
    ))

  it("takes one append of each account into a batch, in the order of their coming", () =>
    run(
      Effect.gen(function* () {
        const { batches, openNext, submit } = yield* gate(writeAll)
        const fibers = yield* Effect.forEach(["x", "a", "b", "a", "c", "a"], (account) =>
          start(submit(append(account)))
        )
        for (let i = 0; i < 4; i++) yield* openNext
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.deepStrictEqual(batches, [["x"], ["a", "b", "c"], ["a"], ["a"]])
      })
    ))

  it("runs a batch that the database refuses again one by one, so that one alone fails", () =>
    run(
      Effect.gen(function* () {
        const { openNext, submit } = yield* gate((batch) =>
          accountsOf(batch).includes("bad") ? Effect.fail(refused) : writeAll(batch)
        )
        const first = yield* start(submit(append("x")))
        const good = yield* start(submit(append("good")))
        const bad = yield* start(submit(append("bad")))
        for (let i = 0; i < 4; i++) yield* openNext
        assert.strictEqual(yield* Fiber.join(first), written)
        assert.strictEqual(yield* Fiber.join(good), written)
        assert.strictEqual(yield* Effect.flip(Fiber.join(bad)), refused)
      })
    ))

  it("runs no batch again whose connection broke: every command is told that its outcome is unknown", () =>
    run(
      Effect.gen(function* () {
        const broken = new DatabaseError({ reason: { _tag: "Unreachable", outcomeUnknown: true } })
        const { batches, openNext, submit } = yield* gate((batch) =>
          accountsOf(batch).includes("x") ? writeAll(batch) : Effect.fail(broken)
        )
        yield* start(submit(append("x")))
        const fibers = yield* Effect.forEach(["a", "b"], (account) => start(submit(append(account))))
        yield* openNext
        yield* openNext
        for (const fiber of fibers) assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), broken)
        assert.deepStrictEqual(batches, [["x"], ["a", "b"]])
      })
    ))

  it("answers a command whose account has moved on, and its neighbours, each by its own", () =>
    run(
      Effect.gen(function* () {
        const { openNext, submit } = yield* gate((batch) =>
          Effect.succeed(accountsOf(batch).map((account) => (account === "stale" ? undefined : written)))
        )
        yield* start(submit(append("x")))
        const stale = yield* start(submit(append("stale")))
        const fresh = yield* start(submit(append("fresh")))
        yield* openNext
        yield* openNext
        assert.isUndefined(yield* Fiber.join(stale))
        assert.strictEqual(yield* Fiber.join(fresh), written)
      })
    ))

  it("leaves nobody waiting when the writer dies, and goes on", () =>
    run(
      Effect.gen(function* () {
        let calls = 0
        const submit = yield* GroupCommit.make((batch) =>
          ++calls === 1 ? Effect.die(new Error("a bug")) : writeAll(batch)
        )
        assert.isTrue(Exit.hasDies(yield* Effect.exit(submit(append("a")))))
        assert.strictEqual(yield* submit(append("b")), written)
      })
    ))

  it("holds a batch to its maximum", () =>
    run(
      Effect.gen(function* () {
        const { batches, openNext, submit } = yield* gate(writeAll)
        const count = GroupCommit.MAXIMUM_BATCH + 2
        const fibers = yield* Effect.forEach(
          Array.from({ length: count }, (_, i) => `account-${i}`),
          (account) => start(submit(append(account)))
        )
        for (let i = 0; i < 3; i++) yield* openNext
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          batches.map((batch) => batch.length),
          [1, GroupCommit.MAXIMUM_BATCH, 1]
        )
      })
    ))
})
