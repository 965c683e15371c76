/** Calendars by brute force over `Intl`, to hold the domain's own arithmetic against. */
import { MICROS_PER_DAY } from "../../src/time/Instant.ts"

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-US-u-ca-iso8601", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit"
  })
  formats.set(zone, format)
  return format
}

/** Microseconds since the epoch as instants count them; the clock on the wall is counted the same way. */
const MICROS_PER_SECOND = 1_000_000n

const floorTo = (value: bigint, unit: bigint): bigint => value - (((value % unit) + unit) % unit)

/** What the clock on the wall shows at an instant, counted as if the wall were in UTC. */
export const wallAt = (zone: string, instant: bigint): bigint => {
  const seconds = floorTo(instant, MICROS_PER_SECOND)
  const parts = formatOf(zone).formatToParts(Number(seconds / 1000n))
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value)
  const wall = new Date(0)
  wall.setUTCFullYear(of("year"), of("month") - 1, of("day"))
  wall.setUTCHours(of("hour"), of("minute"), of("second"))
  return BigInt(wall.getTime()) * 1000n + (instant - seconds)
}

/** The number of the date that an instant falls on. */
export const dayAt = (zone: string, instant: bigint): number =>
  Number(floorTo(wallAt(zone, instant), MICROS_PER_DAY) / MICROS_PER_DAY)

/** The first instant of the wall's clock showing a time; where it skips that time, as much later as it skips. */
export const instantOfWall = (zone: string, wall: bigint): bigint => {
  const offsets = [-2n, -1n, 1n, 2n].map((days) => {
    const near = wall + days * MICROS_PER_DAY
    return wallAt(zone, near) - near
  })
  const candidates = offsets.map((offset) => wall - offset).sort((a, b) => (a < b ? -1 : 1))
  return candidates.find((candidate) => wallAt(zone, candidate) === wall) ?? wall - (offsets[0] as bigint)
}

/** The same time of day some calendar days later. */
export const daysLater = (zone: string, instant: bigint, days: number): bigint =>
  instantOfWall(zone, wallAt(zone, instant) + BigInt(days) * MICROS_PER_DAY)

const MICROS_PER_MINUTE = 60n * MICROS_PER_SECOND

/** Longer than clocks are put back. */
const MINUTES_PUT_BACK = 180n

/** The first instant at which the wall's calendar shows a date or a later one. */
export const firstOfDay = (zone: string, day: number): bigint => {
  const middle = BigInt(day) * MICROS_PER_DAY
  let before = middle - 2n * MICROS_PER_DAY
  let after = middle + 2n * MICROS_PER_DAY
  while (after - before > MICROS_PER_SECOND) {
    const half = floorTo((before + after) / 2n, MICROS_PER_SECOND)
    if (dayAt(zone, half) < day) before = half
    else after = half
  }
  // Clocks that are put back across midnight show the date twice; bisection may have found the second time.
  for (let minutes = MINUTES_PUT_BACK; minutes > 0n; minutes--) {
    const earlier = after - minutes * MICROS_PER_MINUTE
    if (dayAt(zone, earlier) >= day) return earlier
  }
  return after
}
