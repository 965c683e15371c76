/** A generated program of years with every kind of record: everything closes, and all answers agree with each other. */
import { PolicyStore } from "@pointback/adapters"
import { Entry, Ids, Points, Zone } from "@pointback/domain"
import { Effect } from "effect"
import fc from "fast-check"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { sweepExpired } from "../../src/command/SweepExpired.ts"
import { generateProgram } from "../../src/generate/GenerateProgram.ts"
import * as ProgramPlan from "../../src/generate/ProgramPlan.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import { aging } from "../../src/query/Aging.ts"
import { cellEvents, rollForward, triangle } from "../../src/query/RollForward.ts"
import { schedule } from "../../src/query/Schedule.ts"
import { statement } from "../../src/query/Statement.ts"
import { at, points } from "../support/Commands.ts"
import { temporaryFolder } from "../support/Files.ts"
import { implementations, type World, worldFor } from "../support/World.ts"

/** Redemptions of the program; twice as many records and more. */
const REDEMPTIONS = Number(process.env["POINTBACK_PROGRAM_REDEMPTIONS"] ?? 150)

const SEED = fc.sample(fc.nat({ max: 1_000_000 }), {
  numRuns: 1,
  seed: fc.readConfigureGlobal().seed ?? 1
})[0] as number

const program = Ids.ProgramId.make("generated")
const plan = { program, seed: SEED, redemptions: REDEMPTIONS, until: ProgramPlan.DEFAULT_UNTIL }

/** All of the program, to the last expiry. */
const span = { program, from: at("2019-06-01"), to: at("2029-01-01") }

const folder = temporaryFolder()

const importProgram = async (world: World) => {
  const { file } = await Effect.runPromise(
    generateProgram({ ...plan, folder: join(folder, String(Math.random())), overwrite: false })
  )
  // A zone whose months begin at other instants than those of UTC.
  await world.run(
    PolicyStore.use((policies) =>
      policies.revise(program, (terms) => ({ ...terms, zone: Zone.Zone.make("America/Chicago") }))
    )
  )
  const { refusedAccounts } = await world.run(
    Effect.scoped(Effect.flatMap(ImportFile.read(file), (history) => importHistory(history)))
  )
  assert.strictEqual(refusedAccounts, 0)
}

