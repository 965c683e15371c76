/**
 * What the methods answer: the same shapes as the command line's `--json`. Amounts are decimal strings, instants are ISO
 * 8601 in UTC.
 */
import { type CreditResult, type Status, statusOf } from "../bulk/CreditResult.ts"
import * as Json from "../cli/Json.ts"
import { errorJson } from "../error/ErrorJson.ts"
import type { RedemptionPlace } from "./Inputs.ts"

/** A lot that was earned. */
export interface Earned {
  readonly program: string
  readonly account: string
  readonly lot: string
  readonly points: string
  readonly earnedAt: string
  /** Null: never. */
  readonly expiresAt: string | null
  /** Whether the lot was known already, so that nothing was done. */
  readonly replayed: boolean
}

/** A lot that was adjusted. */
export interface Adjusted {
  readonly program: string
  readonly account: string
  readonly lot: string
  readonly points: string
  readonly reason: string
  readonly key: string
  readonly occurredAt: string
  /** Whether the key was known already, so that nothing was done. */
  readonly replayed: boolean
}

/** Points that one lot gave to a redemption. */
export interface Draw {
  readonly lot: string
  readonly points: string
  readonly earnedAt: string
  readonly expiresAt: string | null
}

/** A redemption with the lots that its points came from. */
export interface Redeemed {
  readonly redemption: string
  readonly points: string
  /** In draw order. */
  readonly draws: ReadonlyArray<Draw>
  /** The live points of the account just after it. */
  readonly balance: string
}

/** Points that went back to one lot. */
export interface Restoration {
  readonly lot: string
  readonly points: string
  /** `extended`: they made a new lot, since `from` had expired. */
  readonly fate: "live" | "expired" | "extended"
  readonly earnedAt: string
  readonly expiresAt: string | null
  readonly from?: string
}

/** Why a credit was declined. */
export interface DeclineReason {
  readonly source: string
  readonly reasonCode: string
  readonly description: string
}

/** What became of a credit. */
export interface Credited {
  readonly creditId: string
  readonly redemption: string
  /**
   * `CreditDeclined`: it certainly did not happen, `reasons` say why. `CreditOutcomeUnknown`: nobody knows, its points stay
   * held, and `settle` finds out; never send it under another id.
   */
  readonly outcome: "PartiallyCredited" | "FullyCredited" | "CreditDeclined" | "CreditOutcomeUnknown"
  readonly points: string
  /** Of the points, those that are spendable again. */
  readonly live: string
  /** Of the points, those that expired at once, since their lot had. */
  readonly expired: string
  /** Redeemed points that are not credited after it. */
  readonly remaining: string
  readonly restorations: ReadonlyArray<Restoration>
  /** Whether the credit was known already, so that nothing was done. */
  readonly replayed: boolean
  /** Mastercard's answer; null where there was none. */
  readonly mastercard: {
    readonly pointBalance: string
    readonly remaining: string | null
    readonly programName: string
    readonly id: string
  } | null
  readonly reasons?: ReadonlyArray<DeclineReason>
  /** Why the outcome is unknown. */
  readonly cause?: string
}

/** One of many credits. */
export interface CreditOfMany {
  /** Its place among the credits that were given, from 0. */
  readonly index: number
  readonly creditId: string
  readonly redemption: string
  /** The outcome; or `refused` by a rule, `waiting` (can be repeated), `failed` (can be repeated). */
  readonly status: Status
  /** Null where nothing was recorded. */
  readonly credited: Credited | null
  /** Why nothing was recorded: `_tag`, `message` and fields. */
  readonly error: { readonly _tag: string; readonly message: string; readonly [field: string]: unknown } | null
}

/** What settling did with one credit. */
export interface SettledCredit {
  readonly program: string
  readonly account: string
  readonly redemption: string
  readonly creditId: string
  readonly points: string
  readonly requestedAt: string
  readonly result: "confirmed" | "released" | "repeated" | "decidedMeanwhile" | "open"
  /** Why it is still open. */
  readonly reason: string | null
  readonly detail: string | null
  /** From when on a listing that does not show it is proof. */
  readonly certainFrom: string | null
}

/** What settling came to. */
export interface Settled {
  readonly credits: ReadonlyArray<SettledCredit>
  readonly confirmed: number
  readonly released: number
  readonly repeated: number
  readonly decidedMeanwhile: number
  readonly open: number
  /** Credits that were left alone, since they were only just asked for. */
  readonly young: number
}

