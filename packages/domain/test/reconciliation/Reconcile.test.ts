import { describe, expect, it } from "vitest"
import { BREAK_TYPES } from "../../src/reconciliation/Break.ts"
import type { Group } from "../../src/reconciliation/Group.ts"
import { reconcile } from "../../src/reconciliation/Reconcile.ts"
import type { Context } from "../../src/reconciliation/Rules.ts"
import type { SourceRecord } from "../../src/reconciliation/SourceRecord.ts"
import { context, credited, DAY, MINUTE, redeemed, START } from "../support/Reconciling.ts"

const run = (
  here: ReadonlyArray<SourceRecord>,
  there: ReadonlyArray<SourceRecord>,
  more: Partial<Context> = {},
  balances?: Group["balances"]
) => reconcile({ account: "A", here, there, balances }, { ...context, ...more })

/** The breaks as `type remedy points`. */
const told = (...args: Parameters<typeof run>) =>
  run(...args).breaks.map(({ points, remedy, type }) => `${type} ${remedy} ${points}`)

const R = redeemed("R1", 100n)
const c1 = credited("R1", 40n, 2n, { credit: "c1", remaining: 60n })
const at = (record: SourceRecord, later: bigint): SourceRecord => ({ ...record, at: record.at + later })
/** As the other side has it: without our name for it. */
const theirs = (record: SourceRecord, more: Partial<SourceRecord> = {}): SourceRecord => ({
  ...record,
  credit: null,
  reference: "m1",
  ...more
})

describe("what agrees", () => {
  it("matches by the redemption's id, by our credit id, by their reference, and by points and time", () => {
    const here = [
      R,
      c1,
      credited("R1", 20n, 3n, { credit: "c2", reference: "m2" }),
      credited("R1", 25n, 9n, { credit: "c3" })
    ]
    const there = [
      redeemed("R1", 100n, 0n, { reference: "m0" }),
      credited("R1", 40n, 2n, { credit: "c1", reference: "m1" }),
      credited("R1", 20n, 3n, { reference: "m2" }),
      at(credited("R1", 25n, 9n, { reference: "m3" }), 3n * MINUTE)
    ]
    const { breaks, here: ours, matches, there: given } = run(here, there)
    expect(breaks).toEqual([])
    expect([ours, given]).toEqual([4, 4])
    expect(matches.map(({ rule, time }) => [rule, time])).toEqual([
      ["redemptionId", 0n],
      ["creditId", 0n],
      ["reference", 0n],
      ["pointsAndTime", 3n * MINUTE]
    ])
  })

  it("finds the redemption of a credit that names none, where only one can be meant", () => {
    const here = [R, c1, redeemed("R2", 80n), credited("R2", 30n, 2n, { credit: "c2" })]
    const there = [redeemed("R1", 100n), redeemed("R2", 80n), theirs({ ...c1, redemption: null })]
    const { breaks, matches } = run(here, there)
    expect(matches.map(({ here: record }) => record.credit ?? record.redemption)).toEqual(["R1", "c1", "R2"])
    expect(breaks.map(({ credit, type }) => [type, credit])).toEqual([["missingThere", "c2"]])
  })

  it("takes amounts for the same that differ by the tolerance, and says by how much", () => {
    const tolerances = { ...context.tolerances, points: 1n }
    const { breaks, matches } = run([R, c1], [R, theirs(c1, { points: 41n, remaining: 59n })], { tolerances })
    expect(breaks).toEqual([])
    expect(matches.map(({ points }) => points)).toEqual([0n, 1n])
  })

  it("asks nothing of the other side that is outside of its window, or near its edge", () => {
    const window = { from: START + 1n * DAY, to: START + 2n * DAY + 5n * MINUTE }
    expect(told([R, c1], [], { window })).toEqual([])
    expect(told([R, c1], [], { window: { ...window, to: START + 3n * DAY } })).toEqual(["missingThere person 40"])
  })
})

