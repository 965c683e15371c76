/**
 * The file that a sandbox's state outlives it in. One sandbox at a time has it open. A last line that was torn by a
 * kill is cut off: its answer never went out.
 */
import { Effect, Result, Schema, type Scope } from "effect"
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync
} from "node:fs"
import { dirname } from "node:path"
import { holdFolder } from "../database/FolderLock.ts"
import * as Journal from "./SandboxJournal.ts"

/** Another process has the file. */
export class SandboxStateHeld extends Schema.TaggedError<SandboxStateHeld>()("SandboxStateHeld", {
  file: Schema.String,
  /** The other process; undefined where it cannot be read. */
  pid: Schema.UndefinedOr(Schema.Int),
  lock: Schema.String
}) {
  override get message(): string {
    const owner = this.pid === undefined ? "another user's process" : `process ${this.pid}`
    return `The state ${this.file} is in use by another sandbox, ${owner}. Stop that one or use another file (lock file: ${this.lock})`
  }
}

/** The file cannot be opened or read as a sandbox's state. */
export class SandboxStateUnusable extends Schema.TaggedError<SandboxStateUnusable>()("SandboxStateUnusable", {
  file: Schema.String,
  /** The line, counted from 1, where one is to blame. */
  line: Schema.UndefinedOr(Schema.Int),
  problem: Schema.String
}) {
  override get message(): string {
    const where = this.line === undefined ? this.file : `${this.file}, line ${this.line}`
    return `The state of the sandbox cannot be used: ${where}: ${this.problem}`
  }
}

/** Why a file is no state. */
export type SandboxStateError = SandboxStateHeld | SandboxStateUnusable

/** An open file: what was in it, and where more is written. */
export interface OpenState {
  readonly firstId: bigint
  readonly entries: ReadonlyArray<Journal.JournalEntry>
  readonly journal: Journal.Journal
}

/** Bytes of a file at most: it is read in one piece. Some five million calls. */
const MAXIMUM_BYTES = 1_073_741_824

const LINE_FEED = 10

/** How every state begins: a first line that was torn is told from a file of somebody else's by it. */
const HEAD_START = Buffer.from(`{"format":"pointback-sandbox"`)

const problemOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Opens a file, or makes a new one for a sandbox that begins with `firstId`, and holds it while the scope is open. */
export const open = Effect.fnUntraced(function* (
  file: string,
  firstId: bigint
): Effect.fn.Return<OpenState, SandboxStateError, Scope.Scope> {
  const unusable = (cause: unknown) => new SandboxStateUnusable({ file, line: undefined, problem: problemOf(cause) })
  yield* Effect.catchTag(holdFolder(file, unusable), "DatabaseLocked", ({ file: lock, pid }) =>
    Effect.fail(new SandboxStateHeld({ file, pid, lock }))
  )
  const journal = yield* Effect.acquireRelease(
    Effect.try({ try: () => new JournalFile(file), catch: unusable }),
    (journal) => Effect.sync(() => journal.close())
  )
  const bytes = yield* Effect.try({ try: () => readWhole(file), catch: unusable })
  // Nothing is written before all of it was read: it may be somebody's own file.
  const past = yield* Effect.fromResult(
    Result.mapError(readLines(bytes), ({ line, problem }) => new SandboxStateUnusable({ file, line, problem }))
  )
  return yield* Effect.try({
    try: () => {
      journal.cut(past.end)
      if (past.head === undefined) journal.begin({ format: "pointback-sandbox", version: 1, firstId })
      return { firstId: past.head?.firstId ?? firstId, entries: past.entries, journal }
    },
    catch: unusable
  })
})

const readWhole = (file: string): Buffer => {
  if (statSync(file).size > MAXIMUM_BYTES) throw new Error(`it has more than ${MAXIMUM_BYTES} bytes`)
  return readFileSync(file)
}

/** What a file holds. */
interface Past {
  /** Undefined in a file that is empty, or whose only line is torn. */
  readonly head: Journal.JournalHead | undefined
  readonly entries: ReadonlyArray<Journal.JournalEntry>
  /** Bytes up to the end of the last whole line. */
  readonly end: number
}

/** Reads the whole lines of a file; which line is none, and why, otherwise. */
const readLines = (bytes: Buffer): Result.Result<Past, { readonly line: number; readonly problem: string }> => {
  const end = bytes.lastIndexOf(LINE_FEED) + 1
  const failed = (line: number) => (problem: string) => ({ line, problem })
  if (end === 0) {
    return bytes.equals(HEAD_START.subarray(0, bytes.length)) || bytes.subarray(0, HEAD_START.length).equals(HEAD_START)
      ? Result.succeed({ head: undefined, entries: [], end })
      : Result.fail(failed(1)("it is no state of a sandbox"))
  }
  const [first = "", ...rest] = bytes.toString("utf8", 0, end - 1).split("\n")
  return Result.gen(function* () {
    const head = yield* Result.mapError(Journal.readHead(first), failed(1))
    const entries: Array<Journal.JournalEntry> = []
    for (const [index, line] of rest.entries()) {
      entries.push(yield* Result.mapError(Journal.readEntry(line), failed(index + 2)))
    }
    return { head, entries, end }
  })
}

/** Adds lines to a file. */
class JournalFile implements Journal.Journal {
  readonly #file: string
  readonly #descriptor: number
  #broken: string | undefined

  constructor(file: string) {
    this.#file = file
    this.#descriptor = openSync(file, "a+", 0o600)
  }

  /** Cuts off what stands behind `end`. */
  cut(end: number): void {
    ftruncateSync(this.#descriptor, end)
  }

  /** Writes the first line. */
  begin(head: Journal.JournalHead): void {
    writeSync(this.#descriptor, `${Journal.write(head)}\n`)
    fsyncSync(this.#descriptor)
    // The name of a new file is kept in its folder.
    const folder = openSync(dirname(this.#file), "r")
    fsyncSync(folder)
    closeSync(folder)
  }

  append(entry: Journal.JournalEntry, isEffect: boolean): void {
    try {
      if (this.#broken !== undefined) throw new Error(this.#broken)
      const line = Buffer.from(`${Journal.write(entry)}\n`)
      if (writeSync(this.#descriptor, line) !== line.length) throw new Error("the line was not written whole")
      if (isEffect) fdatasyncSync(this.#descriptor)
    } catch (cause) {
      // A part of the line may stand there: nothing may follow it before the file was opened anew.
      this.#broken = problemOf(cause)
      throw new Journal.SandboxStateNotWritten({ file: this.#file, problem: this.#broken })
    }
  }

  /** Closes the file. A call that is still under way must not write to whatever gets its number next. */
  close(): void {
    this.#broken = "it is closed"
    closeSync(this.#descriptor)
  }
}
