/** Reads one line of an import file: a record, or what is wrong with it. */
import { JsonLine } from "@pointback/adapters"
import { Option, Result, Schema, SchemaIssue } from "effect"
import { ImportRecord } from "./ImportRecord.ts"
import { plainRecord } from "./PlainRecord.ts"

/** Reads one line of an import file. */
export const readLine = JsonLine.reader((json) => plainRecord(json) ?? judge(json))

const decode = Schema.decodeUnknownResult(ImportRecord, { errors: "all", onExcessProperty: "error" })
const decodeType = Schema.decodeUnknownOption(
  Schema.Struct({ type: Schema.Literals(["earned", "redeemed", "credited", "expired", "adjusted"]) })
)

/** What the schema reads in JSON: a record, or every problem with it. */
export const judge = (json: unknown): ImportRecord | string => {
  // Checked first, since a union would report what every kind of record misses.
  if (Option.isNone(decodeType(json))) return "type: earned, redeemed, credited, expired or adjusted is expected"
  return Result.match(decode(json), {
    onSuccess: (record): ImportRecord | string => record,
    onFailure: ({ issue }) => problems(issue)
  })
}

const toIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Every problem of a record, each with the field that it is in. */
export const problems = (issue: SchemaIssue.Issue): string =>
  toIssues(issue)
    .issues.map(({ message, path }) => {
      const field = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
      return field === "" ? message : `${field}: ${message}`
    })
    .join("; ")
