import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Entry from "../../src/aging/Entry.ts"
import * as RollForward from "../../src/aging/RollForward.ts"
import * as Triangle from "../../src/aging/Triangle.ts"
import * as Ids from "../../src/identity/Ids.ts"
import * as Months from "../../src/time/Months.ts"
import * as Zone from "../../src/time/Zone.ts"
import { on } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { recorded } from "../support/Recorded.ts"

const KEY = Ids.AccountKey.make("account-key")

describe("Triangle", () => {
  it("is the roll-forward, turned: its last diagonal is the last period's cohorts, its cells are all of their rows", () => {
    fc.assert(
      fc.property(
        history(),
        fc.bigInt({ min: on("2017-08-01"), max: on("2018-06-01") }),
        fc.bigInt({ min: 1n, max: 700n }),
        fc.constantFrom(...Triangle.MEASURES),
        ({ facts }, from, days, measure) => {
          const periods = Months.months(Zone.UTC, from, from + days * 86_400_000_000n)
          const entries = Entry.ofAccount(KEY, recorded(facts))
          const rows = RollForward.rollForward(entries, periods, Zone.UTC, true)
          const triangle = Triangle.triangle(rows, periods, measure)
          const last = periods.at(-1)!.name
          const diagonal = triangle.flatMap(({ cells, cohort }) => {
            const cell = cells.at(-1)!
            expect(cell.period).toBe(last)
            expect(cells.map(({ age }) => age)).toEqual(cells.map((_, index) => cells[0]!.age + index))
            return cell.points === 0n ? [] : [[cohort, cell.points]]
          })
          const ofLast = rows.filter((row) => row.period === last && row.cohort !== null && row[measure] !== 0n)
          expect(diagonal).toEqual(ofLast.map((row) => [row.cohort, row[measure]]))
          const cells = triangle.flatMap(({ cells, cohort }) =>
            cells.flatMap(({ period, points }) => (points === 0n ? [] : [`${period} ${cohort} ${points}`]))
          )
          const moved = rows.filter((row) => row.cohort !== null && row[measure] !== 0n)
          expect(cells.sort()).toEqual(moved.map((row) => `${row.period} ${row.cohort} ${row[measure]}`).sort())
        }
      )
    )
  })

  it("counts a cohort's age from its own month on, also of cohorts older than the first period", () => {
    const cell = {
      earned: 0n,
      adjusted: 0n,
      redeemed: 0n,
      creditedLive: 0n,
      creditedExpired: 0n,
      expiredByTime: 0n,
      expiredOnReversal: 0n
    }
    const row = (period: string, cohort: string, closing: bigint) => ({ ...cell, period, cohort, opening: 0n, closing })
    const periods = Months.months(Zone.UTC, on("2025-01-01"), on("2025-03-01"))
    const rows = [row("2025-01", "2024-11", 3n), row("2025-02", "2024-11", 2n), row("2025-02", "2025-02", 7n)]
    expect(Triangle.triangle(rows, periods, "closing")).toEqual([
      {
        cohort: "2024-11",
        cells: [
          { age: 2, period: "2025-01", points: 3n },
          { age: 3, period: "2025-02", points: 2n }
        ]
      },
      { cohort: "2025-02", cells: [{ age: 0, period: "2025-02", points: 7n }] }
    ])
  })
})
