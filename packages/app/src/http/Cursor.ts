/** Opaque cursors: where a listing goes on, in a form that callers only hand back. */
import { Effect, Option, Schema } from "effect"
import * as ErrorProblem from "./ErrorProblem.ts"
import type { Problem } from "./Problem.ts"

/** A cursor of a place. */
export const make = <A>(schema: Schema.Codec<A, unknown>, place: A): string =>
  Buffer.from(JSON.stringify(Schema.encodeSync(Schema.toCodecJson(schema))(place))).toString("base64url")

/** The cursor of what comes after a page; null where the page was not full, and so was the last. */
export const next = <Item, A>(
  schema: Schema.Codec<A, unknown>,
  found: ReadonlyArray<Item>,
  limit: number,
  placeOf: (last: Item) => A
): string | null => {
  const last = found.at(-1)
  return last === undefined || found.length < limit ? null : make(schema, placeOf(last))
}

const invalid = ErrorProblem.invalid([
  { path: ["query", "cursor"], message: "this is no cursor that this listing answered" }
])

/** The place of a cursor; undefined at the beginning. */
export const read = <A>(
  schema: Schema.Codec<A, unknown>,
  cursor: string | undefined
): Effect.Effect<A | undefined, Problem> =>
  Effect.suspend(() => {
    if (cursor === undefined) return Effect.succeed(undefined)
    const text = Buffer.from(cursor, "base64url").toString("utf8")
    const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(schema)))
    return Option.match(decode(text), { onNone: () => Effect.fail(invalid), onSome: (place) => Effect.succeed(place) })
  })
