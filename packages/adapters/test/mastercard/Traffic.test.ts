import { Clock, Deferred, Duration, Effect, Exit, Fiber, Metric, Option, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import {
  type MastercardError,
  MastercardNotSent,
  MastercardOutcomeUnknown,
  MastercardRefused
} from "../../src/mastercard/MastercardError.ts"
import * as Telemetry from "../../src/mastercard/Telemetry.ts"
import * as Traffic from "../../src/mastercard/Traffic.ts"

const CALL = { name: "POST /redemptions/1/credits", account: undefined }

const LATEST = Number.MAX_SAFE_INTEGER

const run = <A, E>(test: Effect.Effect<A, E, Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(Effect.provide(test, TestClock.layer())))

const make = (limits: Partial<Traffic.TrafficLimits>) =>
  Traffic.make({ ...Traffic.defaults, failuresUntilPause: undefined, ...limits })

const unknown = (cause: MastercardOutcomeUnknown["cause"], status?: number) =>
  new MastercardOutcomeUnknown({ call: CALL.name, cause, status, reasons: [], detail: "" })
const refused = (status: number) => new MastercardRefused({ call: CALL.name, status, reasons: [], body: undefined })
const notSent = (cause: MastercardNotSent["cause"]) => new MastercardNotSent({ call: CALL.name, cause, detail: "" })

describe("calls in flight", () => {
  it("are never more than allowed, and all get their turn", () =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make({ maximumInFlight: 3 })
        let now = 0
        let most = 0
        const call = Effect.acquireUseRelease(
          Effect.sync(() => (most = Math.max(most, ++now))),
          () => Effect.sleep("10 millis"),
          () => Effect.sync(() => now--)
        )
        const all = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 10 }, () => traffic(CALL, LATEST, call)),
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("40 millis")
        yield* Fiber.join(all)
        expect(most).toBe(3)
      })
    ))

  it("who would wait behind too many is told at once that nothing was sent", () =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make({ maximumInFlight: 1, maximumWaiting: 2 })
        const gate = yield* Deferred.make<void>()
        const started: Array<number> = []
        const call = (id: number) =>
          traffic(
            CALL,
            LATEST,
            Effect.andThen(
              Effect.sync(() => started.push(id)),
              Deferred.await(gate)
            )
          )
        const fibers: Array<Fiber.Fiber<void, MastercardError>> = []
        for (const id of [1, 2, 3]) fibers.push(yield* Effect.forkChild(call(id), { startImmediately: true }))
        const error = yield* Effect.flip(call(4))
        expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "queueFull", detail: "2 wait" })
        expect(started).toEqual([1])
        // Whoever gives up makes room.
        yield* Fiber.interrupt(fibers[2]!)
        fibers[2] = yield* Effect.forkChild(call(5), { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.joinAll(fibers)
        expect(started).toEqual([1, 2, 5])
      })
    ))
})

describe("the deadline of a call", () => {
  it("ends its waiting, for a place or for the interval, and nothing was sent", () =>
    run(
      Effect.gen(function* () {
        const full = yield* make({ maximumInFlight: 1 })
        const slow = yield* make({ callsPerInterval: 1, interval: Duration.minutes(10) })
        const sent: Array<string> = []
        const call = (traffic: Traffic.Traffic, name: string, deadline: number) =>
          Effect.forkChild(
            Effect.exit(
              traffic(
                CALL,
                deadline,
                Effect.sync(() => void sent.push(name))
              )
            ),
            {
              startImmediately: true
            }
          )
        yield* Effect.forkChild(full(CALL, LATEST, Effect.never), { startImmediately: true })
        yield* call(slow, "first", 1000)
        const waiting = [yield* call(full, "full", 1000), yield* call(slow, "slow", 1000)]
        yield* TestClock.adjust("1 second")
        const exits = yield* Effect.forEach(waiting, (fiber) => Fiber.join(fiber))
        for (const exit of exits) {
          expect(Exit.isFailure(exit) && Option.getOrUndefined(Exit.findErrorOption(exit))).toMatchObject({
            _tag: "MastercardNotSent",
            cause: "notInTime"
          })
        }
        yield* TestClock.adjust("1 hour")
        expect(sent).toEqual(["first"])
      })
    ))
})

