/** Writes answers on standard output and errors on standard error, as text for people or as JSON for programs. */
import { Instant, Points } from "@pointback/domain"
import { Console, Effect } from "effect"
import { errorJson, messageOf } from "../error/ErrorJson.ts"
import { JsonFlag } from "./GlobalFlags.ts"

export { errorJson, tagOf } from "../error/ErrorJson.ts"

/** A JSON document of ours; amounts and instants are strings. */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Prints an answer: the JSON document, or the text. */
export const answer = Effect.fnUntraced(function* (json: Json, text: () => string) {
  yield* Console.log((yield* JsonFlag) ? JSON.stringify(json) : text())
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
