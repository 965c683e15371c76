import { Duration, Effect, Fiber } from "effect"
import { assert, describe, it } from "vitest"
import { type SimulatedProcess, Stage } from "../../src/simulate/Stage.ts"

const process = (name: string): SimulatedProcess => ({ name, ahead: 0, alive: true })

const stage = () => new Stage(0, () => undefined)

const run = <A>(effect: Effect.Effect<A>) => Effect.runPromise(effect)

const points = (of: Stage): ReadonlyArray<string> => of.gates.map(({ point }) => point)

const openFirst = (of: Stage) =>
  Effect.andThen(
    Effect.sync(() => {
      const [gate] = of.gates
      assert.isDefined(gate)
      of.open(gate)
    }),
    of.attention.stillness
  )

describe("a step of a process", () => {
  it("waits before it is done, and again before anybody hears of it", () =>
    run(
      Effect.gen(function* () {
        const [on, who] = [stage(), process("p")]
        let done = false
        const step = on.ask({ process: who, name: "step", effect: Effect.sync(() => (done = true)) })
        const fiber = yield* Effect.forkChild(on.within(who, step))
        yield* on.attention.stillness
        assert.deepStrictEqual([points(on), done], [["before step"], false])
        yield* openFirst(on)
        assert.deepStrictEqual([points(on), done], [["after step"], true])
        yield* openFirst(on)
        assert.isTrue(yield* Fiber.join(fiber))
      })
    ))

  it("is never heard of when the process dies behind it", () =>
    run(
      Effect.gen(function* () {
        const [on, who] = [stage(), process("p")]
        let done = 0
        const step = on.ask({ process: who, name: "step", effect: Effect.sync(() => done++) })
        const fiber = yield* Effect.forkChild(on.within(who, Effect.andThen(step, step)))
        yield* on.attention.stillness
        yield* openFirst(on)
        yield* on.kill(who)
        yield* on.attention.stillness
        assert.deepStrictEqual([points(on), done, fiber.pollUnsafe()], [[], 1, undefined])
      })
    ))

  it("is still while a call of it is held, and moves again when its time limit passes", () =>
    run(
      Effect.gen(function* () {
        const [on, who] = [stage(), process("p")]
        const limited = Effect.timeoutOrElse(Effect.never, {
          duration: Duration.seconds(30),
          orElse: () => Effect.succeed("too long")
        })
        const fiber = yield* Effect.forkChild(
          on.within(who, on.call({ process: who, name: "call", effect: limited }, "credit R"))
        )
        yield* on.attention.stillness
        const [gate] = on.gates
        assert.isDefined(gate)
        on.open(gate)
        on.hold("credit R", undefined)
        yield* on.attention.stillness
        assert.isTrue(on.isCalling("credit R"))
        on.clock.moveTowards(60_000)
        yield* on.attention.stillness
        assert.deepStrictEqual(points(on), ["after call"])
        yield* openFirst(on)
        assert.deepStrictEqual([yield* Fiber.join(fiber), on.clock.currentTimeMillisUnsafe()], ["too long", 30_000])
      })
    ))
})
