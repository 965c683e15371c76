/** Answers that are tables: text for people, one JSON document, or CSV. */
import { Console, Effect } from "effect"
import { Flag } from "effect/cli"
import { JsonFlag } from "./GlobalFlags.ts"
import { InvalidInput } from "./Input.ts"
import type * as Output from "./Output.ts"

/** How a table is written unless JSON is asked for. */
export type Format = "text" | "csv"

export const format = Flag.Literals("format", ["text", "csv"]).pipe(
  Flag.withDescription("Tables for people, or comma-separated values"),
  Flag.withDefault("text" as Format)
)

/** An answer in every form; only the one that is asked for is made. */
export interface Forms {
  readonly json: () => Output.Json
  readonly text: () => string
  readonly csv: () => string
}

/** Prints an answer in the form that is asked for. */
export const answer = Effect.fnUntraced(function* (format: Format, { csv, json, text }: Forms) {
  const asJson = yield* JsonFlag
  if (asJson && format === "csv") {
    return yield* new InvalidInput({
      flag: "format",
      value: format,
      problem: "is not for --json; leave one of them out"
    })
  }
  yield* Console.log(asJson ? JSON.stringify(json()) : format === "csv" ? csv() : text())
})
