import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Entry from "../../src/aging/Entry.ts"
import * as RollForward from "../../src/aging/RollForward.ts"
import type { Fact } from "../../src/event/Fact.ts"
import * as Ids from "../../src/identity/Ids.ts"
import * as Months from "../../src/time/Months.ts"
import * as Zone from "../../src/time/Zone.ts"
import { adjust, earn, on, pts, record, redeem, sweep } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf, ZONES } from "../support/History.ts"
import { liveAt, lotsOf, sum } from "../support/Model.ts"
import { recorded } from "../support/Recorded.ts"

const entriesOf = (accounts: ReadonlyArray<ReadonlyArray<Fact>>): ReadonlyArray<Entry.Entry> =>
  accounts.flatMap((facts, index) => Entry.ofAccount(Ids.AccountKey.make(`account-${index}`), recorded(facts)))

/** Months of several histories, from before the first fact up to some time after the last. */
const questions = fc
  .record({
    accounts: fc.array(history(), { minLength: 1, maxLength: 3 }),
    zone: fc.constantFrom(...ZONES).map((zone) => Zone.Zone.make(zone)),
    // 2017 is when the histories begin.
    from: fc.bigInt({ min: on("2017-08-01"), max: on("2018-06-01") }),
    length: fc.bigInt({ min: 1n, max: 700n * 86_400_000_000n })
  })
  .map(({ accounts, from, length, zone }) => ({
    accounts: accounts.map(({ facts }) => facts),
    zone,
    periods: Months.months(zone, from, from + length)
  }))

/** What accounts hold live at an instant, by the month in which it was earned; the model's arithmetic. */
const liveByCohort = (accounts: ReadonlyArray<ReadonlyArray<Fact>>, at: bigint, zone: Zone.Zone) => {
  const live = new Map<string, bigint>()
  for (const facts of accounts) {
    const lots = lotsOf(facts)
    for (const [lotId, points] of liveAt(facts, at)) {
      const cohort = Months.monthOf(zone, lots.get(lotId)!.earnedAt)
      live.set(cohort, (live.get(cohort) ?? 0n) + points)
    }
  }
  return live
}

