/**
 * Writes the whole ledger of a program for programs that are not ours: hledger, Beancount, or anything that reads CSV.
 * An auditor can recompute every balance from it.
 */
import type { Database, DatabaseError, EventLog, KnownAt, PolicyStore, ProgramLedger } from "@pointback/adapters"
import { type Ids, type Instant } from "@pointback/domain"
import { Effect } from "effect"
import { basename, dirname } from "node:path"
import type { UnknownProgram } from "../error/AppError.ts"
import type { OutputExists, OutputUnwritable } from "../generate/GenerateError.ts"
import type { Write } from "../output/OutputFiles.ts"
import { writeFiles } from "../output/OutputFiles.ts"
import { type Ledger, LEDGERS, TABLES } from "./ExportNames.ts"
import * as ExportPart from "./ExportPart.ts"
import type { ExportHead } from "./LedgerText.ts"

export const FORMATS = [...LEDGERS, "csv"] as const
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
  const head = yield* ExportPart.exportHead(program, request.knownAt)
  const tally = new Tally(report)
  const files =
    format === "csv" ? yield* writeTables(request, head, tally) : yield* writeText(request, format, head, tally)
  return { program, format, knownAt: head.knownAt, files, entries: tally.entries, postings: tally.postings }
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

const writeText = ({ numbers, out, overwrite }: ExportProgram, ledger: Ledger, head: ExportHead, tally: Tally) => {
  const name = basename(out)
  return writeFiles({ folder: dirname(out), names: [name], overwrite }, (writers) =>
    ExportPart.writeLedger(ledger, head, numbers, {
      write: writers[name] as Write,
      onEntries: (entries) => tally.add(entries)
    })
  )
}

const writeTables = ({ numbers, out, overwrite }: ExportProgram, head: ExportHead, tally: Tally) => {
  const tables = TABLES.filter((table) => numbers || table !== "accounts")
  const names = tables.map((table) => `${table}.csv` as const)
  return writeFiles({ folder: out, names, overwrite }, (writers) =>
    Effect.forEach(
      tables,
      (table) =>
        ExportPart.writeTable(table, head, {
          write: writers[`${table}.csv`],
          onEntries: (entries) => tally.add(entries)
        }),
      { discard: true }
    )
  )
}
