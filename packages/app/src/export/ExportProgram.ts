/**
 * Writes the whole ledger of a program for programs that are not ours: hledger, Beancount, or anything that reads CSV.
 * An auditor can recompute every balance from it.
 */
import {
  type Database,
  type DatabaseError,
  type EventLog,
  type KnownAt,
  PolicyStore,
  ProgramLedger
} from "@pointback/adapters"
import { type Ids, type Instant } from "@pointback/domain"
import { Effect } from "effect"
import { basename, dirname } from "node:path"
import { UnknownProgram } from "../error/AppError.ts"
import type { OutputExists, OutputUnwritable } from "../generate/GenerateError.ts"
import type { Write } from "../output/OutputFiles.ts"
import { writeFiles } from "../output/OutputFiles.ts"
import { settledKnownAt } from "../query/KnownNow.ts"
import { beancount } from "./Beancount.ts"
import * as CsvTables from "./CsvTables.ts"
import { hledger } from "./Hledger.ts"
import type { LedgerText } from "./LedgerText.ts"

export const FORMATS = ["hledger", "beancount", "csv"] as const
export type Format = (typeof FORMATS)[number]

/** What is to be exported, and where. */
export interface ExportProgram {
  readonly program: Ids.ProgramId
  readonly format: Format
  /** A file; for CSV a folder. */
  readonly out: string
  /** What was recorded by then; null for the last instant that is safe to ask about. */
  readonly knownAt: Instant.Instant | null
  /** Whether account numbers, which are personal data, are written beside the opaque keys. */
  readonly numbers: boolean
  /** Whether files of an earlier run may be replaced. */
  readonly overwrite: boolean
}

/** What was exported. */
export interface Exported {
  readonly program: Ids.ProgramId
  readonly format: Format
  readonly knownAt: Instant.Instant
  readonly files: ReadonlyArray<string>
  readonly entries: number
  readonly postings: number
}

/** Tells how many entries were written so far. */
export type Report = (entries: number) => void

/**
 * Exports. Fails with `KnownAtNotSafe` where what was known then can still change (law L11). The same question gives
 * the same files, byte by byte, whenever it is asked.
 */
export const exportProgram = Effect.fn("exportProgram")(function* (
  request: ExportProgram,
  report: Report = () => undefined
): Effect.fn.Return<
  Exported,
  UnknownProgram | KnownAt.KnownAtNotSafe | OutputExists | OutputUnwritable | DatabaseError,
  Database | EventLog | PolicyStore
> {
  const { format, program } = request
  const knownAt = yield* settledKnownAt(request.knownAt)
  const { known, policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  if (!known) return yield* new UnknownProgram({ program })
  const head = { program, knownAt, zone: policy.zone, scale: policy.scale }
  const tally = new Tally(report)
  const files =
    format === "csv"
      ? yield* writeTables(request, head, tally)
      : yield* writeText(request, head, format === "hledger" ? hledger(head) : beancount(head), tally)
  return { program, format, knownAt, files, entries: tally.entries, postings: tally.postings }
})

/** Counts what is written. */
class Tally {
  entries = 0
  postings = 0
  private readonly report: Report

  constructor(report: Report) {
    this.report = report
  }

  add(entries: ReadonlyArray<ProgramLedger.LedgerEntry>): void {
    this.entries += entries.length
    for (const { postings } of entries) this.postings += postings.length
    this.report(this.entries)
  }
}

const writeText = (
  { numbers, out, overwrite }: ExportProgram,
  question: ProgramLedger.LedgerQuestion,
  text: LedgerText,
  tally: Tally
) => {
  const name = basename(out)
  return writeFiles({ folder: dirname(out), names: [name], overwrite }, (writers) =>
    Effect.gen(function* () {
      const write = writers[name] as Write
      yield* write(text.head)
      if (numbers) {
        yield* ProgramLedger.forEachNumber(question, (accounts) => write(accounts.map(text.numbers).join("")))
        yield* write("\n")
      }
      yield* writeEntries(question, tally, (entry) => text.entry(entry), write)
    })
  )
}

const writeTables = (
  { numbers, out, overwrite }: ExportProgram,
  question: ProgramLedger.LedgerQuestion,
  tally: Tally
) => {
  const names = ["journal.csv", "lots.csv", "events.csv", ...(numbers ? ["accounts.csv" as const] : [])] as const
  return writeFiles({ folder: out, names, overwrite }, (writers) =>
    Effect.gen(function* () {
      yield* writers["journal.csv"](CsvTables.JOURNAL_HEAD)
      yield* writeEntries(question, tally, CsvTables.journal, writers["journal.csv"])
      yield* writers["lots.csv"](CsvTables.LOTS_HEAD)
      yield* ProgramLedger.forEachLot(question, (page) => writers["lots.csv"](page.map(CsvTables.lot).join("")))
      yield* writers["events.csv"](CsvTables.EVENTS_HEAD)
      yield* ProgramLedger.forEachEvent(question, (page) => writers["events.csv"](page.map(CsvTables.event).join("")))
      if (!numbers) return
      yield* writers["accounts.csv"](CsvTables.NUMBERS_HEAD)
      yield* ProgramLedger.forEachNumber(question, (page) =>
        writers["accounts.csv"](page.map(CsvTables.numbers).join(""))
      )
    })
  )
}

const writeEntries = (
  question: ProgramLedger.LedgerQuestion,
  tally: Tally,
  textOf: (entry: ProgramLedger.LedgerEntry) => string,
  write: Write
) =>
  ProgramLedger.forEachEntry(question, (entries) => {
    tally.add(entries)
    return write(entries.map(textOf).join(""))
  })
