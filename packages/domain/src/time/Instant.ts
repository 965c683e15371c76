/**
 * Instants with microseconds: what PostgreSQL keeps and what a host's own events carry. A number of milliseconds would
 * cut them, and a number of microseconds is not exact for expiries like the year 9999; hence a bigint.
 */
import { Effect, Option, Result, Schema, SchemaGetter, SchemaIssue } from "effect"
import * as Civil from "./Civil.ts"

/** Microseconds since 1970-01-01T00:00:00Z, from the year 1 to the year 9999. */
export type Instant = bigint

/** Microseconds in a millisecond. */
export const MICROS_PER_MILLI = 1000n

/** Microseconds in a day of 24 hours. */
export const MICROS_PER_DAY = 86_400_000_000n

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})0*)?)?(Z|[+-]\d\d(?::?\d\d)?)$/

/** The first instant that can be written: 0001-01-01T00:00:00Z. */
export const EARLIEST: Instant = BigInt(Civil.daysFromCivil(1, 1, 1)) * MICROS_PER_DAY

/** The first instant that can no longer be written: the year 10000. */
export const END: Instant = BigInt(Civil.daysFromCivil(10_000, 1, 1)) * MICROS_PER_DAY

const offsetMinutes = (zone: string): number | undefined => {
  if (zone === "Z") return 0
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0")
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 18 || minutes > 59) return undefined
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes)
}

/**
 * Reads an ISO 8601 instant with a zone: `2026-01-20T09:30:00Z`, `2026-01-20T09:30+01:00`, up to six fractional
 * digits. A blank in place of the `T` is read too, as PostgreSQL writes it. None where the text is no instant, the
 * date does not exist, or the zone is missing.
 */
export const fromString = (text: string): Option.Option<Instant> => {
  const match = ISO.exec(text)
  if (match === null) return Option.none()
  const part = (index: number): number => Number(match[index] ?? "0")
  const minutes = offsetMinutes(match[8] as string)
  if (minutes === undefined || part(4) > 23 || part(5) > 59 || part(6) > 59) return Option.none()
  if (!Civil.isDate(part(1), part(2), part(3))) return Option.none()
  const days = Civil.daysFromCivil(part(1), part(2), part(3))
  const seconds = days * 86_400 + part(4) * 3600 + (part(5) - minutes) * 60 + part(6)
  const instant = BigInt(seconds) * 1_000_000n + BigInt((match[7] ?? "").padEnd(6, "0"))
  return instant < EARLIEST || instant >= END ? Option.none() : Option.some(instant)
}

/** Reads an instant that is known to be well-formed, as the database writes it; anything else is a bug and throws. */
export const fromStringUnsafe = (text: string): Instant =>
  Option.getOrThrowWith(fromString(text), () => new Error(`not an instant: ${text}`))

const pad = (value: number, width: number): string => value.toString().padStart(width, "0")

const twoDigits: ReadonlyArray<string> = Array.from({ length: 60 }, (_, value) => pad(value, 2))

/** Writes an instant in UTC: `2026-01-20T09:30:00.000Z`, with six fractional digits where three do not suffice. */
export const toString = (instant: Instant): string => {
  const days = floorDivide(instant, MICROS_PER_DAY)
  // What is left of a day is exact as a number, which is many times as fast as a bigint.
  const micros = Number(instant - days * MICROS_PER_DAY)
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = micros % 1_000_000
  const fractionText = fraction === 0 ? "000" : fraction % 1000 === 0 ? pad(fraction / 1000, 3) : pad(fraction, 6)
  const hour = twoDigits[Math.floor(seconds / 3600)] as string
  const minute = twoDigits[Math.floor(seconds / 60) % 60] as string
  return `${dateText(Number(days))}T${hour}:${minute}:${twoDigits[seconds % 60] as string}.${fractionText}Z`
}

/** Days whose texts are remembered: eleven years, more than most histories have. */
const REMEMBERED_DAYS = 4096

const dateTexts = new Map<number, string>()

// The same few days are written again and again; what is remembered changes nothing but the time it takes.
const dateText = (days: number): string => {
  const known = dateTexts.get(days)
  if (known !== undefined) return known
  if (dateTexts.size === REMEMBERED_DAYS) dateTexts.clear()
  const text = Civil.toString(Civil.civilFromDays(days))
  dateTexts.set(days, text)
  return text
}

/** Division that rounds towards minus infinity, as calendars need it before 1970. */
export const floorDivide = (a: bigint, b: bigint): bigint => {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

/** An instant from milliseconds since the epoch, as clocks give it. */
export const fromEpochMillis = (millis: number): Instant => BigInt(Math.trunc(millis)) * MICROS_PER_MILLI

/** Milliseconds since the epoch, rounded down. */
export const toEpochMillis = (instant: Instant): number => Number(floorDivide(instant, MICROS_PER_MILLI))

/** An instant as ISO 8601 text outside and a bigint of microseconds inside. */
export const Instant = Schema.String.pipe(
  Schema.decodeTo(Schema.BigInt, {
    decode: SchemaGetter.transformEffect((text: string, options) =>
      Option.match(fromString(text), {
        onSome: (instant) => Effect.succeed(instant),
        onNone: () => Effect.fail(new SchemaIssue.InvalidValue({ message: EXPECTED }, text, options))
      })
    ),
    encode: SchemaGetter.transform(toString)
  })
)

/** What a person is told who wrote something else. */
export const EXPECTED = "an ISO 8601 instant with a zone is expected, such as 2026-01-20T09:30:00Z"

/** Fails unless the instant can be written. */
export const inRange = (instant: Instant): Result.Result<Instant, "outOfRange"> =>
  instant < EARLIEST || instant >= END ? Result.fail("outOfRange") : Result.succeed(instant)
