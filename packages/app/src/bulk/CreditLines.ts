/** Reads the lines of a file of credits as JSON values, NDJSON or CSV, a few at a time. */
import { JsonLine } from "@pointback/adapters"
import { type CsvError, type Parser, parse } from "csv-parse"
import { ImportLines, MAXIMUM_LINE_BYTES } from "../import/ImportLines.ts"
import * as CreditRecord from "./CreditRecord.ts"

/** How credits stand in a file. */
export type Format = "ndjson" | "csv"

/** What a line says, or why it cannot be read. */
export interface ReadLine {
  readonly line: number
  readonly read: CreditRecord.CreditRecord | string
}

/** Reads chunks of bytes; answers the lines that each completes, without blank ones. */
export type Reader = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<ReadonlyArray<ReadLine>>

const readLine = JsonLine.reader(CreditRecord.read)

export const ndjson: Reader = async function* (chunks) {
  const lines = new ImportLines()
  let line = 0
  const next = (bytes: Buffer): ReadonlyArray<ReadLine> => {
    line++
    const read = readLine(bytes)
    return read === undefined ? [] : [{ line, read }]
  }
  for await (const chunk of chunks) yield Array.from(lines.push(chunk)).flatMap(next)
  yield next(lines.end())
}

/** The columns of a CSV file; those that must be there come first. */
const REQUIRED = ["program", "account", "redemption", "creditId"] as const
const COLUMNS: ReadonlyArray<string> = [...REQUIRED, "points", "lots", "at", "actor"]

/** Records that are gathered before they are handed on. */
const ROWS_TOGETHER = 200

export const csv: Reader = async function* (chunks) {
  const skipped: Array<ReadLine> = []
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: MAXIMUM_LINE_BYTES,
    // Told with the line's number, like everything else that is wrong in a file.
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => void skipped.push({ line: lineOf(error), read: problemOf(error) })
  })
  let header: ReadonlyArray<string> | undefined
  let rows: Array<ReadLine> = []
  for await (const { info, record } of piped(chunks, parser)) {
    if (header === undefined) {
      header = record
      const problem = problemOfHeader(header)
      // Under a header that says nothing, no row says anything.
      if (problem !== undefined) return yield [{ line: info.lines, read: problem }]
      continue
    }
    rows.push({ line: info.lines, read: readRow(header, record) })
    if (rows.length < ROWS_TOGETHER) continue
    yield [...skipped.splice(0), ...rows]
    rows = []
  }
  if (header === undefined && skipped.length === 0) return yield [{ line: 1, read: problemOfHeader([]) as string }]
  yield [...skipped.splice(0), ...rows]
}

interface Row {
  readonly record: ReadonlyArray<string>
  readonly info: { readonly lines: number }
}

const piped = async function* (chunks: AsyncIterable<Buffer>, parser: Parser): AsyncGenerator<Row> {
  const failed = feed(chunks, parser)
  for await (const row of parser as AsyncIterable<Row>) yield row
  await failed
}

const feed = async (chunks: AsyncIterable<Buffer>, parser: Parser): Promise<void> => {
  try {
    for await (const chunk of chunks) {
      if (!parser.write(chunk)) await new Promise((resolve) => parser.once("drain", resolve))
    }
    parser.end()
  } catch (cause) {
    parser.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  }
}

const lineOf = (error: CsvError | undefined): number => {
  const lines: unknown = error?.["lines"]
  return typeof lines === "number" ? lines : 1
}

const PROBLEMS: Record<string, string> = {
  CSV_MAX_RECORD_SIZE: JsonLine.TOO_LONG,
  CSV_QUOTE_NOT_CLOSED: "a quotation mark is opened and never closed",
  CSV_INVALID_CLOSING_QUOTE: "a quotation mark closes in the middle of a cell",
  INVALID_OPENING_QUOTE: "a quotation mark opens in the middle of a cell"
}

const problemOf = (error: CsvError | undefined): string => PROBLEMS[error?.code ?? ""] ?? "no CSV"

const problemOfHeader = (header: ReadonlyArray<string>): string | undefined => {
  const missing = REQUIRED.filter((name) => !header.includes(name))
  const unknown = header.filter((name) => !COLUMNS.includes(name))
  const twice = header.filter((name, place) => header.indexOf(name) !== place)
  const problems = [
    ...(missing.length > 0 ? [`the columns ${missing.join(", ")} are missing`] : []),
    ...(unknown.length > 0 ? [`unknown columns ${unknown.map((name) => JSON.stringify(name)).join(", ")}`] : []),
    ...(twice.length > 0 ? [`columns ${twice.join(", ")} stand twice`] : [])
  ]
  return problems.length === 0 ? undefined : `header: ${problems.join("; ")}; there can be ${COLUMNS.join(", ")}`
}

/** The parser puts this character where bytes are no UTF-8; no identifier has a use for it. */
const NO_CHARACTER = "\ufffd"

const readRow = (header: ReadonlyArray<string>, cells: ReadonlyArray<string>): CreditRecord.CreditRecord | string => {
  if (cells.length !== header.length) return `${cells.length} cells, where the header has ${header.length}`
  if (cells.some((cell) => cell.includes(NO_CHARACTER))) return JsonLine.NO_UTF8
  const fields: Record<string, unknown> = {}
  for (const [place, name] of header.entries()) {
    const cell = cells[place] as string
    // An empty cell is one that is left out.
    if (cell !== "") fields[name] = name === "lots" ? readLots(cell) : cell
  }
  return fields["lots"] === undefined || Array.isArray(fields["lots"])
    ? CreditRecord.read(fields)
    : "lots: <lot>:<points> is expected, several with ; between them"
}

/** `<lot>:<points>` with `;` between them; the lot may have colons of its own. Null where it is something else. */
const readLots = (cell: string): ReadonlyArray<unknown> | null => {
  const lots = cell.split(";").map((part) => {
    const colon = part.lastIndexOf(":")
    return colon < 1 ? undefined : { lot: part.slice(0, colon), points: part.slice(colon + 1) }
  })
  return lots.includes(undefined) ? null : lots
}
