/** What a reconciliation takes for the same: every tolerance is a rule with a name, and is written beside each match. */
import { MICROS_PER_DAY } from "../time/Instant.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import { difference, distance, type SourceRecord } from "./SourceRecord.ts"

/** Tolerances. Durations are microseconds. */
export interface Tolerances {
  /** How far apart the two clocks may be on one and the same record. */
  readonly time: bigint
  /** How late a record may come to the other side and still be the same one, if nothing else could be. */
  readonly late: bigint
  /** Points that two amounts may differ by and still be the same; zero unless a statement rounds. */
  readonly points: Points.Points
  /**
   * How long after its request a credit can still show up: the longest processing time and the longest lag of a listing
   * together. Before that, that it is not there says nothing.
   */
  readonly settled: bigint
}

const MINUTE = 60_000_000n

/** Ten minutes for clocks, thirty-five days for what comes in the next month's books, one day until absence counts. */
export const TOLERANCES: Tolerances = {
  time: 10n * MINUTE,
  late: 35n * MICROS_PER_DAY,
  points: 0n,
  settled: MICROS_PER_DAY
}

/** The period that the other side's records cover, [from, to); null where they cover everything up to now. */
export interface Window {
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** What all accounts of a reconciliation have in common. */
export interface Context {
  readonly tolerances: Tolerances
  readonly window: Window | null
  /** When the other side was looked at: what is recent is not missing yet. */
  readonly at: Instant.Instant
  /** Whether the other side tells of every redemption and credit in the window. */
  readonly complete: boolean
}

/**
 * By what two records were found to be the same, from certain to merely possible. `redemptionId`, `creditId`,
 * `reference`: both name it. `pointsAndTime`: same points, at nearly the same time. `points`: same points, later. `time`:
 * at nearly the same time, other points. Each but the first three only where nothing else could be meant.
 */
export type MatchRule = "redemptionId" | "creditId" | "reference" | "pointsAndTime" | "points" | "time"

/** A rule for credits: whether two records may be the same by it. */
export interface CreditRule {
  readonly rule: MatchRule
  /** A text that both must have for it; null where a record has none and the rule does not apply to it. */
  readonly key: (record: SourceRecord) => string | null
  readonly joins: (here: SourceRecord, there: SourceRecord, tolerances: Tolerances) => boolean
  /** Whether the rule is that both name the same: several of one name are duplicates then, and not doubtful. */
  readonly named: boolean
}

// Two records that each have a name of their own are not the same, however alike they are.
const mayBeSame = (here: SourceRecord, there: SourceRecord): boolean =>
  !(here.credit !== null && there.credit !== null && here.credit !== there.credit) &&
  !(here.reference !== null && there.reference !== null && here.reference !== there.reference)

const samePoints = (here: SourceRecord, there: SourceRecord, { points }: Tolerances): boolean =>
  difference(here, there) <= points

const any = (): string => ""

/** Rules for credits of one redemption, in the order in which they are tried: what is used by one is gone for the next. */
export const CREDIT_RULES: ReadonlyArray<CreditRule> = [
  { rule: "creditId", key: ({ credit }) => credit, joins: () => true, named: true },
  { rule: "reference", key: ({ reference }) => reference, joins: () => true, named: true },
  {
    rule: "pointsAndTime",
    key: any,
    joins: (here, there, tolerances) =>
      samePoints(here, there, tolerances) && distance(here, there) <= tolerances.time && mayBeSame(here, there),
    named: false
  },
  {
    rule: "points",
    key: any,
    joins: (here, there, tolerances) =>
      samePoints(here, there, tolerances) && distance(here, there) <= tolerances.late && mayBeSame(here, there),
    named: false
  },
  {
    rule: "time",
    key: any,
    joins: (here, there, tolerances) => distance(here, there) <= tolerances.time && mayBeSame(here, there),
    named: false
  }
]

/** Rules for credits of which the other side does not say what redemption they give back: those that need no guess. */
export const UNLINKED_RULES: ReadonlyArray<CreditRule> = CREDIT_RULES.slice(0, 3)

/** The one rule for redemptions: their id is the other side's own. */
export const REDEMPTION_RULE: CreditRule = {
  rule: "redemptionId",
  key: ({ redemption }) => redemption,
  joins: () => true,
  named: true
}

/** Whether a record of ours must be on the other side by now; at the edges of the window the clocks decide. */
export const isDue = ({ at }: SourceRecord, window: Window | null, { time }: Tolerances): boolean =>
  window === null || (at >= window.from + time && at < window.to - time)
