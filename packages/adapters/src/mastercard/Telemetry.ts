/**
 * What can be watched of the client: a span for each call, and metrics. No account number, no key and no token is in
 * them.
 */
import { Cause, Clock, Effect, Exit, Metric, Option, Result } from "effect"
import type { MastercardError } from "./MastercardError.ts"
import type { Route } from "./Prepared.ts"

/** Calls, by route and outcome. */
export const calls = Metric.counter("pointback_mastercard_calls", {
  description: "Calls of Mastercard by route and outcome",
  incremental: true
})

/** Milliseconds from the moment that a call was asked for, waiting included, by route and outcome. */
export const duration = Metric.histogram("pointback_mastercard_call_milliseconds", {
  description: "How long calls of Mastercard took, waiting for their turn included",
  boundaries: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000]
})

/** 0 while calls go through, 1 while one tries whether Mastercard is back, 2 while none is sent. */
export const breakerState = Metric.gauge("pointback_mastercard_breaker_state", {
  description: "0 closed, 1 half open, 2 open"
})

/** The values of `breakerState`. */
export const BREAKER_STATES = { Closed: 0, HalfOpen: 1, Open: 2 } as const

/** The metrics of a route and an outcome, kept: there are few, and each call needs one. */
const kept = new Map<string, { readonly calls: typeof calls; readonly duration: typeof duration }>()

const metricsOf = (route: Route, outcome: OutcomeClass) => {
  const key = `${route} ${outcome}`
  const known = kept.get(key)
  if (known !== undefined) return known
  const attributes = { route, outcome }
  const made = {
    calls: Metric.withAttributes(calls, attributes),
    duration: Metric.withAttributes(duration, attributes)
  }
  kept.set(key, made)
  return made
}

/** How a call ended, as spans and metrics say it. */
export type OutcomeClass = "ok" | "refused" | "notSent" | "unknown" | "interrupted" | "defect"

const CLASSES = {
  MastercardRefused: "refused",
  MastercardNotSent: "notSent",
  MastercardOutcomeUnknown: "unknown"
} as const

const classOf = (exit: Exit.Exit<unknown, MastercardError>): OutcomeClass => {
  if (Exit.isSuccess(exit)) return "ok"
  const error = Option.getOrUndefined(Result.getSuccess(Cause.findError(exit.cause)))
  if (error !== undefined) return CLASSES[error._tag]
  return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "defect"
}

/** Notes the status of an answer on the span of its call. */
export const noteStatus = (status: number): Effect.Effect<void> =>
  Effect.annotateCurrentSpan("http.response.status_code", status)

/** Puts a span around a call, counts it and measures it. */
export const observe = <A>(route: Route, call: Effect.Effect<A, MastercardError>): Effect.Effect<A, MastercardError> =>
  Effect.flatMap(Clock.currentTimeMillis, (started) =>
    Effect.onExit(call, (exit) => {
      const outcome = classOf(exit)
      const metrics = metricsOf(route, outcome)
      return Effect.flatMap(Clock.currentTimeMillis, (ended) =>
        Effect.all([
          Effect.annotateCurrentSpan("pointback.outcome", outcome),
          Metric.update(metrics.calls, 1),
          Metric.update(metrics.duration, Math.max(0, ended - started))
        ])
      )
    })
  ).pipe(
    Effect.withSpan("Mastercard.request", {
      kind: "client",
      attributes: { "http.request.method": route.split(" ", 1)[0], "http.route": route.split(" ")[1] }
    })
  )
