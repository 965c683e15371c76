/**
 * Mastercard's error structure: `{"Errors":{"Error":[{"Source", "ReasonCode", "Description", "Recoverable", "Details"}]}}`.
 *
 * Codes are kept as they come and never interpreted: the same code is recoverable in one place and not in another.
 *
 * @see mastercard, Errors
 */
import { Option, Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import { maskText } from "./Masking.ts"

/** Reasons of one answer at most that are kept: the rest of a longer list helps nobody. */
export const MAXIMUM_REASONS = 20

/** Characters of a text from outside at most that an error carries into logs and events. */
export const MAXIMUM_TEXT_LENGTH = 500

/** One reason of a refusal, as Mastercard gave it. Texts are masked and cut to 500 characters. */
export const Reason = Schema.Struct({
  /** `digital-redemptions-api`, `Gateway` or something else. */
  source: Schema.String,
  reasonCode: Schema.String,
  description: Schema.String,
  /** Undefined where the answer said neither true nor false. It never decides alone that something is sent again. */
  recoverable: Schema.UndefinedOr(Schema.Boolean),
  details: Schema.UndefinedOr(Schema.String)
})
export type Reason = typeof Reason.Type

/** Cuts a text from outside and hides the account numbers in it. */
export const tame = (text: string, account?: string): string => maskText(text, account).slice(0, MAXIMUM_TEXT_LENGTH)

/** Reads the reasons of an answer; none where it has another structure. */
export const fromBody = (body: string, account?: string): ReadonlyArray<Reason> => {
  const errors = member(Option.getOrUndefined(Result.getSuccess(Json.parse(body))), "Errors")
  const error = member(errors, "Error")
  const list = Array.isArray(error) ? error : [error]
  return list
    .filter(Json.isObject)
    .slice(0, MAXIMUM_REASONS)
    .map((item) => fromItem(item, account))
}

const fromItem = (item: Json.JsonObject, account: string | undefined): Reason => ({
  source: text(item["Source"], account) ?? "",
  reasonCode: text(item["ReasonCode"], account) ?? "",
  description: text(item["Description"], account) ?? "",
  recoverable: flag(item["Recoverable"]),
  details: text(item["Details"], account)
})

const member = (value: Json.Json | undefined, name: string): Json.Json | undefined =>
  Json.isObject(value) ? value[name] : undefined

// Strings in this API and booleans and null in its siblings mean the same.
const flag = (value: Json.Json | undefined): boolean | undefined =>
  value === true || value === "true" ? true : value === false || value === "false" ? false : undefined

const text = (value: Json.Json | undefined, account: string | undefined): string | undefined => {
  if (value === undefined || value === null || value === "null") return undefined
  return tame(typeof value === "string" ? value : Json.stringify(value), account)
}

/** A reason in words. */
export const describe = (reason: Reason): string =>
  [reason.reasonCode, reason.description].filter((part) => part !== "").join(": ") +
  (reason.source === "" ? "" : ` (${reason.source})`)
