/**
 * What the methods are given. Amounts are plain decimal strings such as `"96173827.88"`, never numbers. Instants are ISO
 * 8601 strings with a zone, or a calendar date, which means its first instant in the program's zone.
 */

/** Who asks, in what connection, and until when the answer is wanted. */
export interface CallOptions {
  /** Who asks: a user, a job, a system. Stored with what is recorded. */
  readonly actor?: string | undefined
  /** Ties what is recorded to other things that were done for the same reason. */
  readonly correlationId?: string | undefined
  /** What caused the call: an id of yours. */
  readonly causationId?: string | undefined
  /** Aborting it rejects the call with `CallAborted`. */
  readonly signal?: AbortSignal | undefined
}

/** An account of a loyalty program. */
export interface OfAccount {
  /** The loyalty program. */
  readonly program: string
  /** The account number (RANAC), as a string: it has up to 30 digits. */
  readonly account: string
}

/** Points of one lot. */
export interface LotPoints {
  readonly lot: string
  readonly points: string
}

/** Points that were earned. The lot is the key: the same lot again does nothing new. */
export interface Earn extends OfAccount {
  /** The lot that the points make, unique within the account. */
  readonly lot: string
  readonly points: string
  readonly earnedAt: string
  /** Left out or null: never. */
  readonly expiresAt?: string | null | undefined
  /** When the points came to be; `earnedAt` unless given. */
  readonly occurredAt?: string | undefined
  /** Where they come from. */
  readonly source?: string | undefined
}

/** Points that are added to a lot or taken from it by hand. */
export interface Adjust extends OfAccount {
  readonly lot: string
  /** Negative to take. */
  readonly points: string
  readonly reason: string
  /** The idempotency key. */
  readonly key: string
  /** Now unless given. */
  readonly occurredAt?: string | undefined
}

/** Points that were spent. The redemption is the key. */
export interface Redeem extends OfAccount {
  /** The redemption id, as Mastercard has it. */
  readonly redemption: string
  readonly points: string
  /** `CASHBACK` is recorded and cannot be credited through Mastercard. */
  readonly redemptionType: "MERCHANDISE" | "TRAVEL" | "CASHBACK"
  /** The merchant's id at Mastercard. */
  readonly processedBy: string
  /** Now unless given. */
  readonly occurredAt?: string | undefined
  /** Chosen by policy unless given: what expires first is drawn first. */
  readonly draws?: ReadonlyArray<LotPoints> | undefined
}

/** Points of a redemption that are given back. The credit id is the key: the same credit again is never sent twice. */
export interface Credit extends OfAccount {
  readonly redemption: string
  /** An id of yours, unique within the account. */
  readonly creditId: string
  /** All that remains unless points or lots are given. */
  readonly points?: string | undefined
  /** The reverse of the draws unless given. */
  readonly lots?: ReadonlyArray<LotPoints> | undefined
  /** Now unless given. */
  readonly occurredAt?: string | undefined
}

/** What is settled: credits of which nobody knows whether they happened. */
export interface Settle {
  /** Every program unless given. */
  readonly program?: string | undefined
  /** Leaves credits alone that were asked for more recently; `"2 minutes"` unless given. */
  readonly olderThan?: string | undefined
  /** What becomes of a credit that certainly never happened; `"release"` unless given. */
  readonly absent?: "release" | "repeat" | undefined
}

/** A person's decision about a credit that settling is not certain of. */
export interface Decide extends OfAccount {
  readonly creditId: string
  /** `"confirm"`: it happened. `"release"`: it never did. */
  readonly decision: "confirm" | "release"
  /** Who decides. */
  readonly actor: string
  /** Why; kept for ever. */
  readonly reason: string
}

/** Which expired lots are booked. */
export interface Expire {
  /** Every program unless given; then a date is one in UTC. */
  readonly program?: string | undefined
  /** Now unless given. */
  readonly asOf?: string | undefined
}

/** An account's number was replaced. */
export interface Alias extends OfAccount {
  /** The number that took over. */
  readonly newAccount: string
  /** Now unless given. */
  readonly occurredAt?: string | undefined
}

/** An account number that is forgotten for good. */
export interface Erase extends OfAccount {
  /** Who does it. */
  readonly actor: string
  /** Why; kept for ever, so it must not tell whose account it was. */
  readonly reason: string
}

/** A question about the points that are held. */
export interface AskAging extends KnownAt {
  readonly program: string
  /** The whole program unless given. */
  readonly account?: string | undefined
  /** Now unless given. */
  readonly asOf?: string | undefined
  /** Days since they were earned, or days to their expiry; `"age"` unless given. */
  readonly basis?: "age" | "to-expiry" | undefined
}

/** By what was recorded: the second clock of every question about the past. */
export interface KnownAt {
  /**
   * Answers as known then: facts that were recorded by this instant. The answer stays the same for ever. Unless given, all
   * that is recorded counts, and later facts may change the answer.
   */
  readonly knownAt?: string | undefined
}

/** What expires when. */
export interface AskSchedule extends KnownAt {
  readonly program: string
  /** The whole program unless given. */
  readonly account?: string | undefined
  /** Now unless given. */
  readonly asOf?: string | undefined
}

