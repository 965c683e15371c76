/** A history that happened elsewhere, account by account, as something can be imported from. */
import { Schema, Stream } from "effect"
import type { Target } from "../command/Command.ts"
import type { NumberedRecord } from "./ImportRecord.ts"
import type { SpoolUnusable } from "./SpoolFile.ts"

/** An account has more records in one file than are decided as one. */
export class AccountTooLong extends Schema.TaggedError<AccountTooLong>()("AccountTooLong", {
  maximumRecords: Schema.Natural,
  maximumBytes: Schema.Natural
}) {
  override get message() {
    return (
      `the account has more than ${this.maximumRecords} records or ${this.maximumBytes} bytes in one file; ` +
      "import its history from several files, the earlier one first"
    )
  }
}

/** What a history has of one account. */
export type AccountHistory = {
  readonly target: Target
  /** How many records there are. */
  readonly count: number
} & (
  | {
      readonly _tag: "Whole"
      /** In the order of their lines. */
      readonly records: ReadonlyArray<NumberedRecord>
    }
  /** Too many to be imported, with the line on which they became so. */
  | { readonly _tag: "TooLong"; readonly line: number; readonly error: AccountTooLong }
)

/** Records that are ready to be imported, account by account. */
export interface History {
  /** How many records there are in all. */
  readonly records: number
  /** Every account once. */
  readonly accounts: Stream.Stream<AccountHistory, SpoolUnusable>
}

/** Records that are in memory, as a history. */
export const ofRecords = (records: ReadonlyArray<NumberedRecord>): History => {
  const accounts = new Map<string, { readonly target: Target; readonly records: Array<NumberedRecord> }>()
  for (const numbered of records) {
    const { account, program } = numbered.record
    const found = accounts.get(nameOf(numbered.record))
    if (found === undefined)
      accounts.set(nameOf(numbered.record), { target: { program, account }, records: [numbered] })
    else found.records.push(numbered)
  }
  const histories = Array.from(accounts.values(), ({ records, target }): AccountHistory => {
    return { _tag: "Whole", target, count: records.length, records }
  })
  return { records: records.length, accounts: Stream.fromIterable(histories) }
}

/** A name of an account, one to one: identifiers have no control characters. */
export const nameOf = ({ account, program }: Target): string => `${program}\n${account}`

/** How far an import is: bytes of the file while it is read, then records. */
export interface ImportProgress {
  readonly phase: "reading" | "importing"
  readonly done: number
  /** Undefined where nobody knows: standard input. */
  readonly total: number | undefined
}

/** Is told often, and must not take long. */
export type OnProgress = (progress: ImportProgress) => void
