/**
 * Writes a loyalty program that never was: years of every kind of record, as a file that `import` takes. The same plan
 * gives the same file, byte by byte, whatever the day, and memory does not grow with it.
 */
import { Instant, Points } from "@pointback/domain"
import { Effect } from "effect"
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { ImportRecord } from "../import/ImportRecord.ts"
import { accountHistory } from "./AccountHistory.ts"
import { OutputExists, OutputUnwritable } from "./GenerateError.ts"
import type { Entry } from "./Life.ts"
import * as ProgramPlan from "./ProgramPlan.ts"
import { headerOf, linesOf, sidesOfAccount, STATEMENT_FILE, type TimedLine, TRUTH_FILE } from "./StatementFile.ts"
import { TimeSort } from "./TimeSort.ts"

/** The file in the folder that was asked for. */
export const IMPORT_FILE = "import.ndjson"

/** Files on their way are kept in a folder of this name and six letters, beside what they become. */
export const WORK_PREFIX = "generate-unfinished-"

/** Records for each redemption, measured: the number of windows follows from it, and nothing else. */
const RECORDS_PER_REDEMPTION = 3

/** What is to be generated, and where. */
export interface GenerateProgram extends ProgramPlan.ProgramPlan {
  /** Made where it is not there. */
  readonly folder: string
  /** Whether a file of an earlier run may be replaced. */
  readonly overwrite: boolean
}

/** How far it is: redemptions that were made up, then records that were written. */
export interface GenerateStep {
  readonly label: "generating" | "writing"
  readonly done: number
  readonly total: number
}

/** How many records there are of each type. */
export type RecordCounts = Record<ImportRecord["type"], number>

/** What was generated. */
export interface Generated extends ProgramPlan.ProgramPlan {
  readonly file: string
  /** The statement, and the breaks that were made in it; null unless breaks were asked for. */
  readonly statement: Statement | null
  readonly accounts: number
  readonly records: RecordCounts
  /** When the first and the last record have their places; null where there is none. */
  readonly first: Instant.Instant | null
  readonly last: Instant.Instant | null
}

/** What was written beside the program. */
export interface Statement {
  readonly file: string
  readonly truth: string
  readonly lines: number
  readonly breaks: number
}

/**
 * Generates a program. Fails with `OutputExists` where the file is there already, and with `OutputUnwritable`; a plan
 * that is out of its bounds is a defect. Whatever ends it early, nothing stands under the file's name that was not there
 * before.
 */
export const generateProgram = Effect.fn("generateProgram")(function* (
  request: GenerateProgram,
  report: (step: GenerateStep) => void = () => undefined
): Effect.fn.Return<Generated, OutputExists | OutputUnwritable> {
  ProgramPlan.check(request)
  const folder = resolve(request.folder)
  const file = join(folder, IMPORT_FILE)
  const names = request.breaks === undefined ? [IMPORT_FILE] : [IMPORT_FILE, STATEMENT_FILE, TRUTH_FILE]
  const free = request.overwrite
    ? Effect.void
    : Effect.forEach(names, (name) => mustBeFree(folder, join(folder, name)), { discard: true })
  yield* free
  return yield* Effect.acquireUseRelease(
    write(folder, async () => {
      await mkdir(folder, { recursive: true })
      return mkdtemp(join(folder, WORK_PREFIX))
    }),
    (work) =>
      Effect.gen(function* () {
        const generated = yield* writeRecords(request, { folder, work }, report)
        yield* free
        for (const name of names) yield* write(folder, () => rename(join(work, name), join(folder, name)))
        return { ...generated, file }
      }),
    (work) => Effect.ignore(write(folder, () => rm(work, { recursive: true, force: true })))
  )
})

