/**
 * What expires when: the live points as of an instant, by the date on which they expire.
 *
 * @see semantics, section 8
 */
import * as Points from "../points/Points.ts"
import * as Civil from "../time/Civil.ts"
import type * as Instant from "../time/Instant.ts"
import * as Zone from "../time/Zone.ts"

/** Live points that expire at one instant, or never. */
export interface Expiring {
  readonly expiresAt: Instant.Instant | null
  readonly points: Points.Points
  readonly lots: number
  /** How much of it credits put back. */
  readonly restored: Points.Points
}

/** Live points that expire on one date. */
export interface ScheduleRow extends Omit<Expiring, "expiresAt"> {
  /** `YYYY-MM-DD` in the program's zone; null for points that never expire, which stand last. */
  readonly date: string | null
}

/** Which points expire when: one row for each date of the zone, those that never expire last. */
export interface Schedule {
  readonly total: Points.Points
  readonly rows: ReadonlyArray<ScheduleRow>
}

/** Adds up what expires on the same date of the zone. */
export const schedule = (expiring: Iterable<Expiring>, zone: Zone.Zone): Schedule => {
  const rows = new Map<string | null, ScheduleRow>()
  for (const { expiresAt, lots, points, restored } of expiring) {
    const date = expiresAt === null ? null : Civil.toString(Zone.dateOf(zone, expiresAt))
    const before = rows.get(date) ?? { date, points: 0n, lots: 0, restored: 0n }
    rows.set(date, {
      date,
      points: before.points + points,
      lots: before.lots + lots,
      restored: before.restored + restored
    })
  }
  return {
    total: Points.sum(Array.from(rows.values(), ({ points }) => points)),
    rows: Array.from(rows.values()).sort(compareDates)
  }
}

const compareDates = ({ date: a }: ScheduleRow, { date: b }: ScheduleRow): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return a < b ? -1 : 1
}