describe("RollForward", () => {
  it("L5 conservation: opens and closes with what is live just before, by cohort, and closes exactly", () => {
    fc.assert(
      fc.property(questions, ({ accounts, periods, zone }) => {
        const rows = RollForward.rollForward(entriesOf(accounts), periods, zone, true)
        for (const { from, name, to } of periods) {
          const before = liveByCohort(accounts, from - 1n, zone)
          const after = liveByCohort(accounts, to - 1n, zone)
          const ofPeriod = rows.filter(({ period }) => period === name)
          for (const row of ofPeriod) {
            expect(row.closing).toBe(RollForward.closingOf(row))
            if (row.cohort === null) continue
            expect(row.opening).toBe(before.get(row.cohort) ?? 0n)
            expect(row.closing).toBe(after.get(row.cohort) ?? 0n)
          }
          const total = ofPeriod.at(-1)!
          expect(total.cohort).toBeNull()
          expect(total.opening).toBe(sum(before.values()))
          expect(total.closing).toBe(sum(after.values()))
          // No cohort that holds anything is left out.
          for (const cohort of [...before.keys(), ...after.keys()]) {
            expect(ofPeriod.map((row) => row.cohort)).toContain(cohort)
          }
        }
      })
    )
  })

  it("without cohorts has the same totals and nothing else", () => {
    fc.assert(
      fc.property(questions, ({ accounts, periods, zone }) => {
        const entries = entriesOf(accounts)
        const rows = RollForward.rollForward(entries, periods, zone, false)
        expect(rows.map(({ period }) => period)).toEqual(periods.map(({ name }) => name))
        expect(rows).toEqual(
          RollForward.rollForward(entries, periods, zone, true).filter(({ cohort }) => cohort === null)
        )
      })
    )
  })

  it("lists lines that add up to each cell", () => {
    fc.assert(
      fc.property(questions, ({ accounts, periods, zone }) => {
        const entries = entriesOf(accounts)
        const rows = RollForward.rollForward(entries, periods, zone, false)
        rows.forEach((row, index) => {
          for (const column of Entry.COLUMNS) {
            const lines = RollForward.entriesOf(entries, periods[index]!, column)
            expect(sum(lines.map(({ points }) => points))).toBe(row[column])
          }
        })
      })
    )
  })

  it("does not depend on what the sweep has booked", () => {
    fc.assert(
      fc.property(questions, ({ accounts, periods, zone }) => {
        const unswept = accounts.map((facts) => facts.filter(({ event }) => event._tag !== "PointsExpired"))
        expect(RollForward.rollForward(entriesOf(unswept), periods, zone, true)).toEqual(
          RollForward.rollForward(entriesOf(accounts), periods, zone, true)
        )
      })
    )
  })

  const reference = append(
    [],
    [
      earn("A", 100, "2025-01-10", "2026-01-10"),
      earn("B", 100, "2025-03-10", "2026-03-10"),
      redeem("R1", 150, "2025-12-01"),
      record("R1", "C1", "2026-01-20", { points: pts(70) }),
      record("R1", "C2", "2026-02-01")
    ],
    policyOf({ _tag: "Expire" })
  )

  const rowsOf = (facts: ReadonlyArray<Fact>, from: string, to: string, withCohorts = false) =>
    RollForward.rollForward(entriesOf([facts]), Months.months(Zone.UTC, on(from), on(to)), Zone.UTC, withCohorts).map(
      (row) => [
        row.period + (row.cohort === null ? "" : ` of ${row.cohort}`),
        ...[row.opening, ...Entry.COLUMNS.map((column) => row[column]), row.closing].map((points) =>
          Number(points / pts(1))
        )
      ]
    )

  it("L9 expired meanwhile: in the reference scenario books what expired on its way back when it came back", () => {
    expect(rowsOf(reference, "2025-12-01", "2026-04-01", true)).toEqual([
      ["2025-12 of 2025-01", 100, 0, 0, 100, 0, 0, 0, 0, 0],
      ["2025-12 of 2025-03", 100, 0, 0, 50, 0, 0, 0, 0, 50],
      ["2025-12", 200, 0, 0, 150, 0, 0, 0, 0, 50],
      ["2026-01 of 2025-01", 0, 0, 0, 0, 0, 20, 0, 20, 0],
      ["2026-01 of 2025-03", 50, 0, 0, 0, 50, 0, 0, 0, 100],
      ["2026-01", 50, 0, 0, 0, 50, 20, 0, 20, 100],
      ["2026-02 of 2025-01", 0, 0, 0, 0, 0, 80, 0, 80, 0],
      ["2026-02 of 2025-03", 100, 0, 0, 0, 0, 0, 0, 0, 100],
      ["2026-02", 100, 0, 0, 0, 0, 80, 0, 80, 100],
      ["2026-03 of 2025-03", 100, 0, 0, 0, 0, 0, 100, 0, 0],
      ["2026-03", 100, 0, 0, 0, 0, 0, 100, 0, 0]
    ])
  })

  it("counts a lot that expires at a period's first instant in that period, with late facts, swept before or not", () => {
    const swept = append(
      [],
      [earn("X", 30, "2025-01-01", "2025-07-01"), sweep("2025-08-01"), adjust("X", 5, "2025-06-30")],
      policyOf({ _tag: "Expire" })
    )
    expect(rowsOf(swept, "2025-06-01", "2025-08-01")).toEqual([
      ["2025-06", 30, 0, 5, 0, 0, 0, 0, 0, 35],
      ["2025-07", 35, 0, 0, 0, 0, 0, 35, 0, 0]
    ])
  })

  it("keeps points that a credit extended in the month in which they were earned", () => {
    const extended = append(
      [],
      [earn("X", 30, "2025-01-05", "2025-06-15"), redeem("R", 30, "2025-05-01"), record("R", "C", "2025-06-20")],
      policyOf({ _tag: "Extend", days: 30 })
    )
    expect(rowsOf(extended, "2025-06-01", "2025-08-01", true)).toEqual([
      ["2025-06 of 2025-01", 0, 0, 0, 0, 30, 0, 0, 0, 30],
      ["2025-06", 0, 0, 0, 0, 30, 0, 0, 0, 30],
      ["2025-07 of 2025-01", 30, 0, 0, 0, 0, 0, 30, 0, 0],
      ["2025-07", 30, 0, 0, 0, 0, 0, 30, 0, 0]
    ])
  })

  it("has no rows where there are no periods", () => {
    expect(RollForward.rollForward(entriesOf([reference]), [], Zone.UTC, true)).toEqual([])
  })
})