describe("calls per interval", () => {
  it("wait until the next interval, in order", () =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make({ callsPerInterval: 2, interval: Duration.seconds(1) })
        const times: Array<number> = []
        const call = traffic(
          CALL,
          LATEST,
          Effect.map(Clock.currentTimeMillis, (at) => void times.push(at))
        )
        const all = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 5 }, () => call),
            { concurrency: "unbounded" }
          )
        )
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(all)
        expect(times).toEqual([0, 0, 1000, 1000, 2000])
      })
    ))

  it("count as waiting, and belong to one client alone", () =>
    run(
      Effect.gen(function* () {
        const limits = { callsPerInterval: 1, interval: Duration.seconds(1), maximumWaiting: 1 }
        const traffic = yield* make(limits)
        const other = yield* make(limits)
        yield* traffic(CALL, LATEST, Effect.void)
        yield* other(CALL, LATEST, Effect.void)
        const waiting = yield* Effect.forkChild(traffic(CALL, LATEST, Effect.void), { startImmediately: true })
        const error = yield* Effect.flip(traffic(CALL, LATEST, Effect.void))
        expect(error).toMatchObject({ cause: "queueFull" })
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(waiting)
      })
    ))
})

describe("the pause after failures", () => {
  const limits = { failuresUntilPause: 3, pause: Duration.seconds(10) }
  const failing = (traffic: Traffic.Traffic, errors: ReadonlyArray<MastercardError>) =>
    Effect.forEach(errors, (error) => Effect.exit(traffic(CALL, LATEST, Effect.fail(error))), { discard: true })

  it.each<[string, MastercardError]>([
    ["5xx", unknown("serverError", 503)],
    ["time limits", unknown("timeout")],
    ["lost connections", unknown("connectionLost")],
    ["no connections", notSent("connectionRefused")],
    ["no tokens", notSent("tokenUnavailable")]
  ])("comes after %s in a row; then nothing is sent", (_title, error) =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make(limits)
        yield* failing(traffic, [error, error])
        expect(yield* Effect.exit(traffic(CALL, LATEST, Effect.succeed(1)))).toEqual(Exit.succeed(1))
        yield* failing(traffic, [error, error, error])
        let sent = 0
        const paused = yield* Effect.flip(
          traffic(
            CALL,
            LATEST,
            Effect.sync(() => sent++)
          )
        )
        expect(paused).toMatchObject({ _tag: "MastercardNotSent", cause: "circuitOpen", detail: "for 10s more" })
        expect(sent).toBe(0)
        expect(yield* Metric.value(Telemetry.breakerState)).toEqual({ value: 2 })
      })
    )
  )

  it.each<[string, MastercardError]>([
    ["refusals", refused(404)],
    ["refusals of the gateway", refused(401)],
    ["refusals for too many calls", refused(429)],
    ["answers that cannot be read", unknown("unreadableAnswer", 200)],
    ["invalid requests", notSent("invalidRequest")],
    ["refused tokens", notSent("tokenRefused")]
  ])("does not come after %s: they do not say that the service is down", (_title, error) =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make(limits)
        yield* failing(
          traffic,
          Array.from({ length: 10 }, () => error)
        )
        expect(yield* traffic(CALL, LATEST, Effect.succeed(1))).toBe(1)
      })
    )
  )

  it("ends with one call that tries; while it does, no other goes out; its success opens the way", () =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make(limits)
        const down = unknown("serverError", 500)
        yield* failing(traffic, [down, down, down])
        yield* TestClock.adjust("10 seconds")
        const gate = yield* Deferred.make<void>()
        const probe = yield* Effect.forkChild(traffic(CALL, LATEST, Deferred.await(gate)), { startImmediately: true })
        expect(yield* Effect.flip(traffic(CALL, LATEST, Effect.void))).toMatchObject({
          cause: "circuitOpen",
          detail: "one call is trying it"
        })
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(probe)
        expect(yield* traffic(CALL, LATEST, Effect.succeed(1))).toBe(1)
        expect(yield* Metric.value(Telemetry.breakerState)).toEqual({ value: 0 })
        // And a failing one closes it at once.
        yield* failing(traffic, [down, down, down])
        yield* TestClock.adjust("10 seconds")
        yield* failing(traffic, [down])
        expect(yield* Effect.flip(traffic(CALL, LATEST, Effect.void))).toMatchObject({ cause: "circuitOpen" })
      })
    ))

  it("does not hold back who was interrupted, nor count it", () =>
    run(
      Effect.gen(function* () {
        const traffic = yield* make({ ...limits, failuresUntilPause: 1 })
        const fiber = yield* Effect.forkChild(traffic(CALL, LATEST, Effect.never), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        expect(yield* traffic(CALL, LATEST, Effect.succeed(1))).toBe(1)
      })
    ))
})
