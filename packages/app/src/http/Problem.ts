/**
 * Problem details (RFC 9457): what every error of the HTTP API looks like. `type` is one URI for each kind of error,
 * `error` the same object that the command line prints with `--json`, and `errors` names the fields of an invalid request.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/** The media type of a problem. */
export const CONTENT_TYPE = "application/problem+json"

/** What every `type` begins with; the error's tag in lower case follows, with dashes. */
export const TYPE_PREFIX = "urn:pointback:problem:"

/** The `type` of an error's tag: `UnknownAccount` is `urn:pointback:problem:unknown-account`. */
export const typeOf = (tag: string): string => TYPE_PREFIX + tag.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()

/** A field of the request that cannot be taken, and why: `["query", "asOf"]`. */
const Field = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Int])),
  message: Schema.String
})
export type Field = typeof Field.Type

const problem = <const Status extends number>(status: Status, description: string) =>
  Schema.Struct({
    type: Schema.String,
    title: Schema.String,
    status: Schema.Literal(status),
    detail: Schema.String,
    errors: Schema.optionalKey(Schema.Array(Field)),
    error: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
  })
    .annotate({ identifier: `Problem${status}`, description })
    .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: CONTENT_TYPE }))

/** Every problem that a request can meet, by status. */
export const Problems = [
  problem(400, "The request is invalid; `errors` names the fields."),
  problem(401, "No key, or one that is not known."),
  problem(403, "The key may not do this, or not with this program."),
  problem(404, "No such program, account, lot, redemption or address."),
  problem(405, "The address does not take this method."),
  problem(409, "It contradicts what is recorded already, or something is under way."),
  problem(413, "The body is larger than what is taken."),
  problem(415, "The body has another media type than what is taken."),
  problem(422, "A rule of the domain refused it, or Mastercard declined it."),
  problem(429, "The key has sent too many requests; `Retry-After` says when to go on."),
  problem(500, "A bug of ours; the log has the request's id."),
  problem(503, "The database or Mastercard could not be reached, or too much is going on; nothing was recorded.")
] as const

/** A problem as it is answered. */
export type Problem = (typeof Problems)[number]["Type"]
export type Status = Problem["status"]

const TITLES: Record<Status, string> = {
  400: "Invalid request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  422: "Refused",
  429: "Too many requests",
  500: "Internal error",
  503: "Unavailable"
}

/** Makes a problem of a tag. */
export const make = (
  status: Status,
  tag: string,
  detail: string,
  more: { readonly errors?: ReadonlyArray<Field>; readonly error?: Readonly<Record<string, Schema.Json>> } = {}
): Problem => ({ type: typeOf(tag), title: TITLES[status], status, detail, ...more })

/** Whether a value is a problem of ours already. */
export const is = (value: unknown): value is Problem =>
  typeof value === "object" &&
  value !== null &&
  "type" in value &&
  typeof value.type === "string" &&
  value.type.startsWith(TYPE_PREFIX)
