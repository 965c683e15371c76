/** What the matcher is given, and what it answers. */
import type * as Points from "../points/Points.ts"
import type { Break } from "./Break.ts"
import type { MatchRule } from "./Rules.ts"
import type { SourceRecord } from "./SourceRecord.ts"

/** The records of an account, or of a redemption, in any order. */
export interface Group {
  readonly account: string
  readonly here: ReadonlyArray<SourceRecord>
  readonly there: ReadonlyArray<SourceRecord>
  /** What the account holds live on either side, where both are known. */
  readonly balances?: { readonly here: Points.Points; readonly there: Points.Points } | undefined
}

/** A match, with the rule that found it and how far the two records are apart. */
export interface Match {
  readonly rule: MatchRule
  readonly here: SourceRecord
  readonly there: SourceRecord
  readonly points: Points.Points
  /** Microseconds. */
  readonly time: bigint
}

/** What came of a group. */
export interface Outcome {
  readonly matches: ReadonlyArray<Match>
  /** In the order of `Break.compareBreaks`, each with an identity of its own. */
  readonly breaks: ReadonlyArray<Break>
  /** Records that were looked at: on our side, those that must be on the other side by now, and those that matched. */
  readonly here: number
  readonly there: number
}