describe.each(implementations)("a generated program on %s", (implementation) => {
  const world = worldFor(implementation)
  beforeAll(() => importProgram(world), 120_000)

  const whole = (withCohorts: boolean) => world.run(rollForward({ ...span, withCohorts }))

  it("L5 conservation: closes by month and cohort with what is held then, and with the ledger", async () => {
    const { periods, rows: all } = await whole(true)
    assert.isAbove(periods.length, 100)
    const before = new Map<string | null, bigint>()
    for (const row of all) {
      const closing = Entry.COLUMNS.reduce((sum, column) => sum + Entry.SIGN[column] * row[column], row.opening)
      assert.strictEqual(row.closing, closing)
      assert.strictEqual(row.opening, before.get(row.cohort) ?? 0n, `${row.period} ${row.cohort}`)
      before.set(row.cohort, row.closing)
    }
    const totals = all.filter(({ cohort }) => cohort === null)
    assert.deepStrictEqual((await whole(false)).rows, totals)
    for (const [index, period] of periods.entries()) {
      if (index % 7 !== 0) continue
      const { lots, total } = await world.run(
        aging({ program, account: null, asOf: period.to - 1n, basis: "age", withLots: true })
      )
      assert.strictEqual(total, totals[index]?.closing, period.name)
      assert.strictEqual(Points.sum(lots.map((lot) => lot.points)), total)
    }
    const last = totals.at(-1)!
    assert.strictEqual(totals[0]?.opening, 0n)
    let moving = 0
    for (const column of Entry.COLUMNS) {
      const moved = Points.sum(totals.map((row) => row[column]))
      if (moved !== 0n) moving += 1
      if (implementation === "memory") continue
      const [booked] = await world.run(ledger(column) as unknown as typeof NONE)
      if (column !== "expiredByTime") assert.strictEqual(Points.toString(moved), booked?.points, column)
    }
    // What comes back to expired lots is rare.
    assert.isAtLeast(moving, Entry.COLUMNS.length - 2)
    assert.strictEqual(last.closing, await balance())
  })

  /** What all lots hold that have not expired at the end, by the ledger's own sums. */
  const balance = async () => {
    const { total } = await world.run(aging({ program, account: null, asOf: span.to - 1n, basis: "to-expiry" }))
    return total
  }

  it("is the same whether what expired was booked or not, and then equals the ledger in that column too", async () => {
    const before = await whole(true)
    const swept = await world.run(sweepExpired({ program, asOf: span.to - 1n }))
    assert.isAbove(swept.lots, 0)
    assert.deepStrictEqual((await whole(true)).rows, before.rows)
    if (implementation === "memory") return
    const expired = Points.sum(before.rows.filter(({ cohort }) => cohort === null).map((row) => row.expiredByTime))
    const [booked] = await world.run(ledger("expiredByTime") as unknown as typeof NONE)
    assert.strictEqual(Points.toString(expired), booked?.points)
  })

  it("lists events that add up to every cell", async () => {
    const { rows: all } = await whole(false)
    let listed = 0
    for (const [index, row] of all.entries()) {
      if (index % 13 !== 0) continue
      for (const column of Entry.COLUMNS) {
        const asked = { ...span, withCohorts: false, period: row.period, column }
        const { entries } = await world.run(cellEvents(asked))
        assert.strictEqual(Points.sum(entries.map((entry) => entry.points)), row[column], `${row.period} ${column}`)
        assert.isTrue(entries.every((entry) => entry.column === column && entry.event !== null))
        listed += entries.length
      }
    }
    assert.isAbove(listed, 0)
  })

  it("has a triangle whose last diagonal is the roll-forward of the last month", async () => {
    const interval = { program, from: at("2023-01-01T06:00:00Z"), to: at("2025-07-01T05:00:00Z") }
    const { rows: all } = await world.run(rollForward({ ...interval, withCohorts: true }))
    for (const measure of ["closing", "redeemed", "creditedLive"] as const) {
      const turned = await world.run(triangle({ ...interval, measure }))
      const diagonal = turned.rows.map(({ cells, cohort }) => [cohort, cells.at(-1)?.points ?? 0n] as const)
      const last = all.filter(({ cohort, period }) => period === "2025-06" && cohort !== null)
      assert.isNotEmpty(last)
      assert.deepStrictEqual(
        diagonal.filter(([, amount]) => amount !== 0n),
        last.filter((row) => row[measure] !== 0n).map((row) => [row.cohort ?? "", row[measure]] as const)
      )
    }
  })

  it("has a schedule that is the aging by another name, and statements that end with it", async () => {
    const asOf = at("2024-05-05")
    const { lots, total } = await world.run(aging({ program, account: null, asOf, basis: "to-expiry", withLots: true }))
    const scheduled = await world.run(schedule({ program, account: null, asOf }))
    assert.strictEqual(scheduled.total, total)
    assert.isNotEmpty(scheduled.rows)
    const numbers = Array.from(new Set(lots.map(({ number }) => number))).slice(0, 15)
    assert.isNotEmpty(numbers)
    let lines = 0
    for (const number of numbers) {
      const account = Ids.AccountNumber.make(number)
      const held = await world.run(aging({ program, account, asOf: asOf - 1n, basis: "age" }))
      const stated = await world.run(statement({ program, account, from: at("2022-01-01"), to: asOf }))
      assert.strictEqual(stated.closing, held.total)
      assert.strictEqual(stated.expiring.total, held.total)
      lines += stated.lines.length
      assert.isAbove(stated.computedAt.position, 0)
      const own = await world.run(
        rollForward({ program, account, from: at("2022-01-01"), to: asOf, withCohorts: false })
      )
      assert.strictEqual(own.rows.at(-1)?.closing, held.total)
      assert.strictEqual(own.rows[0]?.opening, stated.opening)
    }
    assert.isAbove(lines, 0)
  })

  it("finds the month of points that were earned long before", async () => {
    const other = Ids.ProgramId.make("old")
    const owner = { program: other, account: Ids.AccountNumber.make("1") }
    const lot = { lotId: Ids.LotId.make("old"), points: points("5"), expiresAt: null }
    await world.run(
      earnPoints({ ...owner, ...lot, earnedAt: at("1969-07-20"), occurredAt: at("2025-02-01"), dated: true } as never)
    )
    const answer = await world.run(
      rollForward({ program: other, from: at("2025-02-01"), to: at("2025-03-01"), withCohorts: true })
    )
    assert.deepStrictEqual(
      answer.rows.map((row) => [row.cohort, row.earned, row.closing]),
      [
        ["1969-07", points("5"), points("5")],
        [null, points("5"), points("5")]
      ]
    )
  })
})

// Worlds of databases have one behind their stores; their type does not say so, since memory has none.
const NONE: Effect.Effect<ReadonlyArray<{ readonly points: string }>> = Effect.succeed([])

/** What the ledger has in a column, with the plainest sum that there is. */
const ledger = (column: Entry.Column) => {
  const side = (debit: string, credit: string) => `(p.debit = '${debit}' and p.credit = '${credit}')`
  const of: Record<Entry.Column, string> = {
    earned: `case when ${side("issued", "lot")} then points else 0 end`,
    adjusted: `case when ${side("adjustments", "lot")} then points when ${side("lot", "adjustments")} then -points else 0 end`,
    redeemed: `case when ${side("lot", "redeemed")} then points else 0 end`,
    creditedLive: `case when ${side("redeemed", "lot")} then points when ${side("lot", "expiredOnReversal")} then -points else 0 end`,
    creditedExpired: `case when ${side("lot", "expiredOnReversal")} then points else 0 end`,
    expiredByTime: `case when ${side("lot", "expiredByTime")} then points when ${side("expiredByTime", "lot")} then -points else 0 end`,
    expiredOnReversal: `case when ${side("lot", "expiredOnReversal")} then points else 0 end`
  }
  return rows<{ points: string }>(
    `select trim_scale(sum(${of[column]}))::text as points from postings p where program = '${program}'`
  )
}
