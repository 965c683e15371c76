/** What the header `Idempotency-Key` means, and how a repetition is told. */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as AnswerHeader from "./AnswerHeader.ts"
import * as ErrorProblem from "./ErrorProblem.ts"
import type { Problem } from "./Problem.ts"

const HEADER = "idempotency-key"

type Headers = { readonly [HEADER]?: string }

const wrong = (message: string) => ErrorProblem.invalid([{ path: ["headers", HEADER], message }])

/** Fails where the header names another key than the body: whoever repeats it under one of the two would be surprised. */
export const agrees = (headers: Headers, field: string, key: string): Effect.Effect<void, Problem> =>
  headers[HEADER] === undefined || headers[HEADER] === key
    ? Effect.void
    : Effect.fail(wrong(`${field} is the key of this command, and the header has another one`))

/** The key of a command whose body may leave it to the header. */
export const keyOf = (headers: Headers, field: string, key: string | undefined): Effect.Effect<string, Problem> => {
  if (key !== undefined) return Effect.as(agrees(headers, field, key), key)
  const named = headers[HEADER]
  return named === undefined ? Effect.fail(wrong(`either it or ${field} is needed`)) : Effect.succeed(named)
}

/** Marks the answer as a repetition. */
export const mark = (replayed: boolean): Effect.Effect<void, never, HttpServerRequest.HttpServerRequest> =>
  replayed ? AnswerHeader.set("idempotency-replayed", "true") : Effect.void
