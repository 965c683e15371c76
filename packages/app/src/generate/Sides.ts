/** What two books say of a redemption, and what is known to be wrong. */
import type { ReconciliationBreak, SourceRecord } from "@pointback/domain"

/** A record of the other side. */
export interface Line {
  readonly record: SourceRecord.SourceRecord
  /** Our record that it stands for; null where there is none. */
  readonly origin: SourceRecord.SourceRecord | null
}

/** A break that is known, since it was made. */
export interface Truth {
  readonly type: ReconciliationBreak.BreakType
  readonly redemption: string
  /** Our credit that it is about, where it is one of ours. */
  readonly credit: string | null
  /** The other side's record that it is about, where there is one. */
  readonly reference: string | null
}

/** Both sides of a redemption. */
export interface Sides {
  readonly here: ReadonlyArray<SourceRecord.SourceRecord>
  readonly there: ReadonlyArray<Line>
  readonly truth: Truth | null
}
