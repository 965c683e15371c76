import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Months from "../../src/time/Months.ts"
import * as Zone from "../../src/time/Zone.ts"
import { firstOfDay } from "../support/Calendar.ts"
import { on } from "../support/Commands.ts"
import { ZONES } from "../support/History.ts"
import * as Civil from "../../src/time/Civil.ts"

const zones = fc.constantFrom(...ZONES).map((zone) => Zone.Zone.make(zone))
const instants = fc.bigInt({ min: on("2005-01-01"), max: on("2026-01-01") })

describe("Months", () => {
  it("cuts an interval into months that follow each other without a gap, each named by where it lies", () => {
    fc.assert(
      fc.property(zones, instants, fc.bigInt({ min: 1n, max: 900n * 86_400_000_000n }), (zone, from, length) => {
        const periods = Months.months(zone, from, from + length)
        expect(periods[0]?.from).toBe(from)
        expect(periods.at(-1)?.to).toBe(from + length)
        periods.forEach((period, index) => {
          expect(period.from < period.to).toBe(true)
          if (index > 0) expect(period.from).toBe(periods[index - 1]?.to)
          expect(Months.monthOf(zone, period.from)).toBe(period.name)
          expect(Months.monthOf(zone, period.to - 1n)).toBe(period.name)
          expect(Months.monthsBetween(periods[0]!.name, period.name)).toBe(index)
        })
      })
    )
  })

  it("begins a month with the first instant of its first date in the zone", () => {
    fc.assert(
      fc.property(zones, instants, (zone, instant) => {
        const name = Months.monthOf(zone, instant)
        const [year, month] = name.split("-").map(Number) as [number, number]
        expect(firstOfDay(zone, Civil.daysFromCivil(year, month, 1)) <= instant).toBe(true)
        const next = month === 12 ? Civil.daysFromCivil(year + 1, 1, 1) : Civil.daysFromCivil(year, month + 1, 1)
        expect(instant < firstOfDay(zone, next)).toBe(true)
      })
    )
  })

  it("keeps an hour that the clock shows twice in the month that it first belonged to", () => {
    // At 00:01 on 2009-11-01 clocks in Newfoundland fell back to 23:01 of the day before.
    const zone = Zone.Zone.make("America/St_Johns")
    const first = Zone.startOfDate(zone, { year: 2009, month: 11, day: 1 })
    const again = first + 30n * 60_000_000n
    expect(Zone.dateOf(zone, again)).toEqual({ year: 2009, month: 10, day: 31 })
    expect(Months.monthOf(zone, again)).toBe("2009-11")
    expect(Months.monthOf(zone, first - 1n)).toBe("2009-10")
  })

  it("has none in an empty interval", () => {
    expect(Months.months(Zone.UTC, on("2025-01-01"), on("2025-01-01"))).toEqual([])
  })
})