/** What a sweep booked. */
export interface Expired {
  readonly program: string | null
  readonly asOf: string
  readonly accounts: number
  readonly lots: number
  readonly points: string
}

/** A number that took over. */
export interface Aliased {
  readonly program: string
  readonly account: string
  readonly newAccount: string
  readonly replayed: boolean
}

/** An account number that was forgotten. */
export interface Erased {
  readonly program: string
  /** The opaque key under which the history stays. */
  readonly account: string
  readonly erasedAt: string
}

/** Points of one age. */
export interface AgingBucket {
  /** `0-30` … `over-365`; to expiry also `never`. */
  readonly bucket: string
  readonly points: string
  readonly lots: number
  readonly accounts: number
  /** Of the points, those that credits brought back. */
  readonly restored: string
}

/** A lot with points. */
export interface AgingLot {
  readonly account: string
  readonly lot: string
  readonly points: string
  readonly earnedAt: string
  readonly expiresAt: string | null
  readonly restored: string
}

/** Which points are held, and how old they are. */
export interface Aging {
  readonly program: string
  /** Null: the whole program. */
  readonly account: string | null
  readonly asOf: string
  /** Null: by all that is recorded. */
  readonly knownAt: string | null
  readonly basis: "age" | "to-expiry"
  readonly total: string
  /** All of them, also empty ones, in order. */
  readonly buckets: ReadonlyArray<AgingBucket>
  /** Lots with points, by account, then in draw order. */
  readonly lots?: ReadonlyArray<AgingLot>
}

/** By what an answer was given. */
export interface Known {
  /** Null: by all that is recorded. */
  readonly knownAt: string | null
}

/** Points that expire on one date. */
export interface ScheduleRow {
  /** A date of the program's zone; null: never. */
  readonly date: string | null
  readonly points: string
  readonly lots: number
  readonly restored: string
}

/** What expires when. */
export interface Schedule extends Known {
  readonly program: string
  readonly account: string | null
  readonly asOf: string
  readonly total: string
  readonly rows: ReadonlyArray<ScheduleRow>
}

/** One line of a statement. */
export interface StatementLine {
  readonly at: string
  readonly kind: string
  /** Signed. */
  readonly points: string
  /** Points that expired in the same event. */
  readonly expired: string
  /** After the line. */
  readonly balance: string
  readonly redemption: string | null
  readonly credit: string | null
  readonly lots: ReadonlyArray<{ readonly lot: string; readonly points: string; readonly expired: string }>
  readonly eventId: string | null
  readonly recordedAt: string | null
}

/** What an account held, what happened to it, what it holds, and what of that expires when. */
export interface Statement extends Known {
  readonly program: string
  readonly account: string
  readonly from: string
  readonly to: string
  readonly opening: string
  readonly lines: ReadonlyArray<StatementLine>
  readonly closing: string
  readonly expiring: ReadonlyArray<ScheduleRow>
  readonly computedAt: { readonly partition: number; readonly position: number; readonly recordedAt: string }
}

/** One month, or one cohort of it. All amounts are positive but `adjusted`. */
export interface RollForwardRow {
  readonly period: string
  /** The month in which the points were earned; left out of a month's total. */
  readonly cohort?: string
  readonly opening: string
  readonly earned: string
  readonly adjusted: string
  readonly redeemed: string
  readonly creditedLive: string
  readonly creditedExpired: string
  readonly expiredByTime: string
  readonly expiredOnReversal: string
  readonly closing: string
}

/** How points outstanding moved; it closes exactly. */
export interface RollForward extends Known {
  readonly program: string
  readonly account: string | null
  readonly from: string
  readonly to: string
  readonly rows: ReadonlyArray<RollForwardRow>
}

/** A line of the ledger, with its event; without one where no sweep has booked what expired. */
export interface LedgerLine {
  readonly at: string
  readonly account: string
  readonly lot: string
  readonly column: string
  readonly points: string
  readonly eventId: string | null
  readonly type: string | null
  readonly recordedAt: string | null
  readonly redemption: string | null
  readonly credit: string | null
}

/** The events of one cell, which add up to it. */
export interface RollForwardEvents extends Known {
  readonly program: string
  readonly account: string | null
  readonly period: string
  readonly column: string
  readonly points: string
  readonly events: ReadonlyArray<LedgerLine>
}

/** Cohorts by age. */
export interface Triangle extends Known {
  readonly program: string
  readonly measure: string
  readonly from: string
  readonly to: string
  readonly rows: ReadonlyArray<{
    /** The month in which the points were earned. */
    readonly cohort: string
    readonly cells: ReadonlyArray<{ readonly age: number; readonly period: string; readonly points: string }>
  }>
}

