import { Clock, Duration, Effect, Fiber } from "effect"
import { assert, describe, it } from "vitest"
import { SimulatedClock } from "../../src/simulate/SimulatedClock.ts"

const run = <A>(effect: Effect.Effect<A>) => Effect.runPromise(effect)

describe("a simulated clock", () => {
  it("moves to one instant at which somebody wakes after the other, and not beyond the limit", () =>
    run(
      Effect.gen(function* () {
        const clock = new SimulatedClock(1000)
        const woken: Array<string> = []
        const sleep = (name: string, millis: number) =>
          Effect.forkChild(
            Effect.andThen(
              clock.sleep(Duration.millis(millis)),
              Effect.sync(() => void woken.push(`${name} ${clock.currentTimeMillisUnsafe()}`))
            ),
            { startImmediately: true }
          )
        yield* sleep("late", 50)
        yield* sleep("soon", 10)
        yield* sleep("with it", 10)
        yield* sleep("never", Infinity)
        assert.strictEqual(clock.nextWake, 1010)
        clock.moveTowards(2000)
        yield* Effect.yieldNow
        assert.deepStrictEqual(woken, ["soon 1010", "with it 1010"])
        clock.moveTowards(1020)
        assert.strictEqual(clock.currentTimeMillisUnsafe(), 1020)
        clock.moveTowards(2000)
        yield* Effect.yieldNow
        assert.deepStrictEqual(woken.slice(2), ["late 1050"])
        assert.isUndefined(clock.nextWake)
      })
    ))

  it("forgets whoever is interrupted in his sleep, and says that it ended, once", () =>
    run(
      Effect.gen(function* () {
        const clock = new SimulatedClock(0)
        let ended = 0
        const fiber = yield* Effect.forkChild(
          clock.sleepTelling(Duration.seconds(1), () => ended++),
          { startImmediately: true }
        )
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([ended, clock.nextWake], [1, undefined])
        clock.moveTowards(5000)
        assert.strictEqual(ended, 1)
      })
    ))

  it("shows whole milliseconds, also after a pause with a fraction", () =>
    run(
      Effect.gen(function* () {
        const clock = new SimulatedClock(0)
        yield* Effect.forkChild(clock.sleep(Duration.millis(1.5)), { startImmediately: true })
        clock.moveTowards(10)
        assert.strictEqual(clock.currentTimeMillisUnsafe(), 2)
        assert.strictEqual(yield* Effect.provideService(Clock.currentTimeMillis, Clock.Clock, clock.beside(30)), 32)
      })
    ))
})
