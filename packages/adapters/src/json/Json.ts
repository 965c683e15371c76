/**
 * JSON whose numbers stay exact both ways: read from their source text and written from their decimal.
 *
 * `JSON.parse` alone turns `9007199254740993` into `9007199254740992` before anyone can look. Here a number becomes a
 * `JsonNumber` that carries its text, so an amount is never a binary float, and a number and a string stay apart.
 */
import { Effect, Option, Result, Schema, SchemaGetter, SchemaIssue } from "effect"
import * as Decimal from "./Decimal.ts"

/** A number of a JSON text. `JSON.stringify` writes its decimal as it is. */
export class JsonNumber {
  readonly decimal: Decimal.Decimal

  constructor(decimal: Decimal.Decimal) {
    this.decimal = decimal
  }

  toJSON(): unknown {
    return native.rawJSON(this.decimal)
  }

  toString(): string {
    return this.decimal
  }
}

/** Any JSON value. */
export type Json = null | boolean | string | JsonNumber | ReadonlyArray<Json> | JsonObject

/** A JSON object. Members that are `undefined` are not written. */
export interface JsonObject {
  readonly [name: string]: Json | undefined
}

/** A text that is not JSON, or that has a number which cannot be kept. */
export interface JsonProblem {
  /** What is wrong, without quoting the text: it may hold an account number. */
  readonly problem: "notJson" | "numberTooLong"
}

// TypeScript's ES2023 library does not know the source text of a number yet (every supported Node does).
const native = JSON as unknown as {
  readonly parse: (
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown
  ) => Json
  readonly rawJSON: (text: string) => unknown
}

class NumberTooLong extends Error {}

const reviveNumber = (_name: string, value: unknown, context: { readonly source?: string }): unknown =>
  typeof value === "number"
    ? new JsonNumber(Result.getOrThrowWith(Decimal.fromSource(context.source as string), () => new NumberTooLong()))
    : value

/** Reads a JSON text. Fails with `notJson`, or with `numberTooLong` for a number of more than 64 characters. */
export const parse = (text: string): Result.Result<Json, JsonProblem> => {
  try {
    return Result.succeed(native.parse(text, reviveNumber))
  } catch (error) {
    return Result.fail({ problem: error instanceof NumberTooLong ? "numberTooLong" : "notJson" })
  }
}

/** Writes a JSON text, members in the order they have, indented by `indentation` blanks (none by default). */
export const stringify = (value: Json, indentation = 0): string => JSON.stringify(value, undefined, indentation)

/** A JSON number of an exact decimal. */
export const number = (decimal: Decimal.Decimal): JsonNumber => new JsonNumber(decimal)

/** Whether a value is an object, and neither a list nor a number. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)

/** The decimal of a JSON number; with `quoted`, also of a string that holds nothing but a JSON number. */
export const decimalOf = (value: unknown, quoted: boolean): Option.Option<Decimal.Decimal> => {
  if (value instanceof JsonNumber) return Option.some(value.decimal)
  return quoted && typeof value === "string" ? Result.getSuccess(Decimal.fromSource(value)) : Option.none()
}

const decimalSchema = (quoted: boolean, message: string) =>
  Schema.Unknown.pipe(
    Schema.decodeTo(Schema.String, {
      decode: SchemaGetter.transformEffect((value: unknown, options) =>
        Option.match(decimalOf(value, quoted), {
          onSome: (decimal) => Effect.succeed(decimal),
          onNone: () => Effect.fail(new SchemaIssue.InvalidValue({ message }, value, options))
        })
      ),
      encode: SchemaGetter.transform((decimal: string): unknown => number(decimal))
    })
  )

/** A JSON number outside, its plain decimal string inside. */
export const DecimalFromNumber = decimalSchema(false, "a number is expected")

/** The same, and a number in quotes is read as well: another side's habits must not make an answer unreadable. */
export const DecimalFromAnything = decimalSchema(true, "a number, or a string that holds one, is expected")

/** A string, or a number as its text: an id may come in either form, and its digits are the same. */
export const TextFromAnything = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect((value: unknown, options) => {
      if (typeof value === "string") return Effect.succeed(value)
      return value instanceof JsonNumber
        ? Effect.succeed(value.decimal)
        : Effect.fail(new SchemaIssue.InvalidValue({ message: "a string is expected" }, value, options))
    }),
    encode: SchemaGetter.transform((text: string): unknown => text)
  })
)
