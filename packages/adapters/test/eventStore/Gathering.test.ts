import { Deferred, Effect, Exit, Fiber, type Scope } from "effect"
import { assert, describe, it } from "vitest"
import * as Gathering from "../../src/eventStore/Gathering.ts"

type Batch = ReadonlyArray<string>

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

const all: Gathering.Choose<string> = () => "all"

interface Options extends Gathering.LineOptions {
  readonly choose?: Gathering.Choose<string>
  readonly carry?: Gathering.Carry<string, string, string>
}

const echo: Gathering.Carry<string, string, string> = (batch) =>
  Effect.succeed(batch.map((item) => Effect.succeed(item)))

/** A line whose batches each wait until they are let through, the oldest first. */
const gated = Effect.fnUntraced(function* ({ carry = echo, choose = all, ...options }: Options = {}) {
  const scope = yield* Effect.scope
  const batches: Array<Batch> = []
  const gates: Array<Deferred.Deferred<void>> = []
  const submit = Gathering.make<string, string, string>(
    Gathering.inScope(scope),
    choose,
    (batch) =>
      Effect.suspend(() => {
        const gate = Deferred.makeUnsafe<void>()
        batches.push(batch)
        gates.push(gate)
        return Effect.andThen(Deferred.await(gate), carry(batch))
      }),
    options
  )
  const letThrough = Effect.suspend(() => Deferred.succeed(gates.shift()!, undefined)).pipe(
    Effect.andThen(Effect.sleep(0))
  )
  return { batches, letThrough, submit }
})

