import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Schedule from "../../src/aging/Schedule.ts"
import * as Zone from "../../src/time/Zone.ts"
import { dayAt } from "../support/Calendar.ts"
import { on, pts } from "../support/Commands.ts"
import { ZONES } from "../support/History.ts"
import { sum } from "../support/Model.ts"
import * as Civil from "../../src/time/Civil.ts"

const expiring = fc.record({
  expiresAt: fc.option(fc.bigInt({ min: on("2024-01-01"), max: on("2024-02-01") })),
  points: fc.bigInt({ min: 1n, max: 10n ** 12n }),
  lots: fc.nat({ max: 9 }),
  restored: fc.bigInt({ min: 0n, max: 9n })
})

describe("Schedule", () => {
  it("adds up by date of the zone, in order, and never last", () => {
    fc.assert(
      fc.property(fc.array(expiring), fc.constantFrom(...ZONES), (all, name) => {
        const zone = Zone.Zone.make(name)
        const { rows, total } = Schedule.schedule(all, zone)
        expect(total).toBe(sum(all.map(({ points }) => points)))
        for (const row of rows) {
          const same = all.filter(({ expiresAt }) =>
            expiresAt === null
              ? row.date === null
              : Civil.toString(Civil.civilFromDays(dayAt(zone, expiresAt))) === row.date
          )
          expect(row.points).toBe(sum(same.map(({ points }) => points)))
          expect(row.restored).toBe(sum(same.map(({ restored }) => restored)))
          expect(row.lots).toBe(same.reduce((lots, one) => lots + one.lots, 0))
        }
        const dates = rows.map(({ date }) => date)
        expect(dates).toEqual([...dates].sort((a, b) => ((a ?? "9999") < (b ?? "9999") ? -1 : 1)))
        expect(new Set(dates).size).toBe(dates.length)
      })
    )
  })

  it("names the date on which points expire", () => {
    const lot = { points: pts(1), lots: 1, restored: 0n }
    const at = on("2026-01-10T00:00:00+01:00")
    expect(Schedule.schedule([{ ...lot, expiresAt: at }], Zone.Zone.make("Europe/Berlin")).rows[0]?.date).toBe(
      "2026-01-10"
    )
    expect(Schedule.schedule([{ ...lot, expiresAt: at }], Zone.UTC).rows[0]?.date).toBe("2026-01-09")
  })
})
