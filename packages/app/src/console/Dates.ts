/** Calendar dates in a program's zone, as `2026-01-31`. */

const MILLIS_PER_DAY = 86_400_000

/** The date of an instant in the zone. */
export const dateIn = (zone: string, iso: string): string => {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone: zone,
    calendar: "iso8601",
    year: "numeric",
    month: "2-digit",
    day: "2-digit"
  }).formatToParts(new Date(iso))
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ""
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`
}

/** Whole days from one date to another. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / MILLIS_PER_DAY)

/** The first of the month that is so many months before a date. */
export const monthsBefore = (date: string, months: number): string => {
  const at = new Date(`${date.slice(0, "YYYY-MM".length)}-01T00:00Z`)
  at.setUTCMonth(at.getUTCMonth() - months)
  return at.toISOString().slice(0, "YYYY-MM-DD".length)
}

/** A day in UTC, for a field that nobody has filled in. */
export const today = (): string => new Date().toISOString().slice(0, "YYYY-MM-DD".length)

/** The value of a field for date and time, which is asked for in UTC, as an instant. */
export const instantOf = (field: string | undefined): string | undefined =>
  field === undefined || field === "" ? undefined : `${field}Z`
