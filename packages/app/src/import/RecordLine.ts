/** Reads one line of an import file: a record, or what is wrong with it. */
import { Option, Result, Schema, SchemaIssue } from "effect"
import { MAXIMUM_LINE_BYTES } from "./ImportLines.ts"
import { ImportRecord } from "./ImportRecord.ts"
import { plainRecord } from "./PlainRecord.ts"

/** What is said of a line with more bytes than any has that is right. */
export const TOO_LONG = `more than ${MAXIMUM_LINE_BYTES} bytes`

/** What is said of bytes that are no text. */
export const NO_UTF8 = "no UTF-8 text"

// Takes no byte for another: an account number in a foreign encoding would be one that nobody has. Leaves a byte order
// mark out.
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Reads lines whose JSON `read` reads: nothing in a blank one, and what is wrong with it where it cannot be read. */
export const lineReader =
  <A>(read: (json: unknown) => A | string) =>
  (bytes: Buffer): A | string | undefined => {
    if (bytes.length > MAXIMUM_LINE_BYTES) return TOO_LONG
    let text: string
    try {
      text = utf8.decode(bytes)
    } catch {
      return NO_UTF8
    }
    if (text.trim() === "") return undefined
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      return "no JSON object"
    }
    return read(json)
  }

/** Reads one line of an import file. */
export const readLine = lineReader((json) => plainRecord(json) ?? judge(json))

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