/** What moved between two states of knowledge, and the events that moved it. */
export interface Restatement {
  readonly program: string
  readonly account: string | null
  readonly asOf: string
  readonly basis: "age" | "to-expiry"
  readonly knownFrom: string
  readonly knownTo: string
  readonly total: { readonly before: string; readonly after: string }
  readonly buckets: ReadonlyArray<{ readonly bucket: string; readonly before: unknown; readonly after: unknown }>
  readonly lots: ReadonlyArray<{
    readonly account: string
    readonly lot: string
    readonly earnedAt: string
    readonly expiresAt: string | null
    readonly before: { readonly points: string; readonly restored: string }
    readonly after: { readonly points: string; readonly restored: string }
  }>
  readonly events: ReadonlyArray<LedgerLine>
}

/** One step of a timeline; which fields it has besides depends on `step`, see docs/reports.md. */
export interface TimelineStep {
  readonly step: string
  readonly occurredAt: string
  readonly [field: string]: unknown
}

/** What became of one lot. */
export interface LotHistory extends Known {
  readonly program: string
  readonly account: string
  readonly asOf: string
  readonly lot: string
  readonly earnedAt: string
  readonly expiresAt: string | null
  readonly holds: string
  readonly steps: ReadonlyArray<TimelineStep>
}

/** A page of an account's redemptions, the latest first. */
export interface Redemptions {
  readonly program: string
  readonly account: string
  readonly redemptions: ReadonlyArray<RedemptionNow>
  readonly more: boolean
  /** Where the next page begins; null where this is the last one. */
  readonly next: RedemptionPlace | null
}

/** What was redeemed, and what of it was given back. */
export interface RedeemedAndCredited {
  readonly redemption: string
  readonly type: string
  readonly processedBy: string
  readonly redeemedAt: string
  readonly points: string
  readonly credited: string
  readonly remaining: string
}

/** A redemption as it is now. */
export interface RedemptionNow extends RedeemedAndCredited {
  /** What a credit in flight holds. */
  readonly inFlight: string
  /** The credit in flight. */
  readonly credit: string | null
  readonly state: "outstanding" | "creditInFlight" | "creditUnknown" | "fullyCredited"
}

/** What became of one redemption. */
export interface RedemptionHistory extends Known, RedeemedAndCredited {
  readonly program: string
  readonly account: string
  readonly asOf: string
  readonly draws: ReadonlyArray<Draw & { readonly restored: Readonly<Record<"live" | "expired" | "extended", string>> }>
  readonly steps: ReadonlyArray<TimelineStep>
}

/** A version of a program's policy. */
export interface PolicyVersion {
  readonly program: string
  readonly version: number
  readonly scale: number
  readonly zone: string
  readonly expiredLots: string
  readonly creditWindowDays: number | null
  readonly agingBoundaries: ReadonlyArray<number>
}

/** What an import came to. */
export interface Imported {
  readonly records: number
  readonly accounts: number
  /** Records whose events were appended. */
  readonly imported: number
  /** Records that were known already. */
  readonly replayed: number
  /** Accounts of which nothing was imported. */
  readonly refusedAccounts: number
  /** The record for which each of them was refused; the first thousand. `line` counts records from 1. */
  readonly refused: ReadonlyArray<{
    readonly line: number
    readonly program: string
    readonly account: string
    readonly error: Readonly<Record<string, unknown>>
  }>
}

/** Something that is not as it must be. */
export interface Difference {
  readonly check: string
  readonly program: string | null
  readonly account: string | null
  readonly place: string
  readonly problem: string
}

/** What a verification found. */
export interface Verified {
  readonly accounts: number
  readonly events: number
  readonly postings: number
  readonly hashed: number
  /** How many differences there are; the first thousand are named. */
  readonly count: number
  readonly differences: ReadonlyArray<Difference>
}

/** One of many, as it is told. */
export const creditOfMany = (
  result: CreditResult<CreditResult["credit"] & { readonly index: number }>
): CreditOfMany => ({
  index: result.credit.index,
  creditId: result.credit.creditId,
  redemption: result.credit.redemptionId,
  status: statusOf(result),
  credited: result._tag === "Outcome" ? Json.credit(result.outcome) : null,
  error: result._tag === "Failed" ? (errorJson(result.error) as NonNullable<CreditOfMany["error"]>) : null
})
