/**
 * What our records are reconciled with. A host makes one for files and systems of its own.
 *
 * @see semantics, section 9
 */
import type { Ids, Instant, Points, ReconciliationRules, SourceRecord } from "@pointback/domain"
import type { Effect } from "effect"
import { Schema } from "effect"
import type { AccountRecord } from "./StatementRecord.ts"

/** A source cannot be read, now or at all. */
export class SourceUnreadable extends Schema.TaggedError<SourceUnreadable>()("SourceUnreadable", {
  source: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.source} cannot be read: ${this.problem}`
  }
}

/** A system answers, and has nothing to say of an account, or nothing that can be read. The others are asked all the same. */
export class AccountUnreadable extends Schema.TaggedError<AccountUnreadable>()("AccountUnreadable", {
  source: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.source}: ${this.problem}`
  }
}

/** A record that could not be read; it is put aside, and the others are reconciled. */
export interface ParkedRecord {
  /** Where it stands, such as `line 17`. */
  readonly place: string
  readonly reason: string
}

interface Source {
  /** What a person calls it: `statement`. */
  readonly name: string
  readonly program: Ids.ProgramId
  /** Sources of one text have the same records: a run that is resumed must find them. */
  readonly identity: string
}

/** Every record of a program in a period, in any order: a file, a table, a topic. */
export interface Listing extends Source {
  readonly _tag: "Listing"
  /** The period that it covers, [from, to); null where it has every record up to now. */
  readonly window: ReconciliationRules.Window | null
  /** Records that could not be read. With any, nothing is concluded from what is missing. */
  readonly parked: ReadonlyArray<ParkedRecord>
  readonly count: number
  /**
   * The records by account and redemption, in the order of `sortKey`, some groups at a time; none up to `after`. Every
   * record names its redemption.
   */
  readonly groups: (after: string | null) => AsyncIterable<ReadonlyArray<ListedGroup>>
}

/** The records of one redemption. */
export interface ListedGroup {
  readonly key: string
  readonly account: string
  readonly redemption: string
  readonly records: ReadonlyArray<SourceRecord.SourceRecord>
}

/** A system that is asked account by account. */
export interface Lookup extends Source {
  readonly _tag: "Lookup"
  /** Accounts that are asked for at the same time, at most. */
  readonly concurrency: number
  readonly lookUp: (question: {
    readonly account: Ids.AccountNumber
    readonly from: Instant.Instant
    readonly to: Instant.Instant
  }) => Effect.Effect<LookedUp, SourceUnreadable | AccountUnreadable>
}

/** What such a system has of an account. */
export interface LookedUp {
  readonly records: ReadonlyArray<SourceRecord.SourceRecord>
  /** What the account holds, where it says it. */
  readonly balance: Points.Points | undefined
}

/** One of the two. */
export type ReconciliationSource = Listing | Lookup

export type { AccountRecord }