describe("gathering", () => {
  it("does what finds nobody at work at once, and gathers what comes meanwhile in its order", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated()
        const first = yield* fork(submit("a"))
        assert.deepStrictEqual(batches, [["a"]])
        const others = yield* Effect.forEach(["d", "b", "c"], (item) => fork(submit(item)))
        assert.deepStrictEqual(batches, [["a"]])
        yield* letThrough
        assert.strictEqual(yield* Fiber.join(first), "a")
        assert.deepStrictEqual(batches, [["a"], ["d", "b", "c"]])
        yield* letThrough
        assert.deepStrictEqual(yield* Effect.forEach(others, Fiber.join), ["d", "b", "c"])
      })
    ))

  it("leaves in their order what is not chosen", () =>
    run(
      Effect.gen(function* () {
        // The second, and whatever stands alone.
        const { batches, letThrough, submit } = yield* gated({
          choose: (waiting) => new Set([waiting.length > 1 ? 1 : 0])
        })
        const fibers = yield* Effect.forEach(["x", "a", "b", "c"], (item) => fork(submit(item)))
        for (let i = 0; i < 4; i++) yield* letThrough
        assert.deepStrictEqual(batches, [["x"], ["b"], ["c"], ["a"]])
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["x", "a", "b", "c"])
      })
    ))

  it("does as many batches side by side as are allowed, and none while nothing may be taken", () =>
    run(
      Effect.gen(function* () {
        const busy = new Set<string>()
        const kindOf = (item: string) => item.charAt(0)
        const { batches, letThrough, submit } = yield* gated({
          sideBySide: 2,
          choose: (waiting) => {
            const kind = waiting.map(kindOf).find((one) => !busy.has(one))
            if (kind !== undefined) busy.add(kind)
            return new Set(Array.from(waiting.keys()).filter((place) => kindOf(waiting[place]!) === kind))
          },
          carry: (batch) =>
            Effect.sync(() => {
              busy.delete(kindOf(batch[0]!))
              return batch.map((item) => Effect.succeed(item))
            })
        })
        const fibers = yield* Effect.forEach(["a1", "a2", "b1", "c1", "a3", "b2"], (item) => fork(submit(item)))
        assert.deepStrictEqual(batches, [["a1"], ["b1"]])
        yield* letThrough
        assert.deepStrictEqual(batches.slice(2), [["a2", "a3"]])
        for (let i = 0; i < 4; i++) yield* letThrough
        assert.deepStrictEqual(batches, [["a1"], ["b1"], ["a2", "a3"], ["c1"], ["b2"]])
        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), ["a1", "a2", "b1", "c1", "a3", "b2"])
      })
    ))

  it("settles each item by itself", () =>
    run(
      Effect.gen(function* () {
        const { letThrough, submit } = yield* gated({
          carry: (batch) =>
            Effect.succeed(batch.map((item) => (item === "bad" ? Effect.fail("refused") : Effect.succeed(item))))
        })
        const fibers = yield* Effect.forEach(["x", "good", "bad", "fine"], (item) => fork(submit(item)))
        yield* letThrough
        yield* letThrough
        const [, good, bad, fine] = yield* Effect.forEach(fibers, (fiber) => Effect.exit(Fiber.join(fiber)))
        assert.deepStrictEqual([good, fine], [Exit.succeed("good"), Exit.succeed("fine")])
        assert.deepStrictEqual(bad, Exit.fail("refused"))
      })
    ))

  it("takes some at once, which may go in different batches, and answers each when all are done", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated({
          choose: (waiting) => new Set(Array.from(waiting.keys()).slice(0, 2)),
          carry: (batch) =>
            Effect.succeed(batch.map((item) => (item === "bad" ? Effect.fail("refused") : Effect.succeed(item))))
        })
        assert.deepStrictEqual(yield* submit.all([]), [])
        const fiber = yield* fork(submit.all(["a", "bad", "c"]))
        const beside = yield* fork(submit("d"))
        yield* letThrough
        assert.isUndefined(fiber.pollUnsafe())
        yield* letThrough
        assert.deepStrictEqual(batches, [
          ["a", "bad"],
          ["c", "d"]
        ])
        const outcomes = yield* Effect.forEach(yield* Fiber.join(fiber), Effect.exit)
        assert.deepStrictEqual(outcomes, [Exit.succeed("a"), Exit.fail("refused"), Exit.succeed("c")])
        assert.strictEqual(yield* Fiber.join(beside), "d")
      })
    ))

  it("is idle when nothing waits and nothing is under way, and not before", () =>
    run(
      Effect.gen(function* () {
        let idle = 0
        const { letThrough, submit } = yield* gated({ onIdle: () => idle++ })
        const fibers = yield* Effect.forEach(["a", "b"], (item) => fork(submit(item)))
        yield* letThrough
        yield* Fiber.join(fibers[0]!)
        assert.strictEqual(idle, 0)
        yield* letThrough
        yield* Fiber.join(fibers[1]!)
        assert.strictEqual(idle, 1)
        const again = yield* fork(submit("c"))
        assert.strictEqual(idle, 1)
        yield* letThrough
        assert.strictEqual(yield* Fiber.join(again), "c")
        assert.strictEqual(idle, 2)
      })
    ))

  it("does what waits even if its waiter is interrupted, and its neighbours never notice", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated()
        const working = yield* fork(submit("a"))
        const leaving = yield* fork(submit("b"))
        const staying = yield* fork(submit("c"))
        yield* Fiber.interrupt(leaving)
        yield* Fiber.interrupt(working)
        yield* letThrough
        assert.deepStrictEqual(batches, [["a"], ["b", "c"]])
        yield* letThrough
        assert.strictEqual(yield* Fiber.join(staying), "c")
      })
    ))

  it.each([
    ["dies", (): Effect.Effect<never> => Effect.die(new Error("a bug"))],
    [
      "throws",
      (): Effect.Effect<never> => {
        throw new Error("a bug")
      }
    ]
  ])("leaves nobody waiting for work that %s, and goes on", (_, fail) =>
    run(
      Effect.gen(function* () {
        let calls = 0
        const { letThrough, submit } = yield* gated({ carry: (batch) => (++calls === 2 ? fail() : echo(batch)) })
        const first = yield* fork(submit("x"))
        const lost = yield* Effect.forEach(["a", "b"], (item) => fork(submit(item)))
        yield* letThrough
        yield* Fiber.join(first)
        const after = yield* fork(submit("c"))
        yield* letThrough
        for (const fiber of lost) {
          const exit = yield* Effect.exit(Effect.timeout(Fiber.join(fiber), "2 seconds"))
          assert.isTrue(Exit.hasDies(exit), String(exit))
        }
        yield* letThrough
        assert.strictEqual(yield* Fiber.join(after), "c")
      })
    )
  )

  it("ends what is under way when its scope closes", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const done: Array<string> = []
        yield* Effect.scoped(
          Effect.gen(function* () {
            const submit = Gathering.make<string, string, never>(
              Gathering.inScope(yield* Effect.scope),
              () => "all",
              (batch) =>
                Effect.andThen(
                  Effect.sleep("20 millis"),
                  Effect.sync(() => {
                    done.push(...batch)
                    return batch.map((item) => Effect.succeed(item))
                  })
                )
            )
            yield* Effect.forkDetach(submit("a"), { startImmediately: true })
          })
        )
        assert.deepStrictEqual(done, ["a"])
      })
    ))
})

