/** Reads what is asked of the sandbox: bodies and queries into commands, or a refusal that names the field. */
import { Instant, Points, Text, Zone } from "@pointback/domain"
import { Option, Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import * as Codes from "./SandboxCodes.ts"
import { Span } from "./SandboxFaults.ts"

type Read<A> = Result.Result<A, Codes.Refusal>

/** Lots of one account, or draws of one redemption, at most. */
const MAXIMUM_PARTS = 1000

/** Entries of a page at most. */
const MAXIMUM_PAGE = 500

const CREDITABLE = ["MERCHANDISE", "TRAVEL"]
const REDEEMABLE = ["CASHBACK", "MERCHANDISE", "TRAVEL"]

const decodeSpan = Schema.decodeUnknownResult(Span)

const isIdentifier = Schema.is(Text.Identifier)

/** Reads a body as a JSON object. */
export const body = (bytes: Uint8Array): Read<Json.JsonObject> => {
  const json = Option.getOrUndefined(Result.getSuccess(Json.parse(new TextDecoder().decode(bytes))))
  return Json.isObject(json) ? Result.succeed(json) : Result.fail(Codes.notJson)
}

/** A text of 1 to 128 characters that must be there. */
export const text = (object: Json.JsonObject, field: string): Read<string> => {
  const value = object[field]
  if (value === undefined || value === null || value === "") return Result.fail(Codes.missing(field))
  return typeof value === "string" && isIdentifier(value)
    ? Result.succeed(value)
    : Result.fail(Codes.invalid(field, "a text of 1 to 128 characters"))
}

/** One of some texts. */
export const oneOf = (object: Json.JsonObject, field: string, values: ReadonlyArray<string>): Read<string> =>
  Result.flatMap(text(object, field), (value) =>
    values.includes(value) ? Result.succeed(value) : Result.fail(Codes.invalid(field, values.join(" or ")))
  )

/** An amount above zero. Only a JSON number is one: a number in quotes is a mistake of the caller. */
const points = (object: Json.JsonObject, field: string): Read<bigint> => {
  const value = object[field]
  if (value === undefined || value === null) return Result.fail(Codes.missing(field))
  const decimal = Json.decimalOf(value, false)
  const amount = Option.flatMap(decimal, (text) => Result.getSuccess(Points.fromString(text)))
  return Option.isSome(amount) && amount.value > 0n
    ? Result.succeed(amount.value)
    : Result.fail(Codes.invalid(field, "a number above zero"))
}

const instant = (object: Json.JsonObject, field: string): Read<Instant.Instant> =>
  Result.flatMap(text(object, field), (value) =>
    Option.match(Instant.fromString(value), {
      onSome: Result.succeed,
      onNone: () => Result.fail(Codes.invalid(field, "an ISO 8601 instant with a zone"))
    })
  )

const list = <A>(object: Json.JsonObject, field: string, read: (item: Json.JsonObject) => Read<A>): Read<Array<A>> => {
  const items = object[field]
  if (!Array.isArray(items)) return Result.fail(Codes.missing(field))
  if (items.length > MAXIMUM_PARTS) return Result.fail(Codes.invalid(field, `at most ${MAXIMUM_PARTS}`))
  return Result.all(
    items.map((item) => (Json.isObject(item) ? read(item) : Result.fail(Codes.invalid(field, "a list of objects"))))
  )
}

/** `POST /redemptions/{id}/credits`. */
export const credit = (redemptionId: string, object: Json.JsonObject): Read<SandboxCommand> =>
  Result.gen(function* () {
    yield* text(object, "processedBy")
    const redemptionType = yield* oneOf(object, "redemptionType", CREDITABLE)
    const userId = yield* text(object, "userId")
    yield* oneOf(object, "userIdType", ["RANAC"])
    const isPartial = object["partialCreditPoints"] !== undefined
    const amount = isPartial ? yield* points(object, "partialCreditPoints") : undefined
    return { _tag: "Credit", redemptionId, userId, redemptionType, points: amount }
  })

/** `POST /redemptions`. */
export const redeem = (object: Json.JsonObject, names: Assumptions): Read<SandboxCommand> =>
  Result.gen(function* () {
    yield* text(object, "processedBy")
    const redemptionType = yield* oneOf(object, "redemptionType", REDEEMABLE)
    const userId = yield* text(object, "userId")
    yield* oneOf(object, "userIdType", ["RANAC"])
    return { _tag: "Redeem", userId, redemptionType, points: yield* points(object, names.redeemPoints) }
  })

/** `PUT /sandbox/accounts/{userId}`. */
export const putAccount = (userId: string, object: Json.JsonObject): Read<SandboxCommand> => {
  const lot = (item: Json.JsonObject) =>
    Result.gen(function* () {
      return {
        lotId: yield* text(item, "lotId"),
        earnedAt: yield* instant(item, "earnedAt"),
        expiresAt: (item["expiresAt"] ?? null) === null ? undefined : yield* instant(item, "expiresAt"),
        points: yield* points(item, "points")
      }
    })
  if (!isIdentifier(userId)) return Result.fail(Codes.invalid("userId", "a text of 1 to 128 characters"))
  return Result.gen(function* () {
    const household = object["household"] === undefined ? undefined : yield* text(object, "household")
    return { _tag: "PutAccount", userId, household, lots: yield* list(object, "lots", lot) }
  })
}

/** `PUT /sandbox/replacements/{old}` with the new number as `userId`. */
export const replaceAccount = (userId: string, object: Json.JsonObject): Read<SandboxCommand> =>
  Result.map(text(object, "userId"), (successor) => ({ _tag: "ReplaceAccount", userId, successor }))

/** `POST /sandbox/clock`: `to` an instant, or `by` a span of time; never back. */
export const clock = (object: Json.JsonObject, now: Instant.Instant): Read<Instant.Instant> => {
  if (object["by"] === undefined) {
    return Result.flatMap(instant(object, "to"), (to) =>
      to >= now ? Result.succeed(to) : Result.fail(Codes.invalid("to", `${Instant.toString(now)} or later`))
    )
  }
  return Result.mapBoth(decodeSpan(object["by"]), {
    onFailure: () => Codes.invalid("by", "a span of time up to a day, such as 30s"),
    onSuccess: (millis) => now + BigInt(millis) * Instant.MICROS_PER_MILLI
  })
}

/** `PUT /sandbox/redemptions/{id}`. Without `at` it happened now. */
export const putRedemption = (
  redemptionId: string,
  object: Json.JsonObject,
  now: Instant.Instant
): Read<SandboxCommand> =>
  Result.gen(function* () {
    if (!isIdentifier(redemptionId)) return yield* Result.fail(Codes.invalid("id", "a text of 1 to 128 characters"))
    const part = (item: Json.JsonObject) =>
      Result.gen(function* () {
        return { lotId: yield* text(item, "lotId"), points: yield* points(item, "points") }
      })
    return {
      _tag: "PutRedemption",
      redemptionId,
      userId: yield* text(object, "userId"),
      redemptionType: yield* oneOf(object, "redemptionType", REDEEMABLE),
      points: yield* points(object, "points"),
      draws: object["draws"] === undefined ? undefined : yield* list(object, "draws", part),
      at: object["at"] === undefined ? now : yield* instant(object, "at")
    }
  })

/** A question for the history of an account: from the start of one day to the end of another, in UTC. */
export interface HistoryQuestion {
  readonly userId: string
  readonly from: Instant.Instant
  readonly before: Instant.Instant
  readonly offset: number
  readonly limit: number
}

/** `GET /redemptions`. */
export const history = (query: URLSearchParams, names: Assumptions): Read<HistoryQuestion> => {
  const object: Json.JsonObject = Object.fromEntries(query)
  return Result.gen(function* () {
    const userId = yield* text(object, names.historyUserIdParameter)
    yield* oneOf(object, names.historyUserIdTypeParameter, ["RANAC"])
    return {
      userId,
      from: yield* date(object, "from_date"),
      before: (yield* date(object, "to_date")) + Instant.MICROS_PER_DAY,
      offset: yield* count(object, names.historyOffsetParameter, 0),
      limit: Math.min(MAXIMUM_PAGE, yield* count(object, names.historyLimitParameter, names.historyPageSize))
    }
  })
}

/** `GET /redeemers/{user_id}`. */
export const redeemer = (query: URLSearchParams): Read<string> => {
  const object: Json.JsonObject = Object.fromEntries(query)
  return Result.andThen(oneOf(object, "user_id_type", ["RANAC"]), () => oneOf(object, "redemptionType", REDEEMABLE))
}

const date = (object: Json.JsonObject, field: string): Read<Instant.Instant> =>
  Result.flatMap(text(object, field), (value) =>
    Option.match(Zone.dateFromString(value), {
      onSome: (day) => Result.succeed(Zone.startOfDate(Zone.UTC, day)),
      onNone: () => Result.fail(Codes.invalid(field, "a date such as 2026-01-20"))
    })
  )

const count = (object: Json.JsonObject, field: string, fallback: number): Read<number> => {
  const value = object[field]
  if (value === undefined) return Result.succeed(fallback)
  return typeof value === "string" && /^[0-9]{1,9}$/.test(value)
    ? Result.succeed(Number(value))
    : Result.fail(Codes.invalid(field, "a count"))
}
