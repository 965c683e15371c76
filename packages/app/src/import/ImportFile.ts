/** Reads an import file: every line is checked before anything is imported. */
import { Effect, Option, Result, Schema, SchemaIssue } from "effect"
import { createReadStream } from "node:fs"
import type { NumberedRecord } from "./ImportRecord.ts"
import { ImportRecord } from "./ImportRecord.ts"

/** Bytes of a line at most: a record with thousands of draws fits, a file without line ends does not. */
export const MAXIMUM_LINE_BYTES = 1_000_000

/** Unreadable lines that are named at most; the others are counted. */
export const MAXIMUM_NAMED_LINES = 100

const UnreadableLine = Schema.Struct({ line: Schema.Natural, reason: Schema.String })

/** Lines of the file cannot be read; nothing was imported. */
export class UnreadableLines extends Schema.TaggedError<UnreadableLines>()("UnreadableLines", {
  file: Schema.String,
  /** How many there are in all; the first hundred are named. */
  count: Schema.Natural,
  lines: Schema.Array(UnreadableLine)
}) {
  override get message() {
    const named = this.lines.map(({ line, reason }) => `line ${line}: ${reason}`).join("\n  ")
    const more = this.count > this.lines.length ? `\n  and ${this.count - this.lines.length} more` : ""
    const lines = this.count === 1 ? "1 line" : `${this.count} lines`
    return `${this.file}: ${lines} cannot be read, nothing was imported\n  ${named}${more}`
  }
}

/** The file itself cannot be read. */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} cannot be read: ${this.problem}`
  }
}

/** Reads every record of a file. Fails with all unreadable lines at once, so that they can be mended at once. */
export const read = Effect.fn("ImportFile.read")(function* (
  file: string
): Effect.fn.Return<ReadonlyArray<NumberedRecord>, UnreadableLines | UnreadableFile> {
  const { records, unreadable, unreadableCount } = yield* Effect.tryPromise({
    try: () => readLines(file),
    catch: (cause) => new UnreadableFile({ file, problem: cause instanceof Error ? cause.message : String(cause) })
  })
  if (unreadableCount > 0) return yield* new UnreadableLines({ file, count: unreadableCount, lines: unreadable })
  return records
})

const readLines = async (file: string) => {
  const records: Array<NumberedRecord> = []
  const unreadable: Array<typeof UnreadableLine.Type> = []
  let unreadableCount = 0
  let line = 0
  for await (const bytes of linesOf(createReadStream(file))) {
    line++
    const read = readLine(bytes)
    if (read === undefined) continue
    if (typeof read !== "string") {
      records.push({ line, record: read })
      continue
    }
    unreadableCount++
    if (unreadable.length < MAXIMUM_NAMED_LINES) unreadable.push({ line, reason: read })
  }
  return { records, unreadable, unreadableCount }
}

const LINE_END = 0x0a

/**
 * The lines of a file as they came, each cut to a little more than its maximum. Node's own reader of lines also ends
 * them at U+2028, which JSON has inside of texts, and keeps the whole of a file without line ends.
 */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Array<Buffer> = []
  let free = MAXIMUM_LINE_BYTES + 1
  const keep = (part: Buffer) => {
    if (free > 0) parts.push(part.subarray(0, free))
    free -= part.length
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      keep(chunk.subarray(from, end))
      yield Buffer.concat(parts)
      parts = []
      free = MAXIMUM_LINE_BYTES + 1
      from = end + 1
    }
    keep(chunk.subarray(from))
  }
  yield Buffer.concat(parts)
}

// Takes no byte for another: an account number in a foreign encoding would be one that nobody has. Leaves a byte order
// mark out.
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Reads one line: nothing in a blank one, and what is wrong with it where it cannot be read. */
const readLine = (bytes: Buffer): ImportRecord | string | undefined => {
  if (bytes.length > MAXIMUM_LINE_BYTES) return `more than ${MAXIMUM_LINE_BYTES} bytes`
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return "no UTF-8 text"
  }
  return text.trim() === "" ? undefined : readRecord(text)
}

const decode = Schema.decodeUnknownResult(ImportRecord, { errors: "all", onExcessProperty: "error" })
const decodeType = Schema.decodeUnknownOption(
  Schema.Struct({ type: Schema.Literals(["earned", "redeemed", "credited", "expired", "adjusted"]) })
)

const readRecord = (text: string): ImportRecord | string => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return "no JSON object"
  }
  // Checked first, since a union would report what every kind of record misses.
  if (Option.isNone(decodeType(json))) return "type: earned, redeemed, credited, expired or adjusted is expected"
  return Result.match(decode(json), {
    onSuccess: (record): ImportRecord | string => record,
    onFailure: ({ issue }) => problems(issue)
  })
}

const toIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Every problem of a record, each with the field that it is in. */
const problems = (issue: SchemaIssue.Issue): string =>
  toIssues(issue)
    .issues.map(({ message, path }) => {
      const field = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")
      return field === "" ? message : `${field}: ${message}`
    })
    .join("; ")
