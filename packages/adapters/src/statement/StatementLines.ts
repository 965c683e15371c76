/**
 * The lines of a statement file as fields by their names: NDJSON, or CSV where the name ends in `.csv`, either also
 * gzipped. A line that cannot be read is a reason, and the ones after it are read all the same.
 */
import { CsvError, parse } from "csv-parse"
import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { PassThrough, type Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FileLines, MAXIMUM_LINE_BYTES } from "../file/FileLines.ts"
import * as JsonLine from "../file/JsonLine.ts"
import type { Fields } from "./StatementFields.ts"

/** A line with its number, counted from 1: its fields, or why it has none. */
export interface StatementLine {
  readonly line: number
  readonly fields: Fields | string
}

/** Bytes that are read at once. */
const CHUNK_BYTES = 262_144

/** How the file is written follows from its name, its compression from its first bytes. */
export async function* linesOf(file: string): AsyncGenerator<ReadonlyArray<StatementLine>> {
  const isCsv = /\.csv(?:\.gz)?$/i.test(file)
  const source = await openFile(file)
  try {
    yield* isCsv ? csvLines(source) : jsonLines(source)
  } finally {
    source.destroy()
  }
}

const GZIP = [0x1f, 0x8b] as const

const openFile = async (file: string): Promise<Readable> => {
  const handle = await open(file)
  const begin = Buffer.alloc(GZIP.length)
  try {
    await handle.read(begin, 0, GZIP.length, 0)
  } finally {
    await handle.close()
  }
  const source = createReadStream(file, { highWaterMark: CHUNK_BYTES })
  if (begin[0] !== GZIP[0] || begin[1] !== GZIP[1]) return source
  const unpacked = new PassThrough({ highWaterMark: CHUNK_BYTES })
  // What fails is told to whoever reads.
  pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), unpacked).catch((cause: unknown) =>
    unpacked.destroy(cause as Error)
  )
  return unpacked
}

async function* jsonLines(source: Readable): AsyncGenerator<ReadonlyArray<StatementLine>> {
  const lines = new FileLines()
  let line = 0
  const read = (bytes: Buffer): ReadonlyArray<StatementLine> => {
    line++
    const fields = jsonFields(bytes)
    return fields === undefined ? [] : [{ line, fields }]
  }
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const batch: Array<StatementLine> = []
    for (const bytes of lines.push(chunk)) batch.push(...read(bytes))
    yield batch
  }
  yield read(lines.end())
}

const jsonFields = JsonLine.reader((json) =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Fields) : JsonLine.NO_OBJECT
)

/** Rows that are handed on at once. */
const ROWS = 1000

async function* csvLines(source: Readable): AsyncGenerator<ReadonlyArray<StatementLine>> {
  let skipped: Array<StatementLine> = []
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAXIMUM_LINE_BYTES,
    skip_records_with_error: true,
    on_skip: (error) => {
      const line = error instanceof CsvError && typeof error["lines"] === "number" ? error["lines"] : 0
      skipped.push({ line, fields: error?.message ?? "no row" })
      return undefined
    }
  })
  const read = pipeline(source, parser)
  // Whoever reads the parser is told.
  read.catch(() => undefined)
  let columns: ReadonlyArray<string> | undefined
  let isFirst = true
  let batch: Array<StatementLine> = []
  for await (const { info, record } of parser as AsyncIterable<CsvRow>) {
    if (isFirst) batch.push({ line: info.lines, fields: csvHeader(record) })
    else if (columns === undefined) columns = record
    else batch.push({ line: info.lines, fields: csvFields(record, columns) })
    isFirst = false
    if (batch.length < ROWS) continue
    yield [...batch, ...skipped]
    batch = []
    skipped = []
  }
  await read
  yield [...batch, ...skipped]
}

interface CsvRow {
  readonly record: ReadonlyArray<string>
  readonly info: { readonly lines: number }
}

/** The first row: `statement,<program>,<from>,<to>`. */
const csvHeader = ([kind, program, from, to]: ReadonlyArray<string>): Fields => ({ kind, program, from, to })

const csvFields = (row: ReadonlyArray<string>, columns: ReadonlyArray<string>): Fields | string => {
  if (row.length !== columns.length) return `${columns.length} columns are expected, and there are ${row.length}`
  const fields: Record<string, unknown> = {}
  for (const [index, name] of columns.entries()) {
    const value = row[index] as string
    if (value === "") continue
    fields[name] = name === "lots" ? value.split(";").map(csvLot) : value
  }
  return fields
}

// A lot's own name may have colons, and so have instants.
const LOT = /^(.+):(\d+(?:\.\d+)?):(never|\d{4}-.*)?$/

const csvLot = (text: string): Fields | string => {
  const match = LOT.exec(text)
  if (match === null) return text
  const [, lot, points, expiresAt] = match
  return { lot, points, ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === "never" ? null : expiresAt }) }
}
