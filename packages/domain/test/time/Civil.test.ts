import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Civil from "../../src/time/Civil.ts"

const MILLIS_PER_DAY = 86_400_000

/** From before the year 1 to after the year 9999. */
const day = fc.integer({ min: -730_000, max: 2_950_000 })

describe("Civil", () => {
  it("counts days as Date does", () => {
    fc.assert(
      fc.property(day, (days) => {
        const date = new Date(days * MILLIS_PER_DAY)
        const civil = Civil.civilFromDays(days)
        expect(civil).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate()
        })
        expect(Civil.daysFromCivil(civil.year, civil.month, civil.day)).toBe(days)
        expect(Civil.isDate(civil.year, civil.month, civil.day)).toBe(true)
      })
    )
  })

  it("knows which dates there are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), fc.nat({ max: 14 }), fc.nat({ max: 33 }), (year, month, day) => {
        const date = new Date(0)
        date.setUTCFullYear(year, month - 1, day)
        const exists = date.getUTCMonth() + 1 === month && date.getUTCDate() === day && date.getUTCFullYear() === year
        expect(Civil.isDate(year, month, day)).toBe(exists)
      })
    )
  })

  it("writes four digits of the year and two of the rest", () => {
    expect(Civil.toString({ year: 7, month: 3, day: 9 })).toBe("0007-03-09")
    expect(Civil.toString({ year: 2026, month: 12, day: 31 })).toBe("2026-12-31")
  })
})
