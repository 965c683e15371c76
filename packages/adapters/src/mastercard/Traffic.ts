/**
 * How much is asked of Mastercard at once: calls in flight, calls per interval, and none for a while when it is down.
 *
 * What is held back here was certainly not sent, and says so.
 */
import { Cause, Clock, Duration, Effect, Exit, Metric, Option, Result, type Scope, Semaphore } from "effect"
import { CircuitBreaker, RateLimiter } from "effect/persistence"
import type { MastercardError, MastercardNotSent } from "./MastercardError.ts"
import * as Outcome from "./Outcome.ts"
import * as Telemetry from "./Telemetry.ts"

/** The limits of a client. */
export interface TrafficLimits {
  /** Calls at once at most. Each has a connection of its own. */
  readonly maximumInFlight: number
  /** Calls at most that wait for their turn; one more fails with `queueFull`. */
  readonly maximumWaiting: number
  /** Calls per `interval`; undefined for no such limit. */
  readonly callsPerInterval: number | undefined
  readonly interval: Duration.Duration
  /** Failures in a row, without a single success, after which nothing is sent for `pause`; undefined for never. */
  readonly failuresUntilPause: number | undefined
  readonly pause: Duration.Duration
}

/**
 * Twice what the bulk command has in flight; a queue that a file of credits fits in; no rate limit until somebody knows
 * one.
 */
export const defaults: TrafficLimits = {
  maximumInFlight: 128,
  maximumWaiting: 10_000,
  callsPerInterval: undefined,
  interval: Duration.seconds(1),
  failuresUntilPause: 20,
  pause: Duration.seconds(10)
}

/** Lets calls through as the limits allow, until `deadline`, in milliseconds since 1970. */
export type Traffic = <A>(
  call: Outcome.Call,
  deadline: number,
  sending: Effect.Effect<A, MastercardError>
) => Effect.Effect<A, MastercardError>

/**
 * Fails where the deadline of a call is over: who looks for the call at Mastercard counts on its not going out later.
 */
export const checkDeadline = (call: Outcome.Call, deadline: number): Effect.Effect<void, MastercardNotSent> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => (now > deadline ? late(call) : Effect.void))

const late = (call: Outcome.Call) => Effect.fail(Outcome.notSent(call, "notInTime", "start limit"))

/** Waits for something no longer than until the deadline. */
const until = <A, R>(
  call: Outcome.Call,
  deadline: number,
  waiting: Effect.Effect<A, never, R>
): Effect.Effect<A, MastercardNotSent, R> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.timeoutOrElse(waiting, { duration: Math.max(0, deadline - now), orElse: () => late(call) })
  )

const KEY = "mastercard"

/** Limits that belong to one client and are shared by all its calls. */
export const make = Effect.fnUntraced(function* (limits: TrafficLimits): Effect.fn.Return<Traffic, never, Scope.Scope> {
  const permits = yield* Semaphore.make(limits.maximumInFlight)
  const slow = yield* rateLimit(limits)
  const guard = yield* breaker(limits)
  let waiting = 0
  return (call, deadline, sending) =>
    Effect.suspend(() => {
      if (waiting >= limits.maximumWaiting) {
        return Effect.fail(Outcome.notSent(call, "queueFull", `${waiting} wait`))
      }
      waiting++
      let isWaiting = true
      const go = Effect.sync(() => {
        if (isWaiting) waiting--
        isWaiting = false
      })
      const goes = Effect.andThen(go, guard(call, sending))
      const inTurn = slow === undefined ? goes : Effect.andThen(until(call, deadline, slow), goes)
      // Who finds a place at once needs no timer.
      const passing = Effect.flatMap(
        Semaphore.withPermitsIfAvailable(permits, 1, inTurn),
        Option.match({
          onSome: Effect.succeed,
          onNone: () => Effect.scoped(Effect.andThen(until(call, deadline, Semaphore.takeScoped(permits, 1)), inTurn))
        })
      )
      return Effect.ensuring(passing, go)
    })
})

const rateLimit = Effect.fnUntraced(function* ({ callsPerInterval, interval }: TrafficLimits) {
  if (callsPerInterval === undefined) return undefined
  const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory, { local: true })
  // Its memory cannot fail, and it is asked to delay, not to refuse.
  return Effect.orDie(RateLimiter.sleep(limiter, { key: KEY, limit: callsPerInterval, window: interval }))
})

type Guard = <A>(call: Outcome.Call, sending: Effect.Effect<A, MastercardError>) => Effect.Effect<A, MastercardError>

const breaker = Effect.fnUntraced(function* ({
  failuresUntilPause,
  pause
}: TrafficLimits): Effect.fn.Return<Guard, never, Scope.Scope> {
  if (failuresUntilPause === undefined) return (_, sending) => sending
  const circuit = yield* Effect.provide(
    CircuitBreaker.make({ tripPolicy: CircuitBreaker.consecutive(failuresUntilPause), openDuration: pause }),
    CircuitBreaker.layerStoreMemory(),
    { local: true }
  )
  const report = Effect.flatMap(Effect.orDie(circuit.state(KEY)), ({ _tag }) =>
    Metric.update(Telemetry.breakerState, Telemetry.BREAKER_STATES[_tag])
  )
  return (call, sending) =>
    circuit.execute(sending, { key: KEY, classify }).pipe(
      Effect.mapError((error) => (error._tag === "CircuitBreakerError" ? paused(call, error) : error)),
      Effect.ensuring(report)
    )
})

const paused = (call: Outcome.Call, { reason }: CircuitBreaker.CircuitBreakerError): MastercardNotSent =>
  Outcome.notSent(
    call,
    "circuitOpen",
    reason._tag === "CircuitOpen" ? `for ${Duration.format(reason.retryAfter)} more` : "one call is trying it"
  )

/** Only what says that the service is down counts: a refusal shows that it is there. */
const classify = (exit: Exit.Exit<unknown, MastercardError>): CircuitBreaker.Outcome => {
  if (Exit.isSuccess(exit)) return CircuitBreaker.success
  const error = Option.getOrUndefined(Result.getSuccess(Cause.findError(exit.cause)))
  switch (error?._tag) {
    case "MastercardRefused":
      return error.status === 429 ? CircuitBreaker.ignored : CircuitBreaker.success
    case "MastercardNotSent":
      return UNREACHABLE.has(error.cause) ? CircuitBreaker.failure() : CircuitBreaker.ignored
    case "MastercardOutcomeUnknown":
      return error.cause === "unreadableAnswer" ? CircuitBreaker.ignored : CircuitBreaker.failure()
    case undefined:
      return CircuitBreaker.ignored
  }
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  "connectionRefused",
  "hostNotFound",
  "connectTimeout",
  "connectFailed",
  "tokenUnavailable"
])
