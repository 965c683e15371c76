/** Decodes bodies by schemas; failures name members and never quote a value. */
import { Result, Schema, SchemaIssue } from "effect"
import * as Json from "../json/Json.ts"

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Decodes a body by a schema. The failure names the members that are missing or wrong and never quotes a value. */
export const decoder = <A>(schema: Schema.ConstraintDecoder<A>): ((body: unknown) => Result.Result<A, string>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (body) =>
    Result.mapError(decode(body, { errors: "all" }), ({ issue }) => {
      const paths = issuesOf(issue).issues.map(({ path = [] }) =>
        path.length === 0 ? "the whole" : path.map(String).join(".")
      )
      return `missing or wrong: ${paths.join(", ")}`
    })
}

/** Takes members by their assumed names; null and a missing member mean the same. */
export const pick = (body: Json.Json, names: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(names).map(([name, wire]) => [name, Json.isObject(body) ? (body[wire] ?? undefined) : undefined])
  )
