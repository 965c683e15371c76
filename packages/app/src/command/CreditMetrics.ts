/** Counts what credits come to. */
import { Effect, Metric } from "effect"
import type { CreditOutcome } from "./CreditOutcome.ts"

/** Credits that were asked for or recorded, by outcome; repetitions are not counted again. */
const credits = Metric.counter("pointback_credits", {
  description: "Credits by outcome, without repetitions",
  incremental: true
})

/** Credits that were settled, by result. */
const settled = Metric.counter("pointback_settled_credits", {
  description: "Credits that settling looked at, by result",
  incremental: true
})

/** Counts a credit by its outcome. */
export const counted = <E, R>(credit: Effect.Effect<CreditOutcome, E, R>): Effect.Effect<CreditOutcome, E, R> =>
  Effect.tap(credit, ({ outcome, replayed }) =>
    replayed ? Effect.void : Metric.update(Metric.withAttributes(credits, { outcome }), 1)
  )

/** Counts the result of settling one credit. */
export const countSettled = (result: string): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(settled, { result }), 1)
