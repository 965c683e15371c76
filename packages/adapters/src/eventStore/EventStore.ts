/**
 * The port to the log: loads what a decision needs, appends what it decided, and reads streams.
 *
 * An account is the unit of consistency. `load` answers an account's version, and `append` succeeds only while that is
 * still the version; everything a decision looked at is thereby unchanged. Ledger rows, read models and the idempotency
 * key are written in the transaction of the events.
 */
import type { Account, Fact, Ids, Instant, Points, Policy, Redemption } from "@pointback/domain"
import { Context, type Effect, Schema, type Stream } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { InTurn } from "./Turns.ts"

/** Where an account's rows are. */
export interface AccountRef {
  readonly program: Ids.ProgramId
  readonly key: Ids.AccountKey
  readonly partition: number
}

/** Which lots a decision looks at. */
export type LotSelection =
  | { readonly _tag: "All" }
  /** Lots that are live at the instant and hold points, or held some from then on. */
  | { readonly _tag: "Spendable"; readonly at: Instant.Instant }
  | { readonly _tag: "Named"; readonly lotIds: ReadonlyArray<Ids.LotId> }
  /** The lots that a redemption drew from. */
  | { readonly _tag: "DrawnBy"; readonly redemptionId: Ids.RedemptionId }
  /** Lots that have expired by the instant and are not fully booked. */
  | { readonly _tag: "ToSweep"; readonly asOf: Instant.Instant }

/** What kind of command a key belongs to; the same text may be a key of each kind. */
export type KeyKind = "earn" | "adjust" | "redeem" | "credit" | "settle" | "expire"

/** An idempotency key; unique within its account and kind (law L8). */
export interface Key {
  readonly kind: KeyKind
  readonly key: string
}

/** What is remembered under a key. */
export interface KeyRecord extends Key {
  /** The command's canonical content, without the fields that were defaulted. */
  readonly content: string
  /** The stored form of the refusal, where the command was refused. */
  readonly refusal: unknown
}

/** What a decision needs. Movements of lots are exact from `horizon` on. */
export interface LoadRequest {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
  /** Lots that any of these selects. */
  readonly lots: ReadonlyArray<LotSelection>
  readonly horizon: Instant.Instant
  readonly redemptions: ReadonlyArray<Ids.RedemptionId>
  readonly keys: ReadonlyArray<Key>
}

/** What a decision is made from; one consistent picture. */
export interface Loaded {
  /** Whether the program has ever been heard of. */
  readonly programKnown: boolean
  readonly policy: Policy.Policy
  /** Null for an account that nothing was ever recorded of. */
  readonly account: AccountRef | null
  /** The account's present number: another one than was asked for where that was replaced. */
  readonly number: Ids.AccountNumber
  /** How many events the account has. */
  readonly version: number
  readonly state: Account.Account
  readonly keys: ReadonlyArray<KeyRecord>
  /** The last version of the account's own stream, and of each requested redemption's, by the stream's name. */
  readonly streams: ReadonlyMap<string, number>
}

/** What is known of every event besides the fact itself. */
export interface StoredEvent {
  readonly account: AccountRef
  /** Position in the log partition; counts up from 1 without gaps. */
  readonly position: number
  readonly eventId: string
  /** Version in the stream; counts up from 1. */
  readonly version: number
  /** Version of the account; counts up from 1 over all its streams. */
  readonly accountVersion: number
  readonly fact: Fact.Fact
  /** When we learned it: the database's clock, strictly increasing with the position in a partition. */
  readonly recordedAt: Instant.Instant
  readonly correlationId: string
  readonly causationId: string | null
  readonly idempotencyKey: string | null
  readonly actor: string | null
}

/** What an append says about where its events come from. */
export interface Origin {
  readonly correlationId: string
  readonly causationId: string | null
  readonly idempotencyKey: string | null
  readonly actor: string | null
}

/** Facts to append, each with its origin, under the version that the decision was made from. */
export interface AppendRequest {
  readonly loaded: Loaded
  readonly target: { readonly program: Ids.ProgramId; readonly account: Ids.AccountNumber }
  readonly facts: ReadonlyArray<{ readonly fact: Fact.Fact; readonly origin: Origin }>
  /** Keys that become known with these events. */
  readonly keys: ReadonlyArray<KeyRecord>
  /** The number that the account gets with an `AccountAliased` among these facts, and the key that it names it by. */
  readonly alias?: { readonly number: Ids.AccountNumber; readonly key: Ids.AccountKey }
}

/** Somebody else appended to the account first: load and decide again. */
export class VersionConflict extends Schema.TaggedError<VersionConflict>()("VersionConflict", {
  expected: Schema.Natural
}) {
  override get message() {
    return `the account has changed since version ${this.expected} was read; load it and decide again`
  }
}

/** Events of a stream, and how much of it to read. */
export interface StreamRead {
  readonly account: AccountRef
  readonly stream: Fact.Stream
  /** Forward by default. */
  readonly direction?: "forward" | "backward"
  /** Versions from here on, this one included; by default the first forward, and the last backward. */
  readonly from?: number
  /** At most so many; `MAXIMUM_PAGE` by default and at most. */
  readonly limit?: number
}