describe("patience", () => {
  const patiently =
    (enough: number, milliseconds: number) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.provideService(effect, Gathering.CurrentPatience, { enough, milliseconds })

  it("waits until enough has come, and goes at once with whoever has none", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated({ patient: true })
        const patient = patiently(3, 60_000)
        const two = yield* Effect.forEach(["a", "b"], (item) => fork(patient(submit(item))))
        assert.deepStrictEqual(batches, [])
        const third = yield* fork(patient(submit("c")))
        assert.deepStrictEqual(batches, [["a", "b", "c"]])
        // What is under way is no company: it waits on, until somebody comes who does not.
        const fourth = yield* fork(patient(submit("d")))
        yield* letThrough
        assert.deepStrictEqual(batches, [["a", "b", "c"]])
        const fifth = yield* fork(submit("e"))
        assert.deepStrictEqual(batches, [
          ["a", "b", "c"],
          ["d", "e"]
        ])
        yield* letThrough
        const outcomes = yield* Effect.forEach([...two, third, fourth, fifth], Fiber.join)
        assert.deepStrictEqual(outcomes, ["a", "b", "c", "d", "e"])
      })
    ))

  it("ends with the time of the first that waits, again and again", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated({ patient: true })
        const patient = patiently(9, 20)
        for (const items of [
          ["a", "b"],
          ["c", "d"]
        ]) {
          const before = batches.length
          const waiting = yield* Effect.forEach(items, (item) => fork(patient(submit(item))))
          assert.strictEqual(batches.length, before)
          while (batches.length === before) yield* Effect.sleep("5 millis")
          assert.deepStrictEqual(batches.at(-1), items)
          yield* letThrough
          yield* Effect.forEach(waiting, Fiber.join)
        }
      })
    ))

  it("ends when whoever has it finds nothing else to do", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated({ patient: true })
        let idle = false
        const patience = { enough: 9, milliseconds: 60_000, isIdle: () => idle }
        const waiting = yield* Effect.forEach(["a", "b"], (item) =>
          fork(Effect.provideService(submit(item), Gathering.CurrentPatience, patience))
        )
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(batches, [])
        idle = true
        while (batches.length === 0) yield* Effect.sleep("5 millis")
        assert.deepStrictEqual(batches, [["a", "b"]])
        yield* letThrough
        assert.deepStrictEqual(yield* Effect.forEach(waiting, Fiber.join), ["a", "b"])
      })
    ))

  it("is not asked for by a line that cannot have company", () =>
    run(
      Effect.gen(function* () {
        const { batches, letThrough, submit } = yield* gated()
        const one = yield* fork(patiently(9, 60_000)(submit("a")))
        assert.deepStrictEqual(batches, [["a"]])
        yield* letThrough
        assert.strictEqual(yield* Fiber.join(one), "a")
      })
    ))
})
