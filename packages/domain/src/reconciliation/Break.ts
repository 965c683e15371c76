/**
 * A break: something that two sources do not agree on, with what each of them says.
 *
 * @see semantics, section 9
 */
import { compare } from "../identity/Ids.ts"
import type * as Instant from "../time/Instant.ts"
import type * as Points from "../points/Points.ts"
import { order, type SourceRecord } from "./SourceRecord.ts"

/** Every type of break. */
export const BREAK_TYPES = [
  "missingHere",
  "missingThere",
  "amountMismatch",
  "remainingMismatch",
  "duplicateHere",
  "duplicateThere",
  "stateMismatch",
  "unknownOutcome",
  "overCredited",
  "ambiguous",
  "late",
  "agingMismatch"
] as const
/** How two records, or a record and its absence, differ. */
export type BreakType = (typeof BREAK_TYPES)[number]

/**
 * What would mend a break. `confirm`: our credit of unknown outcome happened. `record`: a credit that exists there is
 * recorded here. `release`: our credit certainly never happened, and what it holds is free. `wait`: it is too early to
 * tell. `none`: nothing is wrong that could be mended. `person`: somebody must find out.
 */
export const REMEDIES = ["confirm", "record", "release", "wait", "none", "person"] as const
/** What would mend a break; see `REMEDIES`. */
export type Remedy = (typeof REMEDIES)[number]

/** One break. */
export interface Break {
  /**
   * What the break is about, as text: the same over all runs that find it. The program is for whoever stores it to add;
   * it has what the account was called by in it, so store a digest.
   */
  readonly identity: string
  readonly type: BreakType
  readonly account: string
  /** Null of a break of a whole account, and of a credit that names no redemption. */
  readonly redemption: string | null
  readonly credit: string | null
  /** The points in question. */
  readonly points: Points.Points | null
  readonly here: ReadonlyArray<SourceRecord>
  readonly there: ReadonlyArray<SourceRecord>
  /** When what it is about happened; its age counts from there. */
  readonly since: Instant.Instant
  readonly remedy: Remedy
  /** One sentence for a person. */
  readonly reason: string
}

/** What is said of a break; the rest follows. */
export interface Finding {
  readonly account: string
  readonly redemption?: string | null
  readonly points: Points.Points | null
  readonly here?: ReadonlyArray<SourceRecord>
  readonly there?: ReadonlyArray<SourceRecord>
  readonly remedy: Remedy
  readonly reason: string
  /** Whether it is about the redemption, or the account, as a whole, whatever records show it. */
  readonly whole?: boolean
  /** When it happened, where there is no record that says it. */
  readonly since?: Instant.Instant
}

/** Makes a break. Its identity is its type and what it is about: our names of the records, else the other side's. */
export const make = (type: BreakType, finding: Finding): Break => {
  const here = (finding.here ?? []).toSorted(order)
  const there = (finding.there ?? []).toSorted(order)
  const records = [...here, ...there]
  const redemption = finding.redemption ?? records.find((record) => record.redemption !== null)?.redemption ?? null
  const credit = records.find((record) => record.credit !== null)?.credit ?? null
  const since = finding.since ?? earliest(records)
  const subjects = finding.whole === true ? [] : subjectsOf(type, here, there)
  const subject = [type, finding.account, redemption ?? "", ...subjects]
  return {
    identity: JSON.stringify(subject),
    type,
    account: finding.account,
    redemption,
    credit,
    points: finding.points,
    here,
    there,
    since,
    remedy: finding.remedy,
    reason: finding.reason
  }
}

/** Types whose records may have one name on one side and several on the other: only all names tell them apart. */
const BY_ALL_NAMES: ReadonlySet<BreakType> = new Set(["ambiguous", "duplicateHere", "duplicateThere"])

const subjectsOf = (
  type: BreakType,
  here: ReadonlyArray<SourceRecord>,
  there: ReadonlyArray<SourceRecord>
): ReadonlyArray<string> => {
  const records = BY_ALL_NAMES.has(type) || here.length === 0 ? [...here, ...there] : here
  return records.map(BY_ALL_NAMES.has(type) ? fullNameOf : nameOf).toSorted(compare)
}

const nameOf = ({ credit, kind, reference }: SourceRecord): string =>
  kind === "redemption" ? "redemption" : credit === null ? `there:${reference ?? ""}` : `here:${credit}`

const fullNameOf = (record: SourceRecord): string => `${nameOf(record)} ${record.reference ?? ""}`

const earliest = (records: ReadonlyArray<SourceRecord>): Instant.Instant =>
  records.reduce((at, record) => (record.at < at ? record.at : at), records[0]?.at ?? 0n)

/** Orders breaks, the same in every run. */
export const compareBreaks = (a: Break, b: Break): number =>
  compare(a.account, b.account) || compare(a.identity, b.identity)
