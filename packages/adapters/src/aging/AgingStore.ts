/**
 * The port to questions about the past, on both clocks (law L11): what was true at an instant, as known at another.
 *
 * A question that names no instant of knowledge counts all that is committed. Whether one that does is safe is asked
 * elsewhere (`KnownAt.requireSafe`); here it is answered as the log is.
 */
import type {
  Aging,
  Entry,
  Ids,
  Instant,
  LotBalance,
  Months,
  Policy,
  RollForward,
  Schedule,
  Zone
} from "@pointback/domain"
import { Context, type Effect } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { AccountRef } from "../eventStore/EventStore.ts"

/** The account's number; the key where the number was forgotten. */
interface Numbered {
  readonly number: string
}

/** A lot that holds live points, with the number of its account. */
export interface NumberedLot extends LotBalance.LotBalance, Numbered {}

/** A line of the ledger, with the number of its account. */
export interface NumberedEntry extends Entry.Entry, Numbered {}

/** What is asked about, and by which knowledge. */
interface Known {
  readonly program: Ids.ProgramId
  /** Facts that were recorded by then; null for all that is recorded. */
  readonly knownAt: Instant.Instant | null
}

/** Whose lots, and on which of the two clocks. */
export interface AgingQuestion extends Known {
  /** Null for every account of the program. */
  readonly account: AccountRef | null
  /** Facts that were true by then. */
  readonly asOf: Instant.Instant
}

/** The lots of one account, which is called by its number. */
export interface AccountLotsQuestion extends Known {
  readonly account: Ids.AccountNumber
  readonly asOf: Instant.Instant
}

/** One consistent picture. */
export interface AccountLots {
  readonly programKnown: boolean
  /** As known at the question's instant. */
  readonly policy: Policy.Policy
  /** Null for an account that nothing was ever recorded of. */
  readonly account: AccountRef | null
  /** In draw order. */
  readonly lots: ReadonlyArray<NumberedLot>
  /** The last instant that was safe to be asked about; null where the question names none, or nothing is safe yet. */
  readonly safe: Instant.Instant | null
}

/** A program's lots, sorted into buckets by intervals of the instant that the basis counts from. */
export interface BucketsQuestion extends Omit<AgingQuestion, "account"> {
  readonly basis: Aging.Basis
  readonly segments: Aging.Segments
  /** Names of the buckets; the last one is of lots that never expire where the basis is the time to expiry. */
  readonly names: ReadonlyArray<string>
}

/** The cells of a roll-forward. */
export interface CellsQuestion extends Known {
  readonly account: AccountRef | null
  /** One after the other, without gaps. */
  readonly periods: ReadonlyArray<Months.Period>
  readonly zone: Zone.Zone
  /** Without them all cells are of one cohort. */
  readonly withCohorts: boolean
}

/** Lines of the ledger that were true in [from, to). */
export interface EntriesQuestion extends Known {
  readonly account: AccountRef | null
  readonly from: Instant.Instant
  readonly to: Instant.Instant
  readonly columns: ReadonlyArray<Entry.Column>
  /** Only lines of events that were recorded after this instant; null for all. */
  readonly learnedAfter: Instant.Instant | null
}

/** How far a partition's log had come. */
export interface PositionKnown {
  readonly partition: number
  /** The position of its last event; 0 where it had none. */
  readonly position: number
  /** What was recorded by then is all of it, for ever; null where nothing was recorded yet. */
  readonly recordedAt: Instant.Instant | null
}

export class AgingStore extends Context.Service<
  AgingStore,
  {
    /** An account's live lots together with what is needed to answer about them, in one round trip. */
    readonly accountLots: (question: AccountLotsQuestion) => Effect.Effect<AccountLots, DatabaseError>

    /** The lots that held live points, by account number, then in draw order. */
    readonly lots: (question: AgingQuestion) => Effect.Effect<ReadonlyArray<NumberedLot>, DatabaseError>

    /** A program's buckets, added up where the lots are. */
    readonly buckets: (question: BucketsQuestion) => Effect.Effect<Aging.Aging, DatabaseError>

    /** Live points by the instant of their expiry. */
    readonly expiring: (question: AgingQuestion) => Effect.Effect<ReadonlyArray<Schedule.Expiring>, DatabaseError>

    /** What a roll-forward is assembled from. */
    readonly cells: (question: CellsQuestion) => Effect.Effect<ReadonlyArray<RollForward.Cell>, DatabaseError>

    /** Lines of the ledger: of each account in the order of the log, then what expired and no sweep has booked. */
    readonly entries: (question: EntriesQuestion) => Effect.Effect<ReadonlyArray<NumberedEntry>, DatabaseError>

    /** How far the log of an account's partition had come at an instant; null for now. */
    readonly position: (
      partition: number,
      knownAt: Instant.Instant | null
    ) => Effect.Effect<PositionKnown, DatabaseError>
  }
>()("@pointback/adapters/AgingStore") {}
