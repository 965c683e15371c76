import { Ids } from "@pointback/domain"
import { Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { DatabaseError } from "../../src/database/DatabaseError.ts"
import type { Appended, Prepared } from "../../src/eventStore/AppendBatch.ts"
import * as GroupCommit from "../../src/eventStore/GroupCommit.ts"

/** An append of an account; what it would write plays no part here. */
const append = (account: string, partition = 0, events = 0): Prepared =>
  ({
    account: { program: "p", key: Ids.AccountKey.make(account), partition },
    eventIds: Array.from({ length: events }, String)
  }) as never

const accountsOf = (batch: ReadonlyArray<Prepared>) => batch.map(({ account }) => account.key as string)

const refused = new DatabaseError({ reason: { _tag: "CheckViolation", constraint: "lots_within_bounds" } })

/** A batch as it was written; of one that waited for its partition's head, `wait` says so. */
interface Batch {
  readonly accounts: ReadonlyArray<string>
  readonly wait: boolean
}

/** A writer that lets batches through one by one, the oldest first, when it is told to. */
const gate = Effect.fnUntraced(function* (write: GroupCommit.Write) {
  const scope = yield* Effect.scope
  const written: Array<Batch> = []
  const gates: Array<Deferred.Deferred<void>> = []
  const submit = GroupCommit.make(scope, (batch, wait) =>
    Effect.suspend(() => {
      const open = Deferred.makeUnsafe<void>()
      written.push({ accounts: accountsOf(batch), wait })
      gates.push(open)
      return Effect.andThen(Deferred.await(open), write(batch, wait))
    })
  )
  const openNext = Effect.suspend(() => Deferred.succeed(gates.shift()!, undefined)).pipe(
    Effect.andThen(Effect.yieldNow),
    Effect.andThen(Effect.sleep(0))
  )
  /** Opens until nothing is being written any more. */
  const openAll = Effect.whileLoop({ while: () => gates.length > 0, body: () => openNext, step: () => undefined })
  const batches = () => written.map(({ accounts }) => accounts)
  return { submit, batches, written, openNext, openAll }
})

const done: Appended = []
const writeAll: GroupCommit.Write = (batch) => Effect.succeed(batch.map(() => done))

/** A writer that answers each command by itself. */
const writeEach =
  (outcome: (account: string, wait: boolean) => Appended): GroupCommit.Write =>
  (batch, wait) =>
    Effect.succeed(accountsOf(batch).map((account) => outcome(account, wait)))

const start = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

const names = (count: number, prefix = "account") => Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

describe("group commit", () => {
  it("writes a single append at once, and gathers those that come meanwhile, of all partitions", () =>
    run(
      Effect.gen(function* () {
        const { openNext, submit, written } = yield* gate(writeAll)
        // The first one fills no half, so that nothing else is written side by side with it.
        const first = yield* Effect.forEach([0, 1], (partition) => start(submit(append(`a${partition}`, partition))))
        assert.deepStrictEqual(written, [
          { accounts: ["a0"], wait: false },
          { accounts: ["a1"], wait: false }
        ])
        const others = yield* Effect.forEach(["b", "c", "d"], (account, i) => start(submit(append(account, i * 2))))
        assert.strictEqual(written.length, 2)
        yield* openNext
        yield* Fiber.join(first[0]!)
        assert.deepStrictEqual(written.slice(2), [{ accounts: ["b", "c", "d"], wait: false }])
        yield* openNext
        yield* openNext
        for (const fiber of [...first, ...others]) assert.strictEqual(yield* Fiber.join(fiber), done)
      })
    ))

  it("never writes two batches of one partition at a time, and each command once, in the order of its account", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ account: fc.nat({ max: 12 }), burst: fc.boolean() }), { minLength: 1, maxLength: 300 }),
        (commands) =>
          run(
            Effect.gen(function* () {
              const scope = yield* Effect.scope
              const writing = new Set<number>()
              const order = new Map<string, Array<number>>()
              const submit = GroupCommit.make(scope, (batch) =>
                Effect.gen(function* () {
                  const partitions = new Set(batch.map(({ account }) => account.partition))
                  for (const partition of partitions) {
                    assert.isFalse(writing.has(partition), `two batches of partition ${partition}`)
                    writing.add(partition)
                  }
                  assert.strictEqual(new Set(accountsOf(batch)).size, batch.length, "two commands of one account")
                  yield* Effect.yieldNow
                  for (const partition of partitions) writing.delete(partition)
                  for (const { account, request } of batch) {
                    order.set(account.key, [...(order.get(account.key) ?? []), request as never])
                  }
                  return batch.map(() => done)
                })
              )
              const fibers: Array<Fiber.Fiber<Appended, DatabaseError>> = []
              for (const [index, { account, burst }] of commands.entries()) {
                const prepared = { ...append(`account-${account}`, account % 8), request: index as never }
                fibers.push(yield* start(submit(prepared)))
                if (!burst) yield* Effect.yieldNow
              }
              for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), done)
              const expected = new Map<string, Array<number>>()
              for (const [index, { account }] of commands.entries()) {
                expected.set(`account-${account}`, [...(expected.get(`account-${account}`) ?? []), index])
              }
              assert.deepStrictEqual(order, new Map(Array.from(order.keys(), (name) => [name, expected.get(name)!])))
              assert.strictEqual(order.size, expected.size)
            })
          )
      ),
      { numRuns: 50 }
    ))

  it("writes two batches side by side where enough waits, each of half of the partitions", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, openNext, submit } = yield* gate(writeAll)
        const first = yield* Effect.forEach([0, 1], (partition) => start(submit(append(`x${partition}`, partition))))
        const fibers = yield* Effect.forEach(names(120), (account, i) => start(submit(append(account, i % 8))))
        yield* openNext
        yield* openNext
        const [, , even, odd] = batches()
        assert.deepStrictEqual(
          even,
          names(120).filter((_, i) => i % 2 === 0)
        )
        assert.deepStrictEqual(
          odd,
          names(120).filter((_, i) => i % 2 === 1)
        )
        yield* openAll
        for (const fiber of [...first, ...fibers]) assert.strictEqual(yield* Fiber.join(fiber), done)
        assert.strictEqual(batches().length, 4)
      })
    ))

  it("takes one append of each account into a batch, in the order of their coming", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, submit } = yield* gate(writeAll)
        const fibers = yield* Effect.forEach(["x", "a", "b", "a", "c", "a"], (account) =>
          start(submit(append(account)))
        )
        yield* openAll
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.deepStrictEqual(batches(), [["x"], ["a", "b", "c"], ["a"], ["a"]])
      })
    ))

  it("runs a batch that the database refuses again one by one, so that one alone fails", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, submit } = yield* gate((batch, wait) =>
          accountsOf(batch).includes("bad") ? Effect.fail(refused) : writeAll(batch, wait)
        )
        const fibers = yield* Effect.forEach(["x", "good", "bad", "fine"], (account) => start(submit(append(account))))
        const last = yield* start(submit(append("good")))
        yield* openAll
        const [x, good, bad, fine] = yield* Effect.forEach(fibers, (fiber) => Effect.exit(Fiber.join(fiber)))
        for (const exit of [x, good, fine]) assert.deepStrictEqual(exit, Exit.succeed(done))
        assert.deepStrictEqual(bad, Exit.fail(refused))
        assert.strictEqual(yield* Fiber.join(last), done)
        assert.deepStrictEqual(batches(), [["x"], ["good", "bad", "fine"], ["good"], ["bad"], ["fine"], ["good"]])
      })
    ))

  it("makes one command's defect nobody else's", () =>
    run(
      Effect.gen(function* () {
        const { openAll, submit } = yield* gate((batch, wait) =>
          accountsOf(batch).includes("bad") ? Effect.die(new TypeError("a bug")) : writeAll(batch, wait)
        )
        const fibers = yield* Effect.forEach(["x", "good", "bad", "fine"], (account) => start(submit(append(account))))
        yield* openAll
        const [x, good, bad, fine] = yield* Effect.forEach(fibers, (fiber) => Effect.exit(Fiber.join(fiber)))
        for (const exit of [x, good, fine]) assert.deepStrictEqual(exit, Exit.succeed(done))
        assert.isTrue(Exit.hasDies(bad!))
      })
    ))

  it("runs no batch again whose connection broke: every command is told that its outcome is unknown", () =>
    run(
      Effect.gen(function* () {
        const broken = new DatabaseError({ reason: { _tag: "Unreachable", outcomeUnknown: true } })
        const { batches, openAll, submit } = yield* gate((batch, wait) =>
          accountsOf(batch).includes("x") ? writeAll(batch, wait) : Effect.fail(broken)
        )
        yield* start(submit(append("x")))
        const fibers = yield* Effect.forEach(["a", "b"], (account) => start(submit(append(account))))
        yield* openAll
        for (const fiber of fibers) assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), broken)
        assert.deepStrictEqual(batches(), [["x"], ["a", "b"]])
      })
    ))

  it("answers a command whose account has moved on, and its neighbours, each by its own", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, submit } = yield* gate(
          writeEach((account) => (account === "stale" ? "conflict" : done))
        )
        const fibers = yield* Effect.forEach(["x", "stale", "fresh"], (account) => start(submit(append(account))))
        yield* openAll
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [done, "conflict", done])
        assert.deepStrictEqual(batches(), [["x"], ["stale", "fresh"]])
      })
    ))

  it("lets what belongs to a partition that others hold wait in a line of its own, and the others go on", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const head = yield* Deferred.make<void>()
        const written: Array<Batch> = []
        const submit = GroupCommit.make(scope, (batch, wait) =>
          Effect.suspend(() => {
            written.push({ accounts: accountsOf(batch), wait })
            const held = batch.some(({ account }) => account.partition === 2)
            const answer = batch.map(({ account }): Appended => (account.partition === 2 && !wait ? "busy" : done))
            return Effect.as(wait && held ? Deferred.await(head) : Effect.sleep(0), answer)
          })
        )
        const held = yield* Effect.forEach(["h1", "h2", "h3"], (account) => start(submit(append(account, 2))))
        for (let i = 0; i < 10; i++) {
          const others = [0, 1, 2, 3].map((p) => (p === 2 ? append(`held-${i}`, 2) : append(`free-${p}`, p)))
          const [zero, one, two, three] = yield* Effect.forEach(others, (prepared) => start(submit(prepared)))
          for (const fiber of [zero, one, three]) {
            assert.strictEqual(yield* Effect.timeout(Fiber.join(fiber!), "5 seconds"), done)
          }
          held.push(two!)
        }
        const waiting = () => written.filter(({ wait }) => wait).map(({ accounts }) => accounts)
        assert.deepStrictEqual(waiting(), [["h1"]])
        // The last one has been told by then.
        yield* Effect.sleep("20 millis")
        yield* Deferred.succeed(head, undefined)
        for (const fiber of held) assert.strictEqual(yield* Fiber.join(fiber), done)
        // In the order of their coming, together.
        assert.deepStrictEqual(waiting(), [["h1"], ["h2", "h3", ...names(10, "held")]])
      })
    ))

  it("lets none wait in the others' line when a batch is run again one by one", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const head = yield* Deferred.make<void>()
        const submit = GroupCommit.make(scope, (batch, wait) =>
          Effect.andThen(
            Effect.sleep(0),
            Effect.suspend(() => {
              const accounts = accountsOf(batch)
              if (accounts.includes("bad")) return Effect.fail(refused)
              const answer = accounts.map((account): Appended => (account === "held" && !wait ? "busy" : done))
              return Effect.as(accounts.includes("held") && wait ? Deferred.await(head) : Effect.void, answer)
            })
          )
        )
        const first = yield* start(submit(append("x", 0)))
        const held = yield* start(submit(append("held", 2)))
        const bad = yield* start(submit(append("bad", 4)))
        const good = yield* start(submit(append("good", 6)))
        yield* Fiber.join(first)
        assert.strictEqual(yield* Effect.timeout(Effect.flip(Fiber.join(bad)), "5 seconds"), refused)
        assert.strictEqual(yield* Effect.timeout(Fiber.join(good), "5 seconds"), done)
        assert.isUndefined(held.pollUnsafe())
        yield* Deferred.succeed(head, undefined)
        assert.strictEqual(yield* Fiber.join(held), done)
      })
    ))

  it("tells all that wait for a partition at once when the lock timeout is over, not one after the other", () =>
    run(
      Effect.gen(function* () {
        const timeout = new DatabaseError({ reason: { _tag: "LockTimeout" } })
        const { openAll, submit, written } = yield* gate((batch, wait) =>
          wait ? Effect.fail(timeout) : Effect.succeed(batch.map(() => "busy"))
        )
        const fibers = yield* Effect.forEach(["x", "a", "b", "c"], (account) => start(submit(append(account))))
        yield* openAll
        for (const fiber of fibers) assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), timeout)
        assert.deepStrictEqual(
          written.filter(({ wait }) => wait).map(({ accounts }) => accounts),
          [["x"], ["a"], ["b", "c"]]
        )
      })
    ))

  it("leaves nobody waiting when the writer dies, and goes on", () =>
    run(
      Effect.gen(function* () {
        let calls = 0
        const submit = GroupCommit.make(yield* Effect.scope, (batch, wait) =>
          ++calls === 1 ? Effect.die(new Error("a bug")) : writeAll(batch, wait)
        )
        assert.isTrue(Exit.hasDies(yield* Effect.exit(submit(append("a")))))
        assert.strictEqual(yield* submit(append("b")), done)
      })
    ))

  it("writes what it took even if nobody waits for it any more", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, submit } = yield* gate(writeAll)
        const first = yield* start(submit(append("x")))
        const leaving = yield* start(submit(append("a")))
        const interrupting = yield* start(Fiber.interrupt(leaving))
        yield* openAll
        yield* Fiber.join(first)
        yield* Fiber.join(interrupting)
        assert.deepStrictEqual(batches(), [["x"], ["a"]])
      })
    ))

  it("holds a batch to its commands and to its events at most", () =>
    run(
      Effect.gen(function* () {
        const { batches, openAll, submit } = yield* gate(writeAll)
        const many = names(GroupCommit.MAXIMUM_BATCH + 2).map((account) => append(account))
        const fibers = yield* Effect.forEach(many, (prepared) => start(submit(prepared)))
        yield* openAll
        for (const fiber of fibers) yield* Fiber.join(fiber)
        assert.deepStrictEqual(
          batches().map((batch) => batch.length),
          [1, GroupCommit.MAXIMUM_BATCH, 1]
        )
        const large = [
          append("x"),
          append("a", 0, 3000),
          append("b", 0, 3000),
          append("c", 0, 2000),
          append("d", 0, 9000)
        ]
        const others = yield* Effect.forEach(large, (prepared) => start(submit(prepared)))
        yield* openAll
        for (const fiber of others) yield* Fiber.join(fiber)
        assert.deepStrictEqual(batches().slice(3), [["x"], ["a", "c"], ["b"], ["d"]])
      })
    ))
})
