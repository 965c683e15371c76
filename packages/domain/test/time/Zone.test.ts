import { Option, Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Civil from "../../src/time/Civil.ts"
import * as Instant from "../../src/time/Instant.ts"
import * as Zone from "../../src/time/Zone.ts"
import { dayAt, daysLater, firstOfDay, wallAt } from "../support/Calendar.ts"
import { on } from "../support/Commands.ts"
import { ZONES } from "../support/History.ts"

const MORE_ZONES = [...ZONES, "America/Havana", "Australia/Lord_Howe", "Africa/Cairo", "America/Toronto", "Etc/UTC"]

const zone = fc.constantFrom(...MORE_ZONES).map((name) => Zone.Zone.make(name))

/** Long after the last offsets that were no whole minutes. */
const instant = fc.bigInt({ min: on("1950-01-01"), max: on("2040-01-01") })

/** Changes of the clock that are hard: at midnight, across it, by half an hour, by a whole day. */
const HARD = [
  ["America/Sao_Paulo", "2017-10-15T03:00:00Z"],
  ["America/Sao_Paulo", "2018-02-18T02:00:00Z"],
  ["America/Toronto", "1919-03-31T04:30:00Z"],
  ["America/Havana", "2024-11-03T05:00:00Z"],
  ["America/St_Johns", "2005-10-30T02:31:00Z"],
  ["America/St_Johns", "2005-04-03T03:31:00Z"],
  ["Australia/Lord_Howe", "2024-04-06T15:00:00Z"],
  ["Africa/Cairo", "2024-04-25T22:00:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ["Europe/Berlin", "2025-03-30T01:00:00Z"],
  ["Europe/Berlin", "2025-10-26T01:00:00Z"]
] as const

/** An instant anywhere, or one near a hard change, with the zone that has it. */
const anywhere = fc.oneof(
  fc.tuple(zone, instant),
  fc
    .tuple(fc.constantFrom(...HARD), fc.bigInt({ min: -50n * 3_600_000_000n, max: 50n * 3_600_000_000n }))
    .map(([[name, at], shift]) => [Zone.Zone.make(name), on(at) + shift] as const)
)

describe("Zone", () => {
  it("gives each instant the date that the wall's calendar shows", () => {
    fc.assert(
      fc.property(anywhere, ([zone, at]) => {
        const day = dayAt(zone, at)
        expect(Zone.dayNumber(zone, at)).toBe(day)
        expect(Zone.dateOf(zone, at)).toEqual(Civil.civilFromDays(day))
      })
    )
  })

  it("begins each date of UTC with its first microsecond, also where numbers are not exact any more", () => {
    const last = Number(Instant.END / Instant.MICROS_PER_DAY) - 1
    const day = fc.oneof(fc.integer({ min: -719_162, max: last }), fc.integer({ min: 104_200, max: 104_300 }))
    fc.assert(
      fc.property(day, (day) => {
        const first = BigInt(day) * Instant.MICROS_PER_DAY
        expect([first - 1n, first, first + 1n].map((at) => Zone.dayNumber(Zone.UTC, at))).toEqual([day - 1, day, day])
      })
    )
  })

  it("begins the first date of the calendar at an instant that can be written, east of Greenwich too", () => {
    const date = { year: 1, month: 1, day: 1 }
    for (const name of ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/Chicago"]) {
      const zone = Zone.Zone.make(name)
      const start = Zone.startOfDate(zone, date)
      expect(start).toBeGreaterThanOrEqual(Instant.EARLIEST)
      expect(Zone.dateOf(zone, start)).toEqual(date)
    }
  })

  it("begins each date at its first instant", () => {
    fc.assert(
      fc.property(anywhere, ([zone, at]) => {
        const day = dayAt(zone, at)
        const start = Zone.startOfDate(zone, Civil.civilFromDays(day))
        expect(dayAt(zone, start)).toBeGreaterThanOrEqual(day)
        expect(dayAt(zone, start - 1n)).toBeLessThan(day)
        expect(start).toBe(firstOfDay(zone, day))
      })
    )
  })

  it("adds calendar days at the same time of day, after a gap where the clock skips it", () => {
    fc.assert(
      fc.property(anywhere, fc.integer({ min: 1, max: 400 }), ([zone, at], days) => {
        expect(Zone.addDays(zone, at, days)).toBe(daysLater(zone, at, days))
      })
    )
  })

  it("adds a day to any instant near a hard change, and lands on the next date at the same time or after a gap", () => {
    fc.assert(
      fc.property(anywhere, ([zone, at]) => {
        const next = Zone.addDays(zone, at, 1)
        expect(next).toBeGreaterThan(at)
        const shown = wallAt(zone, next) - wallAt(zone, at)
        expect(shown).toBeGreaterThanOrEqual(Instant.MICROS_PER_DAY)
        expect(shown).toBeLessThanOrEqual(2n * Instant.MICROS_PER_DAY)
      })
    )
  })

  it.each([
    ["America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00.000Z"],
    ["America/Toronto", "1919-03-31", "1919-03-31T04:30:00.000Z"],
    ["Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z"],
    ["America/Havana", "2024-11-03", "2024-11-03T04:00:00.000Z"],
    ["Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00.000Z"],
    ["UTC", "2025-03-30", "2025-03-30T00:00:00.000Z"]
  ])("in %s, %s begins at %s", (zone, date, start) => {
    const read = Zone.instantFromString(Zone.Zone.make(zone), date)
    expect(Option.map(read, Instant.toString)).toEqual(Option.some(start))
  })

  it("reads instants as they are, dates in the zone, and refuses the rest", () => {
    const berlin = Zone.Zone.make("Europe/Berlin")
    expect(Zone.instantFromString(berlin, "2025-01-01T00:00:00Z")).toEqual(Option.some(on("2025-01-01")))
    expect(Zone.instantFromString(berlin, "2025-01-01")).toEqual(Option.some(on("2024-12-31T23:00:00Z")))
    for (const text of ["2025-02-29", "0000-01-01", "2025-1-1", "2025-01-01T00:00:00", "tomorrow", ""]) {
      expect(Zone.instantFromString(berlin, text)).toEqual(Option.none())
    }
  })

  it.each(["", "local", "nowhere", "Europe/Berlin ", "+01:00", "-08:00", "GMT+1"])("is not named %j", (name) => {
    expect(Result.isFailure(Schema.decodeUnknownResult(Zone.Zone)(name))).toBe(true)
    expect(() => Zone.Zone.make(name)).toThrow()
  })

  it.each(MORE_ZONES)("may be named %s", (name) => {
    expect(Schema.decodeUnknownSync(Zone.Zone)(name)).toBe(name)
  })
})
