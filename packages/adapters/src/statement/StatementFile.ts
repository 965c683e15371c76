/**
 * A statement file as a source of a reconciliation: read once, checked line by line, sorted by account and redemption.
 *
 * @see interface, statement line
 */
import { Ids } from "@pointback/domain"
import { Effect, Result, Schema, type Scope } from "effect"
import { SpoolUnusable } from "../file/SpoolFile.ts"
import { Fingerprint } from "./Fingerprint.ts"
import { LineSort, type SortLimits } from "./LineSort.ts"
import { type ListedGroup, type Listing, type ParkedRecord, SourceUnreadable } from "./ReconciliationSource.ts"
import * as StatementFields from "./StatementFields.ts"
import { linesOf, type StatementLine } from "./StatementLines.ts"
import { fromLine, keyOf, type StatementHeader, toLine } from "./StatementRecord.ts"

/** The file has no first line that says what it is about; nothing of it is used. */
export class StatementHeaderInvalid extends Schema.TaggedError<StatementHeaderInvalid>()("StatementHeaderInvalid", {
  file: Schema.String,
  line: Schema.Natural,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file}, line ${this.line}: ${this.problem}`
  }
}

/** Lines that are put aside at most; a file with more of them is something else. */
export const MAXIMUM_PARKED = 10_000

/** How a statement is read. */
export interface ReadOptions {
  readonly limits?: SortLimits | undefined
  /** Numbers that were replaced, with the present ones: either finds the account. */
  readonly replaced?: ReadonlyMap<string, string> | undefined
  /** Told after every piece of the file how many records there are. */
  readonly onRecords?: ((count: number) => void) | undefined
}

/** Why a statement cannot be read at all. Lines that cannot be read are parked, and no error. */
export type StatementError = StatementHeaderInvalid | SourceUnreadable | SpoolUnusable

/** Reads a file. What was read is there until the scope closes. */
export const read = Effect.fn("StatementFile.read")(function* (
  file: string,
  { limits, onRecords, replaced }: ReadOptions = {}
): Effect.fn.Return<Listing, StatementError, Scope.Scope> {
  const sort = yield* Effect.acquireRelease(
    Effect.sync(() => new LineSort(limits)),
    (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
  )
  const reading = new Reading(file, sort, replaced ?? new Map())
  const header = yield* Effect.tryPromise({
    try: async (signal) => {
      for await (const lines of linesOf(file)) {
        signal.throwIfAborted()
        for (const line of lines) reading.take(line)
        await sort.relieve()
        onRecords?.(reading.count)
      }
      return reading.finish()
    },
    catch: (cause) => failureOf(file, cause)
  })
  return {
    _tag: "Listing",
    // Not the file's name: the same statement gives the same report.
    name: "statement",
    program: Ids.ProgramId.make(header.program),
    identity: reading.identity(),
    window: { from: header.from, to: header.to },
    parked: reading.parked,
    count: reading.count,
    groups: (after) => groupsOf(sort, after)
  }
})

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const failureOf = (file: string, cause: unknown): StatementError =>
  cause instanceof SpoolUnusable || cause instanceof StatementHeaderInvalid
    ? cause
    : new SourceUnreadable({ source: file, problem: messageOf(cause) })

/** What is known of a file so far. */
class Reading {
  readonly #file: string
  readonly #sort: LineSort
  readonly #replaced: ReadonlyMap<string, string>
  readonly #fingerprint = new Fingerprint()
  #header: StatementHeader | undefined
  readonly parked: Array<ParkedRecord> = []
  count = 0

  constructor(file: string, sort: LineSort, replaced: ReadonlyMap<string, string>) {
    this.#file = file
    this.#sort = sort
    this.#replaced = replaced
  }

  take({ fields, line }: StatementLine): void {
    if (this.#header === undefined) {
      this.#header = this.#readHeader(fields, line)
      return
    }
    const read = typeof fields === "string" ? Result.fail(fields) : StatementFields.record(fields, this.#header)
    if (Result.isFailure(read)) return this.#park(line, read.failure)
    const { account, record } = read.success
    const text = toLine({ account: this.#replaced.get(account) ?? account, record })
    this.#sort.add(text)
    this.#fingerprint.add(text)
    this.count++
  }

  finish(): StatementHeader {
    return this.#header ?? this.#readHeader({}, 1)
  }

  identity(): string {
    const { from, program, to } = this.finish()
    // What could not be read has no part in it: its place depends on the order of the lines.
    return ["statement", program, from, to, this.parked.length, this.#fingerprint].join(" ")
  }

  #readHeader(fields: StatementLine["fields"], line: number): StatementHeader {
    const read = typeof fields === "string" ? Result.fail(fields) : StatementFields.header(fields)
    const valid = Result.flatMap(read, (header) =>
      Schema.is(Ids.ProgramId)(header.program)
        ? Result.succeed(header)
        : Result.fail("program: is no name of a program")
    )
    if (Result.isSuccess(valid)) return valid.success
    throw new StatementHeaderInvalid({ file: this.#file, line, problem: valid.failure })
  }

  #park(line: number, reason: string): void {
    if (this.parked.length === MAXIMUM_PARKED) {
      throw new Error(`more than ${MAXIMUM_PARKED} lines cannot be read, the last one line ${line}: ${reason}`)
    }
    this.parked.push({ place: `line ${line}`, reason })
  }
}

/** Groups that are handed on at once. */
const GROUPS = 1000

async function* groupsOf(sort: LineSort, after: string | null): AsyncGenerator<ReadonlyArray<ListedGroup>> {
  let batch: Array<ListedGroup> = []
  let key: string | undefined
  let lines: Array<string> = []
  for await (const sorted of sort.sorted()) {
    for (const line of sorted) {
      if (key === undefined || !line.startsWith(key)) {
        if (key !== undefined && (after === null || key > after)) batch.push(groupOf(key, lines))
        key = keyOf(line)
        lines = []
      }
      lines.push(line)
      if (batch.length < GROUPS) continue
      yield batch
      batch = []
    }
  }
  if (key !== undefined && (after === null || key > after)) batch.push(groupOf(key, lines))
  yield batch
}

const groupOf = (key: string, lines: ReadonlyArray<string>): ListedGroup => {
  const read = lines.map(fromLine)
  const [first] = read
  if (first === undefined) throw new Error("a group without a record")
  return {
    key,
    account: first.account,
    redemption: first.record.redemption ?? "",
    records: read.map(({ record }) => record)
  }
}
