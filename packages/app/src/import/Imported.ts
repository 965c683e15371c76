/** What an import came to. It does not grow with the file. */
import type { Refusal } from "@pointback/domain"
import type { Target } from "../command/Command.ts"
import type { KeyConflict } from "../error/AppError.ts"
import type { AccountHistory, AccountTooLong } from "./History.ts"

/** Refused accounts that are named at most; the others are counted. Mending a thousand takes more than one run. */
export const MAXIMUM_NAMED_REFUSALS = 1000

/** A record that was refused, with all records of its account. */
export interface RefusedRecord extends Target {
  readonly line: number
  readonly refusal: Refusal.Refusal | KeyConflict | AccountTooLong
}

/** What an import came to. */
export interface Imported {
  readonly records: number
  readonly accounts: number
  /** Records whose events were appended. */
  readonly imported: number
  /** Records that were known already. */
  readonly replayed: number
  /** Accounts that were rolled back, each by the first of its records that was refused. */
  readonly refusedAccounts: number
  /** Those records, in the order of lines; the first thousand of them. */
  readonly refused: ReadonlyArray<RefusedRecord>
}

/** What became of one account. */
export type AccountOutcome =
  | { readonly _tag: "Written"; readonly imported: number; readonly replayed: number }
  | ({ readonly _tag: "Refused" } & Omit<RefusedRecord, keyof Target>)

/** Before the first account. */
export const nothing: Imported = {
  records: 0,
  accounts: 0,
  imported: 0,
  replayed: 0,
  refusedAccounts: 0,
  refused: []
}

/** One account more; accounts may come in any order. */
export const add = (imported: Imported, { count, target }: AccountHistory, outcome: AccountOutcome): Imported => {
  const all = { ...imported, records: imported.records + count, accounts: imported.accounts + 1 }
  if (outcome._tag === "Written") {
    return { ...all, imported: all.imported + outcome.imported, replayed: all.replayed + outcome.replayed }
  }
  const { line, refusal } = outcome
  const refused = insert(all.refused, { ...target, line, refusal })
  return { ...all, refusedAccounts: all.refusedAccounts + 1, refused }
}

const insert = (refused: ReadonlyArray<RefusedRecord>, record: RefusedRecord): ReadonlyArray<RefusedRecord> => {
  const before = refused.findLastIndex(({ line }) => line < record.line)
  return before + 1 === MAXIMUM_NAMED_REFUSALS
    ? refused
    : refused.toSpliced(before + 1, 0, record).slice(0, MAXIMUM_NAMED_REFUSALS)
}
