import { Cause, Clock, Effect, Exit, Fiber, Metric, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import {
  type MastercardError,
  MastercardNotSent,
  MastercardOutcomeUnknown,
  MastercardRefused
} from "../../src/mastercard/MastercardError.ts"
import * as Telemetry from "../../src/mastercard/Telemetry.ts"

const call = "POST /redemptions"
const ROUTE = "POST /redemptions/{id}/credits"

const run = <A, E>(test: Effect.Effect<A, E, Scope.Scope>) =>
  test.pipe(
    Effect.scoped,
    Effect.provide(TestClock.layer()),
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.runPromise
  )

const slow = <A>(end: Effect.Effect<A, MastercardError>) =>
  Effect.andThen(
    Effect.flatMap(Clock.currentTimeMillis, () => Effect.sleep("30 millis")),
    end
  )

it("counts and measures calls by route and outcome", () =>
  run(
    Effect.gen(function* () {
      const ends: ReadonlyArray<Effect.Effect<unknown, MastercardError>> = [
        Effect.succeed(1),
        Effect.succeed(1),
        Effect.fail(new MastercardRefused({ call, status: 404, reasons: [], body: undefined })),
        Effect.fail(new MastercardNotSent({ call, cause: "circuitOpen", detail: "" })),
        Effect.fail(
          new MastercardOutcomeUnknown({ call, cause: "timeout", status: undefined, reasons: [], detail: "" })
        ),
        Effect.die("a bug"),
        Effect.interrupt
      ]
      const fibers = yield* Effect.forEach(ends, (end) => Effect.forkChild(Telemetry.observe(ROUTE, slow(end))))
      yield* TestClock.adjust("30 millis")
      const exits = yield* Effect.forEach(fibers, (fiber) => Fiber.await(fiber))
      expect(exits.filter(Exit.isSuccess)).toHaveLength(2)
      expect(exits.filter((exit) => Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))).toHaveLength(1)

      const counted = (outcome: Telemetry.OutcomeClass) =>
        Effect.map(
          Metric.value(Metric.withAttributes(Telemetry.calls, { route: ROUTE, outcome })),
          ({ count }) => [outcome, count] as const
        )
      const outcomes = ["ok", "refused", "notSent", "unknown", "defect", "interrupted"] as const
      expect(Object.fromEntries(yield* Effect.forEach(outcomes, counted))).toEqual({
        ok: 2,
        refused: 1,
        notSent: 1,
        unknown: 1,
        defect: 1,
        interrupted: 1
      })
      const measured = yield* Metric.value(Metric.withAttributes(Telemetry.duration, { route: ROUTE, outcome: "ok" }))
      expect(measured).toMatchObject({ count: 2, min: 30, max: 30, sum: 60 })
    })
  ))
