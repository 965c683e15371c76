/**
 * Calendar months of a zone as half-open intervals of instants.
 *
 * @see semantics, section 8: a period is [from, to)
 */
import * as Civil from "./Civil.ts"
import * as Instant from "./Instant.ts"
import * as Zone from "./Zone.ts"

/** A period of a report: the instants from `from` on that are before `to`. */
export interface Period {
  /** `YYYY-MM`. */
  readonly name: string
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** A month by its number: months since the year 0. */
type MonthNumber = number

const numberOf = ({ month, year }: Pick<Civil.Civil, "year" | "month">): MonthNumber => year * 12 + month - 1

const yearOf = (number: MonthNumber): number => Math.floor(number / 12)

const nameOf = (number: MonthNumber): string =>
  Civil.toString({ year: yearOf(number), month: (number % 12) + 1, day: 1 }).slice(0, "YYYY-MM".length)

const startOf = (zone: Zone.Zone, number: MonthNumber): Instant.Instant =>
  yearOf(number) > LAST_YEAR
    ? Instant.END
    : Zone.startOfDate(zone, { year: yearOf(number), month: (number % 12) + 1, day: 1 })

const LAST_YEAR = 9999

// Clocks that are put back across midnight show the last day of a month again after the first of the next.
const numberAt = (zone: Zone.Zone, instant: Instant.Instant): MonthNumber => {
  const number = numberOf(Zone.dateOf(zone, instant))
  return instant >= startOf(zone, number + 1) ? number + 1 : number
}

/** The name of the month that an instant lies in. */
export const monthOf = (zone: Zone.Zone, instant: Instant.Instant): string => nameOf(numberAt(zone, instant))

/** Reads `YYYY-MM` as the number of months that a later month stands after an earlier one. */
export const monthsBetween = (earlier: string, later: string): number => numberOfName(later) - numberOfName(earlier)

const numberOfName = (name: string): MonthNumber => Number(name.slice(0, 4)) * 12 + Number(name.slice(5)) - 1

/**
 * The months that [from, to) touches, in order; the first and the last are cut where the interval begins or ends within
 * them. None where it is empty.
 */
export const months = (zone: Zone.Zone, from: Instant.Instant, to: Instant.Instant): ReadonlyArray<Period> => {
  const periods: Array<Period> = []
  if (from >= to) return periods
  let start = from
  for (let number = numberAt(zone, from); start < to; number++) {
    const next = startOf(zone, number + 1)
    const end = next < to ? next : to
    periods.push({ name: nameOf(number), from: start, to: end })
    start = end
  }
  return periods
}
