/** What the plain-text ledgers have in common. */
import type { ProgramLedger } from "@pointback/adapters"
import { Civil, type Ids, type Instant, Zone } from "@pointback/domain"

/** What an export is of. */
export interface ExportHead {
  readonly program: Ids.ProgramId
  readonly knownAt: Instant.Instant
  /** Turns instants into the dates of entries. */
  readonly zone: Zone.Zone
  /** Fractional digits of the program's amounts. */
  readonly scale: number
}

/** Writes a ledger in a language of plain-text accounting. Entries come account by account. */
export interface LedgerText {
  readonly head: string
  /** The numbers of an account, where they are asked for; before all entries. */
  readonly numbers: (account: ProgramLedger.NumberedAccount) => string
  readonly entry: (entry: ProgramLedger.LedgerEntry) => string
}

/** The commodity that points are counted in. */
export const COMMODITY = "PTS"

/** The date of an instant in the zone, `YYYY-MM-DD`. */
export const dateIn = (zone: Zone.Zone, at: Instant.Instant): string => Civil.toString(Zone.dateOf(zone, at))
