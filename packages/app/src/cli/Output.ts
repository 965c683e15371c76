/** Writes answers on standard output and errors on standard error, as text for people or as JSON for programs. */
import { Instant, Points } from "@pointback/domain"
import { Console, Effect, Predicate, Schema } from "effect"
import { JsonFlag } from "./GlobalFlags.ts"

/** A JSON document of ours; amounts and instants are strings. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Prints an answer: the JSON document, or the text. */
export const answer = Effect.fnUntraced(function* (json: Json, text: () => string) {
  yield* Console.log((yield* JsonFlag) ? JSON.stringify(json) : text())
})

/** The name of an error; a defect has none. */
export const tagOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "Error"

const messageOf = (error: unknown): string =>
  Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : String(error)

// Causes are for the log, and may hold more than a caller should see.
const fieldsOf = (error: unknown): Record<string, unknown> => {
  const schema = (error as { constructor?: unknown }).constructor
  if (!Schema.isSchema(schema)) return {}
  const encoded = Schema.encodeUnknownOption(Schema.toCodecJson(schema as Schema.Codec<unknown>))(error)
  if (encoded._tag === "None") return {}
  const { _tag, cause: _cause, ...fields } = encoded.value as Record<string, unknown>
  return fields
}

/** An error as one JSON object. */
export const errorJson = (error: unknown): Record<string, unknown> => ({
  _tag: tagOf(error),
  message: messageOf(error),
  ...fieldsOf(error)
})

/** Prints an error on standard error. */
export const failure = (error: unknown, json: boolean): Effect.Effect<void> =>
  Console.error(json ? JSON.stringify({ error: errorJson(error) }) : `error: ${messageOf(error)}`)

/** Rows as aligned columns; those of numbers are flush right. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  numeric: ReadonlySet<string> = new Set()
): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number
        return numeric.has(head[column] as string) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join("  ")
      .trimEnd()
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n")
}

/** An instant for people: in UTC, without seconds that are zero. Null where there is none: never. */
export const instantText = (at: Instant.Instant | null): string =>
  at === null ? "never" : Instant.toString(at).replace(/(?::00)?\.000Z$/, "Z")

/** An amount with its noun. */
export const pointsText = (points: Points.Points): string =>
  `${Points.toString(points)} ${points === Points.UNITS_PER_POINT ? "point" : "points"}`

/** A count with its noun. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`