/** An account's statement over a period [from, to). */
export interface AskStatement extends OfAccount, KnownAt {
  readonly from: string
  readonly to: string
}

/** How points outstanding moved, month by month, over [from, to). */
export interface AskRollForward extends KnownAt {
  readonly program: string
  /** The whole program unless given. */
  readonly account?: string | undefined
  readonly from: string
  readonly to: string
  /** Whether each month is divided by the month in which the points were earned; false unless given. */
  readonly cohorts?: boolean | undefined
}

/** The events of one cell of a roll-forward. */
export interface AskRollForwardEvents extends AskRollForward {
  /** `YYYY-MM`. */
  readonly period: string
  readonly column: RollForwardColumn
}

/** What moves points outstanding. */
export type RollForwardColumn =
  | "earned"
  | "adjusted"
  | "redeemed"
  | "creditedLive"
  | "creditedExpired"
  | "expiredByTime"
  | "expiredOnReversal"

/** Cohorts by age: points by the month of their earning, and months since. */
export interface AskTriangle extends KnownAt {
  readonly program: string
  readonly from: string
  readonly to: string
  /** `"closing"`: what was outstanding at the end of each month; or what moved in it. `"closing"` unless given. */
  readonly measure?: "closing" | RollForwardColumn | undefined
}

/** The same question at two states of knowledge: what moved, by which events. */
export interface AskRestatement {
  readonly program: string
  /** The whole program unless given. */
  readonly account?: string | undefined
  /** Now unless given. */
  readonly asOf?: string | undefined
  readonly basis?: "age" | "to-expiry" | undefined
  readonly knownFrom: string
  readonly knownTo: string
}

/** An account's redemptions as they are now, page by page. */
export interface AskRedemptions extends OfAccount {
  /** At most so many, 1 to 1000; 100 unless given. */
  readonly limit?: number | undefined
  /** Where the page begins: the `next` of the one before. */
  readonly after?: RedemptionPlace | null | undefined
}

/** A place in the list of an account's redemptions. */
export interface RedemptionPlace {
  readonly redemption: string
  readonly redeemedAt: string
}

/** What became of one lot. */
export interface AskLotHistory extends OfAccount, KnownAt {
  readonly lot: string
  /** Now unless given. */
  readonly asOf?: string | undefined
}

/** What became of one redemption. */
export interface AskRedemptionHistory extends OfAccount, KnownAt {
  readonly redemption: string
  /** Now unless given. */
  readonly asOf?: string | undefined
}

/** Terms of a program's policy; what is left out stays as it is. */
export interface SetPolicy {
  readonly program: string
  /** Fractional digits of amounts, 0 to 4; fixed once the program has an event. */
  readonly scale?: number | undefined
  /** IANA time zone of its dates. */
  readonly zone?: string | undefined
  /** What a credit to an expired lot does: `"expire"`, `"refuse"`, or `"extend:<days>"`. */
  readonly expiredLots?: string | undefined
  /** Days within which a redemption may be credited; null for no limit. */
  readonly creditWindowDays?: number | null | undefined
  /** Upper bounds of the aging buckets in days, ascending. */
  readonly agingBoundaries?: ReadonlyArray<number> | undefined
}

/** A file of records, one JSON object a line. */
export interface ImportFile {
  /** Its path. */
  readonly file: string
}

/** One record of a history that happened elsewhere, in the shape of a line of an import file. */
export type ImportRecord =
  | {
      readonly type: "earned"
      readonly program: string
      readonly account: string
      readonly lot: string
      readonly points: string
      readonly earnedAt: string
      readonly expiresAt: string | null
      readonly occurredAt?: string
      readonly source?: string
    }
  | {
      readonly type: "redeemed"
      readonly program: string
      readonly account: string
      readonly redemption: string
      readonly points: string
      readonly redemptionType: "MERCHANDISE" | "TRAVEL" | "CASHBACK"
      readonly processedBy: string
      readonly occurredAt: string
      readonly draws?: ReadonlyArray<LotPoints>
    }
  | {
      readonly type: "credited"
      readonly program: string
      readonly account: string
      readonly redemption: string
      readonly credit: string
      readonly points?: string
      readonly lots?: ReadonlyArray<LotPoints>
      readonly occurredAt: string
    }
  | {
      readonly type: "expired"
      readonly program: string
      readonly account: string
      readonly lot: string
      readonly points: string
    }
  | {
      readonly type: "adjusted"
      readonly program: string
      readonly account: string
      readonly lot: string
      readonly points: string
      readonly reason: string
      readonly occurredAt: string
      readonly key: string
    }

/** Records of accounts, those of one account in the order of their `occurredAt`. */
export interface ImportRecords {
  readonly records: ReadonlyArray<ImportRecord>
}

/** What is verified. */
export interface Verify {
  /** Every program unless given. */
  readonly program?: string | undefined
}

/** Options of many credits. */
export interface ManyOptions extends CallOptions {
  /** Credits that are asked for at once, 1 to 1000; 64 unless given. As many others are stored meanwhile, and as many recorded. */
  readonly inFlight?: number | undefined
}
