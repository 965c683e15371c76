/**
 * Reads a file of credits. Every line is checked before anything is sent, and kept for being carried out, so that what
 * is carried out is what was checked; the memory that takes does not grow with the file.
 */
import type { DatabaseError } from "@pointback/adapters"
import { Effect, type Scope, Stream } from "effect"
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { MAXIMUM_NAMED_LINES, STANDARD_INPUT, UnreadableFile, UnreadableLines } from "../import/ImportFile.ts"
import { LIMITS, Spool } from "../import/Spool.ts"
import { SpoolUnusable } from "../import/SpoolFile.ts"
import * as CreditLines from "./CreditLines.ts"
import * as CreditRecord from "./CreditRecord.ts"
import { CreditSpool } from "./CreditSpool.ts"

/** Bytes of the file that are read at once. */
const CHUNK_BYTES = 65_536

/** Bytes of credit ids that are looked through for repetitions at once: as many ids as that have some 20 MB in memory. */
const IDS_MEMORY_BYTES = 4_000_000

/** Bytes of the hash that tells contents apart: enough that nobody meets two of the same. */
const HASH_BYTES = 16

/** Every way in which a file that was read can fail to be read again: the database that knows its programs, or the disk. */
export type ReadError = SpoolUnusable | DatabaseError

/** The credits of a file. */
export interface CreditFile {
  readonly count: number
  /** In their order; may be read once or more, as long as the scope is open. */
  readonly credits: Stream.Stream<CreditRecord.NumberedCredit, SpoolUnusable>
}

export interface ReadOptions {
  /** By default: CSV where the name ends in `.csv` or `.csv.gz`, NDJSON otherwise. */
  readonly format?: CreditLines.Format | undefined
  /** Is told how many bytes of the file are read, often. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined
}

/**
 * Reads a file, or standard input for `-`; one whose name ends in `.gz` is unpacked. Fails with all lines at once that
 * cannot be read, or that give one credit id to two different credits.
 */
export const read = Effect.fn("CreditFile.read")(function* (
  file: string,
  { format, onProgress }: ReadOptions = {}
): Effect.fn.Return<CreditFile, UnreadableLines | UnreadableFile | SpoolUnusable, Scope.Scope> {
  const spool = yield* closing(new CreditSpool())
  const ids = yield* closing(new Spool({ ...LIMITS, memoryBytes: IDS_MEMORY_BYTES }))
  const { problems, count } = yield* Effect.tryPromise({
    try: async (signal) => {
      const checking = new Checking(spool, ids)
      const total = file === STANDARD_INPUT ? undefined : await sizeOf(file)
      await eachLine(file, format ?? formatOf(file), signal, (bytes) => onProgress?.(bytes, total), checking)
      await checking.end()
      return checking
    },
    catch: (cause) =>
      cause instanceof SpoolUnusable
        ? cause
        : new UnreadableFile({ file, problem: cause instanceof Error ? cause.message : String(cause) })
  })
  if (problems.count > 0) return yield* new UnreadableLines({ file, count: problems.count, lines: problems.named })
  return { count, credits: creditsOf(spool) }
})

const closing = <A extends { readonly close: () => Promise<void> }>(spool: A) =>
  Effect.acquireRelease(Effect.succeed(spool), (opened) => Effect.ignore(Effect.tryPromise(() => opened.close())))

// A pipe has a name and no size.
const sizeOf = async (file: string): Promise<number | undefined> => {
  const stats = await stat(file)
  return stats.isFile() ? stats.size : undefined
}

const formatOf = (file: string): CreditLines.Format => (/\.csv(\.gz)?$/i.test(file) ? "csv" : "ndjson")

const eachLine = async (
  file: string,
  format: CreditLines.Format,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
  checking: Checking
): Promise<void> => {
  const source = file === STANDARD_INPUT ? process.stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  let read = 0
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    onRead(read)
    for await (const chunk of chunks) {
      yield chunk
      onRead((read += chunk.length))
    }
  }
  const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const lines of CreditLines[format](chunks)) await checking.take(lines)
  }
  if (/\.gz$/i.test(file)) await pipeline(source, counted, createGunzip(), take, { signal })
  else await pipeline(source, counted, take, { signal })
}

/** Checks lines as they come, and keeps the credits. */
class Checking {
  readonly problems: { count: number; readonly named: Array<{ readonly line: number; readonly reason: string }> } = {
    count: 0,
    named: []
  }
  count = 0
  readonly #spool: CreditSpool
  readonly #ids: Spool

  constructor(spool: CreditSpool, ids: Spool) {
    this.#spool = spool
    this.#ids = ids
  }

  async take(lines: ReadonlyArray<CreditLines.ReadLine>): Promise<void> {
    for (const { line, read } of lines) {
      if (typeof read === "string") this.#problem(line, read)
      // Nothing will be sent of a file that cannot be read; what is wrong with it is all that counts from there on.
      else if (this.problems.count === 0) {
        this.#spool.add(line, read)
        this.#ids.add(CreditRecord.keyOf(read), line, hashOf(CreditRecord.contentOf(read)))
        this.count++
      }
    }
    await this.#spool.relieve()
    await this.#ids.relieve()
  }

  /** Looks for credit ids that stand for different credits. */
  async end(): Promise<void> {
    if (this.problems.count === 0) await this.#compareRepetitions()
    this.problems.named.sort((a, b) => a.line - b.line)
  }

  async #compareRepetitions(): Promise<void> {
    for await (const { lines, tooMany } of this.#ids.groups()) {
      const [first, ...others] = lines
      if (first === undefined) continue
      if (tooMany !== undefined) this.#problem(tooMany, `creditId: ${LIMITS.accountRecords} lines have it already`)
      for (const { bytes, line } of others) {
        if (!bytes.equals(first.bytes)) this.#problem(line, `creditId: line ${first.line} has it for another credit`)
      }
    }
  }

  #problem(line: number, reason: string): void {
    this.problems.count++
    if (this.problems.named.length < MAXIMUM_NAMED_LINES) this.problems.named.push({ line, reason })
  }
}

const hashOf = (content: string): Buffer => createHash("sha256").update(content).digest().subarray(0, HASH_BYTES)

const creditsOf = (spool: CreditSpool): Stream.Stream<CreditRecord.NumberedCredit, SpoolUnusable> =>
  Stream.suspend(() => Stream.fromAsyncIterable(spool.credits(), (cause) => cause)).pipe(
    Stream.catch((cause) => (cause instanceof SpoolUnusable ? Stream.fail(cause) : Stream.die(cause))),
    Stream.flattenIterable
  )