/** Which accounts have something to sweep. */
export interface SweepQuestion {
  /** Null for every program. */
  readonly program: Ids.ProgramId | null
  readonly asOf: Instant.Instant
  readonly after: AccountRef | null
  readonly limit: number
}

/** A credit that was asked for and of which nobody knows yet what became of it. */
export interface InFlight {
  readonly account: AccountRef
  /** The account's present number. */
  readonly number: Ids.AccountNumber
  readonly redemptionId: Ids.RedemptionId
  readonly creditId: Ids.CreditId
}

/** Which credits are in flight. */
export interface InFlightQuestion {
  /** Null for every program. */
  readonly program: Ids.ProgramId | null
  readonly after: Pick<InFlight, "account" | "redemptionId"> | null
  readonly limit: number
}

/** What is done for many accounts at once; inside nobody's transaction. */
export interface Together {
  /** Loads for each request, in one round trip; in their order. */
  readonly load: (requests: ReadonlyArray<LoadRequest>) => Effect.Effect<ReadonlyArray<Loaded>, DatabaseError>
  /**
   * Appends for each request, in one round trip as far as nobody is in the way. All are of different accounts that exist.
   * Answers, in their order, what became of each: one that fails leaves the others as they are.
   */
  readonly append: (
    requests: ReadonlyArray<AppendRequest>
  ) => Effect.Effect<ReadonlyArray<Effect.Effect<ReadonlyArray<StoredEvent>, VersionConflict | DatabaseError>>>
}

/** A redemption as it is now, without its draws. */
export interface RedemptionSummary extends Pick<
  Redemption.Redemption,
  "redemptionId" | "redemptionType" | "processedBy" | "redeemedAt" | "points" | "credited"
> {
  /** Which of the legal situations it is in. */
  readonly state: Exclude<Redemption.RedemptionState["_tag"], "None">
  /** Points of the credit that is in flight. */
  readonly pending: Points.Points
  /** That credit; null where none is in flight. */
  readonly pendingCredit: Ids.CreditId | null
}

/** Which redemptions of an account, the latest first. */
export interface RedemptionsQuestion {
  readonly account: AccountRef
  readonly after: Pick<RedemptionSummary, "redeemedAt" | "redemptionId"> | null
  readonly limit: number
}

/** Events in one answer at most: about a megabyte of payloads. */
export const MAXIMUM_PAGE = 1000

/**
 * Streams of events, with what follows from them: one load and one append for each command.
 *
 * Fails with `DatabaseError`; an append also with `VersionConflict` where the account moved on since it was loaded.
 */
export class EventStore extends Context.Service<
  EventStore,
  {
    /** Reads what a decision needs, as one consistent picture. */
    readonly load: (request: LoadRequest) => Effect.Effect<Loaded, DatabaseError>

    /**
     * Appends facts with ledger rows, read models and keys, all or nothing, and answers the stored events. Creates the
     * account where nothing was recorded of it before. Without facts it remembers keys alone.
     */
    readonly append: (
      request: AppendRequest
    ) => Effect.Effect<ReadonlyArray<StoredEvent>, VersionConflict | DatabaseError>

    /** Many accounts in one step, for whoever carries out many commands. Where it is missing, each goes by itself. */
    readonly together?: Together | undefined

    /**
     * Runs a command, from `load` to `append`, when it is its turn on the account: commands of one process do not race
     * each other. Between processes the expected version alone decides.
     */
    readonly inTurn: InTurn

    /** Reads a page of a stream, forward or backward. */
    readonly readStream: (read: StreamRead) => Effect.Effect<ReadonlyArray<StoredEvent>, DatabaseError>

    /** Reads every event of an account in the order of the log, page by page. */
    readonly readAccount: (account: AccountRef) => Stream.Stream<StoredEvent, DatabaseError>

    /** The account that a number stands for, or the key of one whose number was erased; null where nothing was ever recorded of it. */
    readonly find: (
      program: Ids.ProgramId,
      account: Ids.AccountNumber
    ) => Effect.Effect<AccountRef | null, DatabaseError>

    /** Every number of an account, the present one first; none where they were erased. */
    readonly numbersOf: (account: AccountRef) => Effect.Effect<ReadonlyArray<Ids.AccountNumber>, DatabaseError>

    /** Credits of an account that are in flight, by redemption. */
    readonly inFlightOf: (account: AccountRef) => Effect.Effect<ReadonlyArray<InFlight>, DatabaseError>

    /** Credits that are in flight, by account and redemption in a stable order, `after` the given one. */
    readonly inFlight: (question: InFlightQuestion) => Effect.Effect<ReadonlyArray<InFlight>, DatabaseError>

    /** An account's redemptions as they are now, the latest first (those of one instant by id, backwards), `after` the given one. */
    readonly redemptionsOf: (
      question: RedemptionsQuestion
    ) => Effect.Effect<ReadonlyArray<RedemptionSummary>, DatabaseError>

    /** Accounts that have lots to sweep as of an instant, in a stable order, `after` the given one. */
    readonly toSweep: (
      question: SweepQuestion
    ) => Effect.Effect<
      ReadonlyArray<{ readonly account: AccountRef; readonly number: Ids.AccountNumber }>,
      DatabaseError
    >
  }
>()("@pointback/adapters/EventStore") {}
