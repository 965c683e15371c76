/** What an export has parts of, and how each is written: piece by piece, to a file or to whoever asked over HTTP. */
import { type Database, type DatabaseError, type EventLog, PolicyStore, ProgramLedger } from "@pointback/adapters"
import type { KnownAt } from "@pointback/adapters"
import type { Ids, Instant } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownProgram } from "../error/AppError.ts"
import { settledKnownAt } from "../query/KnownNow.ts"
import { beancount } from "./Beancount.ts"
import * as CsvTables from "./CsvTables.ts"
import type { Ledger, Table } from "./ExportNames.ts"
import { hledger } from "./Hledger.ts"
import type { ExportHead } from "./LedgerText.ts"

/** Takes the next piece of a text, and answers when there is room for more. */
export type WritePiece<E> = (piece: string) => Effect.Effect<void, E>

/** Where a part goes. */
export interface PartTarget<E> {
  readonly write: WritePiece<E>
  /** Told of the entries that were just written. */
  readonly onEntries?: (entries: ReadonlyArray<ProgramLedger.LedgerEntry>) => void
}

/**
 * What an export is of: the program as known at an instant, or at the last one that is safe to ask about. Fails with
 * `KnownAtNotSafe` where what was known then can still change (law L11).
 */
export const exportHead = Effect.fn("exportHead")(function* (
  program: Ids.ProgramId,
  asked: Instant.Instant | null
): Effect.fn.Return<
  ExportHead,
  UnknownProgram | KnownAt.KnownAtNotSafe | DatabaseError,
  Database | EventLog | PolicyStore
> {
  const knownAt = yield* settledKnownAt(asked)
  const { known, policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  if (!known) return yield* new UnknownProgram({ program })
  return { program, knownAt, zone: policy.zone, scale: policy.scale }
})

const writeEntries = <E>(
  head: ExportHead,
  { onEntries = () => undefined, write }: PartTarget<E>,
  textOf: (entry: ProgramLedger.LedgerEntry) => string
) =>
  ProgramLedger.forEachEntry(head, (entries) => {
    onEntries(entries)
    return write(entries.map(textOf).join(""))
  })

/** Writes a plain-text ledger; with the account numbers beside the opaque keys where they are asked for. */
export const writeLedger = <E>(
  ledger: Ledger,
  head: ExportHead,
  numbers: boolean,
  target: PartTarget<E>
): Effect.Effect<void, E | DatabaseError, Database> =>
  Effect.gen(function* () {
    const text = ledger === "hledger" ? hledger(head) : beancount(head)
    yield* target.write(text.head)
    if (numbers) {
      yield* ProgramLedger.forEachNumber(head, (accounts) => target.write(accounts.map(text.numbers).join("")))
      yield* target.write("\n")
    }
    yield* writeEntries(head, target, (entry) => text.entry(entry))
  })

/** Writes a table as CSV, with a line of names before its rows. */
export const writeTable = <E>(
  table: Table,
  head: ExportHead,
  target: PartTarget<E>
): Effect.Effect<void, E | DatabaseError, Database> => {
  const { write } = target
  switch (table) {
    case "journal":
      return Effect.andThen(write(CsvTables.JOURNAL_HEAD), writeEntries(head, target, CsvTables.journal))
    case "lots":
      return Effect.andThen(
        write(CsvTables.LOTS_HEAD),
        ProgramLedger.forEachLot(head, (page) => write(page.map(CsvTables.lot).join("")))
      )
    case "events":
      return Effect.andThen(
        write(CsvTables.EVENTS_HEAD),
        ProgramLedger.forEachEvent(head, (page) => write(page.map(CsvTables.event).join("")))
      )
    case "accounts":
      return Effect.andThen(
        write(CsvTables.NUMBERS_HEAD),
        ProgramLedger.forEachNumber(head, (page) => write(page.map(CsvTables.numbers).join("")))
      )
  }
}
