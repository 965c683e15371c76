/**
 * Writes a loyalty program that never was: years of every kind of record, as a file that `import` takes. The same plan
 * gives the same file, byte by byte, whatever the day, and memory does not grow with it.
 */
import { type Instant, Points } from "@pointback/domain"
import { Effect } from "effect"
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { ImportRecord } from "../import/ImportRecord.ts"
import { accountHistory } from "./AccountHistory.ts"
import { OutputExists, OutputUnwritable } from "./GenerateError.ts"
import type { Entry } from "./Life.ts"
import * as ProgramPlan from "./ProgramPlan.ts"
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
  readonly accounts: number
  readonly records: RecordCounts
  /** When the first and the last record have their places; null where there is none. */
  readonly first: Instant.Instant | null
  readonly last: Instant.Instant | null
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
  const free = request.overwrite ? Effect.void : mustBeFree(folder, file)
  yield* free
  return yield* Effect.acquireUseRelease(
    write(folder, async () => {
      await mkdir(folder, { recursive: true })
      return mkdtemp(join(folder, WORK_PREFIX))
    }),
    (work) =>
      Effect.gen(function* () {
        const finished = join(work, IMPORT_FILE)
        const generated = yield* writeRecords(request, { folder, work, file: finished }, report)
        yield* free
        yield* write(folder, () => rename(finished, file))
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
  readonly file: string
}

const writeRecords = Effect.fnUntraced(function* (
  { program, redemptions, seed, until }: GenerateProgram,
  { file, folder, work }: Places,
  report: (step: GenerateStep) => void
) {
  const plan = { program, redemptions, seed, until }
  const tally = new Tally()
  const sort = new TimeSort(work, {
    from: ProgramPlan.start(plan),
    to: until,
    lines: redemptions * RECORDS_PER_REDEMPTION
  })
  let made = 0
  let accounts = 0
  while (made < redemptions) {
    const history = yield* accountHistory(plan, accounts, redemptions - made)
    for (const entry of history.entries) {
      if (sort.full) yield* write(folder, () => sort.flush())
      tally.add(entry)
      sort.add(entry.at, lineOf(entry.record))
    }
    made += history.redemptions
    accounts += 1
    report({ label: "generating", done: made, total: redemptions })
  }
  const total = Object.values(tally.records).reduce((sum, count) => sum + count, 0)
  yield* write(folder, (signal) => sort.writeTo(file, (done) => report({ label: "writing", done, total }), signal))
  return { ...plan, accounts, records: tally.records, first: tally.first, last: tally.last }
})

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
