/**
 * A program's time zone: turns calendar dates into instants and back.
 *
 * @see semantics, sections 5 and 8: intervals are half-open, ages are whole calendar days in the program's zone.
 */
import { DateTime, Option, Schema } from "effect"
import * as Civil from "./Civil.ts"
import * as Instant from "./Instant.ts"

// An offset such as "+01:00" passes for a zone in JavaScript, while PostgreSQL reads the same text with the other sign.
const isNamed = (text: string): boolean => /^[A-Za-z]/.test(text) && Option.isSome(DateTime.zoneMakeNamed(text))

/** The name of an IANA time zone, such as `UTC` or `America/Chicago`. */
export const Zone = Schema.String.check(
  Schema.makeFilter(isNamed, { message: "an IANA time zone such as Europe/Berlin is expected" })
).pipe(Schema.brand("Zone"))
export type Zone = typeof Zone.Type

/** Coordinated Universal Time, the zone of a program that sets none. */
export const UTC: Zone = Zone.make("UTC")

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

/** Reads `YYYY-MM-DD`. None where the text has another form or the calendar has no such date. */
export const dateFromString = (text: string): Option.Option<Civil.Civil> => {
  const match = DATE.exec(text)
  if (match === null) return Option.none()
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return year >= 1 && Civil.isDate(year, month, day) ? Option.some({ year, month, day }) : Option.none()
}

/**
 * The first instant of a date in the zone; after a gap at midnight the first one that exists. East of Greenwich the
 * first date of the calendar begins before anything that can be written: there it is the first instant that can be.
 */
export const startOfDate = (zone: Zone, date: Civil.Civil): Instant.Instant => {
  if (zone === "UTC") return BigInt(Civil.daysFromCivil(date.year, date.month, date.day)) * Instant.MICROS_PER_DAY
  const first = midnight(zone, date, "compatible")
  const start = isMidnight(first) ? Instant.fromEpochMillis(first.epochMilliseconds) : endOfGap(zone, date)
  return start < Instant.EARLIEST ? Instant.EARLIEST : start
}

const midnight = (zone: Zone, date: Civil.Civil, disambiguation: DateTime.Disambiguation): DateTime.Zoned =>
  DateTime.makeZonedUnsafe(date, {
    timeZone: DateTime.zoneMakeNamedUnsafe(zone),
    adjustForTimeZone: true,
    disambiguation
  })

const isMidnight = (zoned: DateTime.Zoned): boolean => {
  const { hour, minute, second } = DateTime.toParts(zoned)
  return hour === 0 && minute === 0 && second === 0
}

// Clocks that skip midnight do not always go on from there: in 1919 Toronto's went from 23:30 to 00:30.
const endOfGap = (zone: Zone, date: Civil.Civil): Instant.Instant => {
  const day = Civil.daysFromCivil(date.year, date.month, date.day)
  let before = midnight(zone, date, "earlier").epochMilliseconds
  let after = midnight(zone, date, "later").epochMilliseconds
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (dayNumber(zone, Instant.fromEpochMillis(middle)) < day) before = middle
    else after = middle
  }
  return Instant.fromEpochMillis(after)
}

/** The date that an instant falls on in the zone. */
export const dateOf = (zone: Zone, instant: Instant.Instant): Civil.Civil => {
  if (zone === "UTC") return Civil.civilFromDays(dayNumber(zone, instant))
  const { day, month, year } = DateTime.toParts(inZone(zone, instant))
  return { year, month, day }
}

const DAY = Number(Instant.MICROS_PER_DAY)

// A thousand lots are asked for their day at once, and numbers divide ten times as fast. They do so exactly up to the year
// 2255: a quotient there is at most 104,249, and lies at least 1.1e-11 below the next whole one, which is more than it is
// rounded by.
const dayInUtc = (instant: Instant.Instant): number => {
  const micros = Number(instant)
  return Number.isSafeInteger(micros)
    ? Math.floor(micros / DAY)
    : Number(Instant.floorDivide(instant, Instant.MICROS_PER_DAY))
}

/** The number of the date that an instant falls on; the difference of two is an age in whole calendar days. */
export const dayNumber = (zone: Zone, instant: Instant.Instant): number => {
  if (zone === "UTC") return dayInUtc(instant)
  const { day, month, year } = DateTime.toParts(inZone(zone, instant))
  return Civil.daysFromCivil(year, month, day)
}

/** Clocks are put back by three hours at most, and by quarters of an hour. */
const LOOK_BACKS = 12
const QUARTER = 15n * 60_000_000n

/**
 * The instants between which a date's number stands below `day` and from `day` on, in turn, below it first. There is one
 * but where clocks are put back across midnight: they show the day before a second time.
 */
export const turnsOfDay = (zone: Zone, day: number): ReadonlyArray<Instant.Instant> => {
  const date = Civil.civilFromDays(day)
  if (date.year < 1) return [Instant.EARLIEST]
  if (date.year > 9999) return [Instant.END]
  const turns = [startOfDate(zone, date)]
  if (zone === "UTC") return turns
  for (let back = 0, at = turns[0] as Instant.Instant; back < LOOK_BACKS; back++, at += QUARTER) {
    const reached = turns.length % 2 === 1
    if (dayNumber(zone, at + QUARTER) >= day !== reached) turns.push(turnWithin(zone, day, at, at + QUARTER))
  }
  return turns
}

// Clocks change at whole seconds, which dates are asked for in milliseconds.
const turnWithin = (zone: Zone, day: number, from: Instant.Instant, to: Instant.Instant): Instant.Instant => {
  const reached = dayNumber(zone, to) >= day
  let [before, after] = [Instant.toEpochMillis(from), Instant.toEpochMillis(to)]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (dayNumber(zone, Instant.fromEpochMillis(middle)) >= day === reached) after = middle
    else before = middle
  }
  return Instant.fromEpochMillis(after)
}

/** The instant `days` calendar days later at the same time of day in the zone. */
export const addDays = (zone: Zone, instant: Instant.Instant, days: number): Instant.Instant => {
  if (zone === "UTC") return instant + BigInt(days) * Instant.MICROS_PER_DAY
  const millis = Instant.toEpochMillis(instant)
  const micros = instant - Instant.fromEpochMillis(millis)
  return Instant.fromEpochMillis(DateTime.add(inZone(zone, instant), { days }).epochMilliseconds) + micros
}

/**
 * Reads an instant with a zone, or a calendar date, which means the first instant of that date in the program's zone.
 */
export const instantFromString = (zone: Zone, text: string): Option.Option<Instant.Instant> =>
  Option.orElse(Instant.fromString(text), () => Option.map(dateFromString(text), (date) => startOfDate(zone, date)))

const inZone = (zone: Zone, instant: Instant.Instant): DateTime.Zoned =>
  DateTime.makeZonedUnsafe(Instant.toEpochMillis(instant), { timeZone: DateTime.zoneMakeNamedUnsafe(zone) })
