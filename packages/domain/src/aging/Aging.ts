/**
 * The aging of points: how old they are, or how soon they expire, in buckets of whole calendar days.
 *
 * @see semantics, section 8
 */
import type { Policy } from "../program/Policy.ts"
import * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import * as Zone from "../time/Zone.ts"
import type { LotBalance } from "./LotBalance.ts"

/** Whether points are counted by the days since they were earned or by the days until they expire. */
export type Basis = "age" | "to-expiry"

/** One bucket; all of them are always present, in order. */
export interface Bucket {
  /** `0-30`, `31-60`, …, `over-365`, and by time to expiry `never`. */
  readonly bucket: string
  readonly points: Points.Points
  readonly lots: number
  readonly accounts: number
  readonly restored: Points.Points
}

/** The aging of some lots as of an instant. */
export interface Aging {
  readonly total: Points.Points
  readonly buckets: ReadonlyArray<Bucket>
}

/** The names of the buckets, in order. */
export const bucketNames = (boundaries: ReadonlyArray<number>, basis: Basis): ReadonlyArray<string> => {
  const names = boundaries.map((upTo, i) => `${i === 0 ? 0 : (boundaries[i - 1] as number) + 1}-${upTo}`)
  const over = `over-${boundaries[boundaries.length - 1]}`
  return basis === "age" ? [...names, over] : [...names, over, "never"]
}

/** The age of a lot, or its time to expiry, in whole calendar days of the zone; null where it never expires. */
export const days = (
  lot: Pick<LotBalance, "earnedAt" | "expiresAt">,
  at: Instant.Instant,
  basis: Basis,
  zone: Zone.Zone
): number | null => daysFrom(Zone.dayNumber(zone, at), lot, basis, zone)

const daysFrom = (
  today: number,
  { earnedAt, expiresAt }: Pick<LotBalance, "earnedAt" | "expiresAt">,
  basis: Basis,
  zone: Zone.Zone
): number | null => {
  if (basis === "age") return today - Zone.dayNumber(zone, earnedAt)
  return expiresAt === null ? null : Zone.dayNumber(zone, expiresAt) - today
}

/** Sorts lots that hold points into the policy's buckets. */
export const bucketed = (
  lots: Iterable<LotBalance>,
  at: Instant.Instant,
  basis: Basis,
  policy: Pick<Policy, "zone" | "agingBoundaries">
): Aging => {
  const boundaries = policy.agingBoundaries
  const tallies = bucketNames(boundaries, basis).map((bucket) => ({
    bucket,
    points: 0n,
    lots: 0,
    accounts: new Set<string>(),
    restored: 0n
  }))
  const today = Zone.dayNumber(policy.zone, at)
  for (const lot of lots) {
    const tally = tallies[bucketIndex(daysFrom(today, lot, basis, policy.zone), boundaries)] as (typeof tallies)[number]
    tally.points += lot.points
    tally.lots += 1
    tally.accounts.add(lot.account)
    tally.restored += lot.restored
  }
  return {
    total: Points.sum(tallies.map((tally) => tally.points)),
    buckets: tallies.map((tally) => ({ ...tally, accounts: tally.accounts.size }))
  }
}

/**
 * Which bucket a lot is in, read from the instant that its age or its time to expiry is counted from: an instant at or
 * after the nth split, and before the next one, is in the nth of these buckets; before the first in the one at 0.
 */
export interface Segments {
  /** Ascending. */
  readonly splits: ReadonlyArray<Instant.Instant>
  /** One more than splits; numbers of `bucketNames`. */
  readonly buckets: ReadonlyArray<number>
}

/** The buckets as intervals of `earnedAt`, or of `expiresAt`, so that a database can sort lots without a calendar. */
export const segments = (
  at: Instant.Instant,
  basis: Basis,
  { agingBoundaries, zone }: Pick<Policy, "zone" | "agingBoundaries">
): Segments => {
  const today = Zone.dayNumber(zone, at)
  const days = agingBoundaries.map((upTo) => (basis === "age" ? today - upTo : today + upTo + 1))
  const turns = new Set(days.flatMap((day) => Zone.turnsOfDay(zone, day)))
  const splits = Array.from(turns).sort((a, b) => (a < b ? -1 : 1))
  const bucketAt = (instant: Instant.Instant): number => {
    const distance = Zone.dayNumber(zone, instant) - today
    return bucketIndex(basis === "age" ? -distance : distance, agingBoundaries)
  }
  const before = (splits[0] as Instant.Instant) - 1n
  return { splits, buckets: [before, ...splits].map(bucketAt) }
}

const bucketIndex = (age: number | null, boundaries: ReadonlyArray<number>): number => {
  if (age === null) return boundaries.length + 1
  const index = boundaries.findIndex((upTo) => age <= upTo)
  return index === -1 ? boundaries.length : index
}