/** Runs what writes; what the file system refuses is the folder's failure, anything else a bug. */
const write = <A>(folder: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, OutputUnwritable> =>
  Effect.tryPromise({ try: run, catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      isRefusal(cause) ? Effect.fail(new OutputUnwritable({ folder, problem: cause.message })) : Effect.die(cause)
    )
  )

const isRefusal = (cause: unknown): cause is NodeJS.ErrnoException =>
  cause instanceof Error && "syscall" in cause && "code" in cause

const mustBeFree = (folder: string, file: string): Effect.Effect<void, OutputExists | OutputUnwritable> =>
  Effect.flatMap(
    write(folder, () => stat(file).then(() => true, isMissing)),
    (exists) => (exists ? Effect.fail(new OutputExists({ file })) : Effect.void)
  )

const isMissing = (cause: unknown): false => {
  // Where the folder is a file, making it will say so.
  if (isRefusal(cause) && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return false
  throw cause
}

interface Places {
  readonly folder: string
  readonly work: string
}

/** One of the files that are written, in the order of time. */
interface Output {
  readonly name: string
  readonly sort: TimeSort
  lines: number
}

const writeRecords = Effect.fnUntraced(function* (
  { breaks, program, redemptions, seed, until }: GenerateProgram,
  { folder, work }: Places,
  report: (step: GenerateStep) => void
) {
  const plan = { program, redemptions, seed, until, ...(breaks === undefined ? {} : { breaks }) }
  const tally = new Tally()
  const outputs = yield* write(folder, () => open(plan, work))
  const add = Effect.fnUntraced(function* (output: Output, { at, line }: TimedLine) {
    if (output.sort.full) yield* write(folder, () => output.sort.flush())
    output.sort.add(at, line)
    output.lines++
  })
  let made = 0
  let accounts = 0
  while (made < redemptions) {
    const history = yield* accountHistory(plan, accounts, redemptions - made)
    const entries: Array<Entry> = []
    for (const entry of history.entries) {
      tally.add(entry)
      yield* add(outputs.records, { at: entry.at, line: lineOf(entry.record) })
      if (outputs.statement !== null) entries.push(entry)
    }
    if (outputs.statement !== null) {
      const sides = yield* sidesOfAccount(plan, accounts, entries, false)
      const { statement, truth } = linesOf(ProgramPlan.accountNumber(plan, accounts), sides)
      for (const line of statement) yield* add(outputs.statement.lines, line)
      for (const line of truth) yield* add(outputs.statement.truth, line)
    }
    made += history.redemptions
    accounts += 1
    report({ label: "generating", done: made, total: redemptions })
  }
  const all = outputs.statement === null ? [outputs.records] : [outputs.records, ...Object.values(outputs.statement)]
  const total = all.reduce((sum, { lines }) => sum + lines, 0)
  let written = 0
  for (const { lines, name, sort } of all) {
    const file = join(work, name)
    const onWritten = (done: number) => report({ label: "writing", done: written + done, total })
    yield* write(folder, (signal) => sort.writeTo(file, onWritten, signal))
    written += lines
  }
  const { first, last, records } = tally
  return { ...plan, accounts, records, first, last, statement: statementOf(folder, outputs) }
})

interface Outputs {
  readonly records: Output
  readonly statement: { readonly lines: Output; readonly truth: Output } | null
}

/** The files that a plan leads to; the statement begins with its own first line, before everything. */
const open = async (plan: ProgramPlan.ProgramPlan, work: string): Promise<Outputs> => {
  const lines = plan.redemptions * RECORDS_PER_REDEMPTION
  const output = async (name: string): Promise<Output> => {
    const folder = join(work, `${name}-windows`)
    await mkdir(folder)
    const from = ProgramPlan.start(plan) - Instant.MICROS_PER_DAY
    return { name, sort: new TimeSort(folder, { from, to: plan.until, lines }), lines: 0 }
  }
  const records = await output(IMPORT_FILE)
  if (plan.breaks === undefined) return { records, statement: null }
  const statement = { lines: await output(STATEMENT_FILE), truth: await output(TRUTH_FILE) }
  statement.lines.sort.add(ProgramPlan.start(plan) - Instant.MICROS_PER_DAY, headerOf(plan))
  return { records, statement }
}

const statementOf = (folder: string, { statement }: Outputs): Statement | null =>
  statement === null
    ? null
    : {
        file: join(folder, STATEMENT_FILE),
        truth: join(folder, TRUTH_FILE),
        lines: statement.lines.lines,
        breaks: statement.truth.lines
      }

/** Counts what was generated. */
class Tally {
  readonly records: RecordCounts = { earned: 0, redeemed: 0, credited: 0, expired: 0, adjusted: 0 }
  first: Instant.Instant | null = null
  last: Instant.Instant | null = null

  add({ at, record }: Entry): void {
    this.records[record.type] += 1
    if (this.first === null || at < this.first) this.first = at
    if (this.last === null || at > this.last) this.last = at
  }
}

/** A record as a line of an import file; every bigint of a record is an amount. */
const lineOf = (record: ImportRecord): string =>
  JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? Points.toString(value) : value))