describe("types of breaks", () => {
  it("missingHere: recorded where the redemption is known, else left to a person", () => {
    expect(told([R], [R, theirs(c1)])).toEqual(["missingHere record 40"])
    expect(told([], [R])).toEqual(["missingHere person 100"])
    expect(told([], [theirs(c1)])).toEqual(["missingHere person 40"])
    expect(told([R], [R, theirs({ ...c1, redemption: null })])).toEqual(["missingHere person 40"])
  })

  it("missingThere", () => {
    expect(told([R, c1], [R])).toEqual(["missingThere person 40"])
    expect(told([R, c1], [theirs(c1)])).toEqual(["missingThere person 100"])
  })

  it("amountMismatch: of a credit by name or by time, of a redemption, of a balance where all else agrees", () => {
    expect(told([R, c1], [R, theirs(c1, { points: 35n })])).toEqual(["amountMismatch person 5"])
    expect(told([R, c1], [R, at({ ...c1, points: 35n }, 60n * DAY)])).toEqual([
      "amountMismatch person 5",
      `late none 40`
    ])
    expect(told([R], [redeemed("R1", 90n)])).toEqual(["amountMismatch person 10"])
    expect(told([R], [R], {}, { here: 5n, there: 7n })).toEqual(["amountMismatch person 2"])
    expect(told([R, c1], [R], {}, { here: 5n, there: 7n })).toEqual(["missingThere person 40"])
  })

  it("remainingMismatch: only where every movement agrees", () => {
    expect(told([R, c1], [R, theirs(c1, { remaining: 50n })])).toEqual(["remainingMismatch person 10"])
    expect(told([R, c1], [{ ...R, remaining: 45n }, theirs(c1)])).toEqual(["remainingMismatch person 15"])
    expect(told([R, c1], [{ ...R, remaining: 100n }])).toEqual(["missingThere person 40"])
  })

  it("stateMismatch: ended on one side, or declined here and there all the same", () => {
    const all = credited("R1", 100n, 2n, { credit: "c1", remaining: 0n })
    expect(told([R, all], [R, theirs(all, { remaining: 10n })])).toEqual(["stateMismatch person 10"])
    expect(told([R, { ...c1, status: "declined" }], [R, theirs(c1)])).toEqual(["stateMismatch person 40"])
    expect(told([R, { ...c1, status: "declined" }], [R])).toEqual([])
  })

  it("duplicateThere: word for word, by name, or next to its twin", () => {
    const line = theirs(c1)
    expect(told([R, c1], [R, line, { ...line }])).toEqual(["duplicateThere person 40"])
    expect(told([R, c1], [R, { ...c1, reference: "m1" }, { ...c1, reference: "m2" }])).toEqual([
      "duplicateThere person 40"
    ])
    expect(told([R, { ...c1, reference: "m1" }], [R, line, at(theirs(c1, { reference: "m2" }), MINUTE)])).toEqual([
      "duplicateThere person 40"
    ])
    expect(told([R], [R, { ...R, reference: "other" }])).toEqual(["duplicateThere person 100"])
  })

  it("duplicateHere: next to its twin, which is there", () => {
    const again = at({ ...c1, credit: "c2" }, MINUTE)
    expect(told([R, c1, again], [R, { ...c1, reference: "m1" }])).toEqual(["duplicateHere person 40"])
  })

  it("unknownOutcome: confirmed, released, waited for, or left to a person", () => {
    const unknown: SourceRecord = { ...c1, status: "unknown" }
    const early = { at: c1.at + DAY / 2n }
    expect(told([R, unknown], [R, theirs(c1)])).toEqual(["unknownOutcome confirm 40"])
    expect(told([R, unknown], [R])).toEqual(["unknownOutcome release 40"])
    expect(told([R, unknown], [R], early)).toEqual(["unknownOutcome wait 40"])
    expect(told([R, unknown], [R], { complete: false })).toEqual(["unknownOutcome person 40"])
    expect(told([R, unknown], [R], { window: { from: c1.at + 1n, to: c1.at + 9n * DAY } })).toEqual([
      "unknownOutcome person 40"
    ])
    expect(told([R, unknown], [R, theirs(c1, { points: 30n })])).toEqual(["unknownOutcome person 40"])
    // A credit of other points at another time may be it, whatever it says.
    expect(told([R, unknown], [R, theirs(at({ ...c1, points: 30n }, 5n * DAY))])).toEqual([
      "missingHere record 30",
      "unknownOutcome person 40"
    ])
    expect(told([R, unknown], [R, theirs({ ...c1, points: 30n, redemption: null })])).toEqual([
      "missingHere person 30",
      "unknownOutcome person 40"
    ])
    // In flight at this moment.
    expect(told([R, { ...c1, status: "pending" }], [R], early)).toEqual([])
    expect(told([R, { ...c1, status: "pending" }], [R, theirs(c1)], early)).toEqual([])
    expect(told([R, { ...c1, status: "pending" }], [R])).toEqual(["unknownOutcome release 40"])
  })

  it("overCredited: beyond what was redeemed, in the order of time", () => {
    expect(told([R, c1], [R, theirs(c1), theirs(credited("R1", 70n, 9n), { reference: "m2" })])).toEqual([
      "overCredited person 10"
    ])
    const two = [theirs(credited("R1", 45n, 8n)), theirs(credited("R1", 50n, 9n), { reference: "m2" })]
    expect(told([R, c1], [R, theirs(c1, { reference: "m0" }), ...two])).toEqual([
      "missingHere record 45",
      "overCredited person 35"
    ])
    expect(told([R, c1], [R, theirs(c1, { points: 120n })])).toEqual(["overCredited person 20"])
    // The points of a credit whose outcome is unknown are held.
    expect(told([R, { ...c1, status: "unknown" }], [R, theirs(credited("R1", 70n, 60n))])).toEqual([
      "overCredited person 10",
      "unknownOutcome person 40"
    ])
  })

  it("ambiguous: two candidates, and neither is chosen", () => {
    const two = [c1, at({ ...c1, credit: "c2" }, MINUTE)]
    expect(told([R, ...two], [R, theirs(c1)])).toEqual(["ambiguous person 40"])
    expect(run([R, ...two], [R, theirs(c1)]).matches).toHaveLength(1)
    expect(
      told(
        [R, c1, redeemed("R2", 50n), { ...c1, redemption: "R2", credit: "c2" }],
        [R, redeemed("R2", 50n), theirs({ ...c1, redemption: null })]
      )
    ).toEqual(["ambiguous person 40"])
  })

  it("late: the same points, long after, where nothing else can be meant", () => {
    expect(told([R, c1], [R, theirs(at(c1, 20n * DAY))])).toEqual(["late none 40"])
    expect(told([R, c1], [R, theirs(at(c1, 40n * DAY))])).toEqual(["missingHere record 40", "missingThere person 40"])
    expect(told([R], [at(R, DAY)])).toEqual(["late none 100"])
  })

  it("agingMismatch: names the lots, by points and by expiry", () => {
    const lots = (a: bigint, b: bigint, expiresAt: bigint | null = START) => [
      { lot: "winter", points: a, expiresAt },
      { lot: "spring", points: b, expiresAt: null }
    ]
    const here = { ...c1, lots: lots(10n, 30n) }
    const [found, ...more] = run([R, here], [R, theirs(c1, { lots: lots(15n, 25n) })]).breaks
    expect(more).toEqual([])
    expect(found).toMatchObject({
      type: "agingMismatch",
      points: 5n,
      reason: "lot spring: 0.0025 points there, 0.003 here; lot winter: 0.0015 points there, 0.001 here"
    })
    expect(run([R, here], [R, theirs(c1, { lots: lots(10n, 30n, null) })]).breaks).toMatchObject([
      { type: "agingMismatch", points: 10n, reason: "lot winter: expires never there, 2026-01-01T00:00:00.000Z here" }
    ])
    expect(told([R, here], [R, theirs(c1)])).toEqual([])
    expect(told([R, here], [R, theirs(c1, { lots: here.lots.toReversed() })])).toEqual([])
  })

  it("are all of those that the contract names", () => {
    expect(new Set(BREAK_TYPES).size).toBe(12)
  })
})
