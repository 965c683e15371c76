/**
 * Reads an import file: every line is checked before anything is imported, and put with the others of its account. The
 * memory that takes does not grow with the file.
 */
import { Effect, Schema, type Scope, Stream } from "effect"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { addAbortSignal, type Readable } from "node:stream"
import { type AccountHistory, AccountTooLong, type History, nameOf, type OnProgress } from "./History.ts"
import { ImportLines } from "./ImportLines.ts"
import type { ImportRecord, NumberedRecord } from "./ImportRecord.ts"
import { readLine } from "./RecordLine.ts"
import { LIMITS, Spool, type SpoolLimits } from "./Spool.ts"
import { SpoolUnusable } from "./SpoolFile.ts"

/** Unreadable lines that are named at most; the others are counted. */
export const MAXIMUM_NAMED_LINES = 100

/** The name of standard input in place of a file's. */
export const STANDARD_INPUT = "-"

/** Bytes of the file that are read at once: some hundred records between two looks at the clock. */
const CHUNK_BYTES = 65_536

/** A line that cannot be read, by its number. */
export const UnreadableLine = Schema.Struct({ line: Schema.Natural, reason: Schema.String })

/** Lines of the file cannot be read; nothing of it was recorded. */
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
    return `${this.file}: ${lines} cannot be read, nothing was recorded\n  ${named}${more}`
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

/** How an import file is read. */
export interface ReadOptions {
  readonly onProgress?: OnProgress | undefined
  readonly limits?: SpoolLimits | undefined
}

/**
 * Reads a file, or standard input for `-`. Fails with all unreadable lines at once, so that they can be mended at once.
 * What was read is there until the scope closes.
 */
export const read = Effect.fn("ImportFile.read")(function* (
  file: string,
  { limits = LIMITS, onProgress }: ReadOptions = {}
): Effect.fn.Return<History, UnreadableLines | UnreadableFile | SpoolUnusable, Scope.Scope> {
  const spool = yield* Effect.acquireRelease(
    Effect.sync(() => new Spool(limits)),
    (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
  )
  const { records, unreadable, unreadableCount } = yield* Effect.tryPromise({
    try: async (signal) => {
      const total = file === STANDARD_INPUT ? undefined : await sizeOf(file)
      const source = file === STANDARD_INPUT ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
      return readLines(addAbortSignal(signal, source), spool, (done) => onProgress?.({ phase: "reading", done, total }))
    },
    catch: (cause) =>
      cause instanceof SpoolUnusable
        ? cause
        : new UnreadableFile({ file, problem: cause instanceof Error ? cause.message : String(cause) })
  })
  if (unreadableCount > 0) return yield* new UnreadableLines({ file, count: unreadableCount, lines: unreadable })
  return { records, accounts: accountsOf(spool, limits) }
})

// A pipe has a name and no size.
const sizeOf = async (file: string): Promise<number | undefined> => {
  const stats = await stat(file)
  return stats.isFile() ? stats.size : undefined
}

const readLines = async (source: Readable, spool: Spool, onRead: (bytes: number) => void) => {
  const lines = new ImportLines()
  const unreadable: Array<typeof UnreadableLine.Type> = []
  let [line, records, unreadableCount, read] = [0, 0, 0, 0]
  const take = (bytes: Buffer) => {
    line++
    const record = readLine(bytes)
    if (record === undefined) return
    if (typeof record !== "string") {
      records++
      // Nothing will be imported of a file with unreadable lines; they are only counted from there on.
      if (unreadableCount === 0) spool.add(nameOf(record), line, bytes)
      return
    }
    unreadableCount++
    if (unreadable.length < MAXIMUM_NAMED_LINES) unreadable.push({ line, reason: record })
  }
  onRead(read)
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (const bytes of lines.push(chunk)) take(bytes)
    await spool.relieve()
    onRead((read += chunk.length))
  }
  take(lines.end())
  return { records, unreadable, unreadableCount }
}

const accountsOf = (spool: Spool, limits: SpoolLimits): Stream.Stream<AccountHistory, SpoolUnusable> =>
  Stream.suspend(() => Stream.fromAsyncIterable(accountsIn(spool, limits), (cause) => cause)).pipe(
    Stream.catch((cause) => (cause instanceof SpoolUnusable ? Stream.fail(cause) : Stream.die(cause)))
  )

async function* accountsIn(spool: Spool, limits: SpoolLimits): AsyncGenerator<AccountHistory> {
  for await (const { count, lines, tooMany } of spool.groups()) {
    // Lines that were read once are read to the same.
    const records = lines.map(({ bytes, line }): NumberedRecord => ({ line, record: readLine(bytes) as ImportRecord }))
    const { account, program } = (records[0] as NumberedRecord).record
    const target = { program, account }
    yield tooMany === undefined
      ? { _tag: "Whole", target, count, records }
      : { _tag: "TooLong", target, count, line: tooMany, error: tooLong(limits) }
  }
}

const tooLong = ({ accountBytes, accountRecords }: SpoolLimits) =>
  new AccountTooLong({ maximumRecords: accountRecords, maximumBytes: accountBytes })
