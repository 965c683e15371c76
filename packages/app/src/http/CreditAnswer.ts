/**
 * What the outcome of a credit is over HTTP: 200 where it is booked, 202 where nobody knows yet, a problem where Mastercard
 * declined it, so that nobody who looks at the status alone believes in points that are not there.
 */
import { Effect } from "effect"
import type { Schema } from "effect"
import * as Json from "../cli/Json.ts"
import { isNotSent } from "../bulk/CreditResult.ts"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import * as Problem from "./Problem.ts"
import type { Credited, CreditReleased, CreditUnknown } from "./Shapes.ts"

const declined = (outcome: CreditOutcome): Problem.Problem => {
  const credit = Json.credit(outcome) as unknown as Schema.Json
  const why = outcome.reasons.map(({ description, reasonCode, source }) => `${source} ${reasonCode}: ${description}`)
  const message = `nothing was credited: ${why.join("; ")}; a new attempt needs a new credit id`
  return Problem.make(isNotSent(outcome) ? 503 : 422, "CreditDeclined", message, {
    error: { _tag: "CreditDeclined", message, credit }
  })
}

/** The answer to whoever asked for a credit. */
export const of = (
  outcome: CreditOutcome
): Effect.Effect<typeof Credited.Type | typeof CreditUnknown.Type, Problem.Problem> =>
  outcome.outcome === "CreditDeclined"
    ? Effect.fail(declined(outcome))
    : Effect.succeed(Json.credit(outcome) as unknown as typeof Credited.Type | typeof CreditUnknown.Type)

/** The answer to whoever decided about one: a release is what was asked for. */
export const decided = (outcome: CreditOutcome) =>
  Json.credit(outcome) as unknown as typeof Credited.Type | typeof CreditReleased.Type
