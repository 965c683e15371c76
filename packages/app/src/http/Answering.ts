/** Makes a problem of everything that is no answer: unknown addresses, unreadable bodies, defects. And what all answers carry. */
import { Cause, Effect, SchemaIssue } from "effect"
import { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import * as ErrorProblem from "./ErrorProblem.ts"
import { BODY_BYTES } from "./Limits.ts"
import * as Problem from "./Problem.ts"

const formatted = SchemaIssue.makeFormatterStandardSchemaV1()

const PARTS: Readonly<Record<string, string>> = { Params: "path", Query: "query", Headers: "headers", Payload: "body" }

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string | number => {
  const key = typeof part === "object" ? part.key : part
  return typeof key === "number" ? key : String(key)
}

const ofSchema = (error: HttpApiError.HttpApiSchemaError): Problem.Problem | undefined => {
  const part = PARTS[error.kind]
  if (part === undefined) return undefined
  return ErrorProblem.invalid(
    formatted(error.cause.issue).issues.map(({ message, path }) => ({
      path: [part, ...(path ?? []).map(segment)],
      message
    }))
  )
}

const notFound = Problem.make(404, "NotFound", "nothing is at this address; /openapi.json lists what is")
const tooLarge = Problem.make(413, "TooLarge", `the body is too large; JSON bodies may have ${BODY_BYTES} bytes`)
const unreadable = ErrorProblem.invalid([{ path: ["body"], message: "it could not be read" }])
const internal = Problem.make(500, "InternalError", "a bug of ours; the log has the request's id")

const ofReason = (error: unknown): Problem.Problem | undefined => {
  if (Problem.is(error)) return error
  if (HttpApiError.HttpApiSchemaError.is(error)) return ofSchema(error)
  if (error instanceof Error && error.name === "HttpApiPayloadTooLarge") return tooLarge
  if (!HttpServerError.isHttpServerError(error)) return undefined
  const { reason } = error
  if (reason._tag === "RouteNotFound") return notFound
  if (reason._tag !== "RequestParseError") return undefined
  return reason.reason === "BodyTooLarge" ? tooLarge : unreadable
}

const ofCause = <E>(cause: Cause.Cause<E>): Problem.Problem | undefined => {
  for (const reason of cause.reasons) {
    const problem =
      reason._tag === "Fail" ? ofReason(reason.error) : reason._tag === "Die" ? ofReason(reason.defect) : undefined
    if (problem !== undefined) return problem
  }
  return undefined
}

const respond = (problem: Problem.Problem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(problem, { status: problem.status, contentType: Problem.CONTENT_TYPE })

const BY_STATUS: Readonly<Record<number, Problem.Problem>> = {
  404: notFound,
  405: Problem.make(405, "MethodNotAllowed", "this address does not take this method"),
  413: tooLarge,
  415: Problem.make(415, "UnsupportedMediaType", "the body has another media type than what is taken here")
}

/** What the library itself answered without a body of ours. */
const dressed = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const bare = response.status >= 400 && !/json/.test(response.headers["content-type"] ?? "")
  const problem = bare ? BY_STATUS[response.status] : undefined
  return problem === undefined ? response : respond(problem)
}

/** Answers never stand in a cache, are never taken for what they are not, and never in a frame of somebody else's. */
const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
}

/** Wraps a whole server. */
export const answer = <E, R>(
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const json =
      /json/.test(request.headers["content-type"] ?? "json") && !/ndjson/.test(request.headers["content-type"] ?? "")
    if (json && Number(request.headers["content-length"] ?? "0") > BODY_BYTES) return respond(tooLarge)
    return yield* handled.pipe(
      Effect.map(dressed),
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
        const problem = ofCause(cause)
        return problem === undefined
          ? Effect.as(Effect.logError("a bug", Cause.pretty(cause)), respond(internal))
          : Effect.succeed(respond(problem))
      })
    )
  }).pipe(Effect.map((response) => HttpServerResponse.setHeaders(response, { ...HEADERS, ...response.headers })))
