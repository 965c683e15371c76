/**
 * How the points outstanding of a program came from one balance to the next, by period and by the month in which they
 * were earned. It closes exactly (law L5):
 *
 * closing = opening + earned + adjusted − redeemed + creditedLive + creditedExpired − expiredByTime − expiredOnReversal
 *
 * The opening of a period is what is live just before its first instant, the closing just before its end. A lot that
 * still holds points at its `expiresAt` expires in the period that contains that instant, swept or not.
 *
 * @see semantics, section 8
 */
import { compare } from "../identity/Ids.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import type { Period } from "../time/Months.ts"
import * as Months from "../time/Months.ts"
import type * as Zone from "../time/Zone.ts"
import type { Column, Entry } from "./Entry.ts"
import { COLUMNS, nothing, SIGN } from "./Entry.ts"

/** One row: all magnitudes are positive except `adjusted`. */
export interface Row extends Readonly<Record<Column, Points.Points>> {
  /** `YYYY-MM`. */
  readonly period: string
  /** The month in which the points were earned, `YYYY-MM`; null in the total row of a period. */
  readonly cohort: string | null
  readonly opening: Points.Points
  readonly closing: Points.Points
}

/**
 * Points of one cohort: live before the first period, or moved in a column of one period.
 */
export interface Cell {
  readonly cohort: string
  /** The number of the period, from 0; of what was live before the first one null. */
  readonly period: number | null
  readonly column: Column | "opening"
  readonly points: Points.Points
}

/** What the lines of accounts come to, cell by cell; lines after the last period count in none. */
export const cells = (
  entries: Iterable<Entry>,
  periods: ReadonlyArray<Period>,
  zone: Zone.Zone
): ReadonlyArray<Cell> => {
  const first = periods[0]
  if (first === undefined) return []
  const found: Array<Cell> = []
  for (const { at, column, earnedAt, points } of entries) {
    const cohort = Months.monthOf(zone, earnedAt)
    if (at < first.from) {
      found.push({ cohort, period: null, column: "opening", points: SIGN[column] * points })
      continue
    }
    const period = periods.findIndex(({ to }) => at < to)
    if (period >= 0) found.push({ cohort, period, column, points })
  }
  return found
}

/**
 * Adds cells up to rows: of each period the cohorts in order, where they are asked for and not all zero, then its total.
 */
export const assemble = (
  found: Iterable<Cell>,
  periods: ReadonlyArray<Period>,
  withCohorts: boolean
): ReadonlyArray<Row> => {
  const rows = new Map<string, Array<Mutable>>()
  for (const { cohort, column, period, points } of found) {
    const ofCohort = rows.get(cohort) ?? periods.map(({ name }) => emptyRow(name, cohort))
    rows.set(cohort, ofCohort)
    const row = ofCohort[period ?? 0] as Mutable
    row[column] += points
  }
  const cohorts = Array.from(rows.keys()).sort(compare)
  const totals = periods.map(({ name }) => emptyRow(name, null))
  for (const ofCohort of rows.values()) {
    carryForward(ofCohort)
    ofCohort.forEach((row, period) => addTo(totals[period] as Mutable, row))
  }
  return periods.flatMap((_, period) => [
    ...(withCohorts
      ? cohorts.map((cohort) => rows.get(cohort)?.[period] as Mutable).filter((row) => !isZero(row))
      : []),
    totals[period] as Mutable
  ])
}

/** The roll-forward of some accounts' lines. */
export const rollForward = (
  entries: Iterable<Entry>,
  periods: ReadonlyArray<Period>,
  zone: Zone.Zone,
  withCohorts: boolean
): ReadonlyArray<Row> => assemble(cells(entries, periods, zone), periods, withCohorts)

/** The lines of one cell: what moved in a column and a period, in order of time, then by account and lot. */
export const entriesOf = (entries: Iterable<Entry>, period: Period, column: Column): ReadonlyArray<Entry> =>
  Array.from(entries)
    .filter((entry) => entry.column === column && isWithin(period, entry.at))
    .sort(compareEntries)

/** What a row comes to from its opening. */
export const closingOf = (row: Omit<Row, "closing">): Points.Points =>
  COLUMNS.reduce((closing, column) => closing + SIGN[column] * row[column], row.opening)

const isWithin = ({ from, to }: Pick<Period, "from" | "to">, at: Instant.Instant): boolean => from <= at && at < to

/** Lines in order of time, then by account and lot, then by event; what no sweep has booked stands last. */
export const compareEntries = (a: Entry, b: Entry): number => {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  return compare(a.account, b.account) || compare(a.lotId, b.lotId) || compareEvents(a, b)
}

const compareEvents = ({ event: a }: Entry, { event: b }: Entry): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  if (a.recordedAt !== b.recordedAt) return a.recordedAt < b.recordedAt ? -1 : 1
  return compare(a.eventId, b.eventId)
}

type Mutable = { -readonly [Key in keyof Row]: Row[Key] }

const emptyRow = (period: string, cohort: string | null): Mutable => ({
  period,
  cohort,
  opening: 0n,
  ...nothing(),
  closing: 0n
})

const carryForward = (rows: ReadonlyArray<Mutable>): void => {
  let { opening } = rows[0] as Mutable
  for (const row of rows) {
    row.opening = opening
    row.closing = closingOf(row)
    opening = row.closing
  }
}

const addTo = (total: Mutable, row: Row): void => {
  for (const column of COLUMNS) total[column] += row[column]
  total.opening += row.opening
  total.closing += row.closing
}

const isZero = (row: Row): boolean => row.opening === 0n && COLUMNS.every((column) => row[column] === 0n)
