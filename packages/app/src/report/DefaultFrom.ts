/** Where the months of a report page begin unless something is said. */
import { Instant, Series, Zone } from "@pointback/domain"

/** Months before the present one that are shown. */
const DEFAULT_MONTHS = 12

/** The first instant of the month a year before. */
export const defaultFrom = (zone: Zone.Zone, asOf: Instant.Instant): Instant.Instant => {
  const { month, year } = Series.monthsAfter({ ...Zone.dateOf(zone, asOf), day: 1 }, -DEFAULT_MONTHS)
  return year < 1 ? Instant.EARLIEST : Zone.startOfDate(zone, { year, month, day: 1 })
}
