/** Mastercard as a test would have it: only credits, answered by the test. */
import {
  type CreditAnswer,
  type CreditRequest,
  Mastercard,
  type MastercardError,
  MastercardOutcomeUnknown
} from "@pointback/adapters"
import { Effect, Layer } from "effect"

/** Answers credits by a function; any other call is a defect. */
export const answering = (
  credit: (request: CreditRequest) => Effect.Effect<CreditAnswer, MastercardError>
): Layer.Layer<Mastercard> => Layer.mock(Mastercard, { credit })

/** What Mastercard answers to a credit; a partial one carries what remains. */
export const credited = (over: Partial<CreditAnswer> = {}): CreditAnswer => ({
  pointBalance: "96173827.88",
  remaining: undefined,
  programName: "Pay With Points API",
  id: "5134720",
  ...over
})

/** A call of which nobody knows what became. */
export const unknownOutcome = new MastercardOutcomeUnknown({
  call: "POST /redemptions/R1/credits",
  cause: "timeout",
  status: undefined,
  reasons: [],
  detail: "time limit"
})

/** Every credit's outcome is unknown. */
export const silent: Layer.Layer<Mastercard> = answering(() => Effect.fail(unknownOutcome))
