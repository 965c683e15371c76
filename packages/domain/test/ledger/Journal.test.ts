import { describe, expect, it } from "vitest"
import { effectOn, entry } from "../../src/ledger/Journal.ts"
import { adjust, confirm, decline, earn, pts, record, redeem, request, sweep, unknown } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { policyOf } from "../support/History.ts"

const facts = append([], [earn("a", 100, "2025-01-01", "2025-06-01")])
const redeemed = append(facts, [redeem("r", 60, "2025-02-01")])

/** The entry of the last fact that some commands bring about: debit, credit, lot, points, redemption. */
const lines = (...[given, commands, policy]: Parameters<typeof append>) =>
  entry(append(given, commands, policy).at(-1)!).map(({ credit, debit, lotId, points, redemptionId }) => [
    debit,
    credit,
    lotId,
    points,
    redemptionId
  ])

describe("the journal", () => {
  it("has one entry per event that moves points", () => {
    expect(entry(facts[0]!)).toHaveLength(1)
    expect(lines(facts, [redeem("r", 60, "2025-02-01")])).toEqual([["lot", "redeemed", "a", pts(60), "r"]])
    expect(lines(facts, [adjust("a", 5, "2025-02-01")])).toEqual([["adjustments", "lot", "a", pts(5), null]])
    expect(lines(facts, [adjust("a", -5, "2025-02-01")])).toEqual([["lot", "adjustments", "a", pts(5), null]])
    expect(lines(facts, [sweep("2025-06-01")])).toEqual([["lot", "expiredByTime", "a", pts(100), null]])
    expect(lines(redeemed, [record("r", "c", "2025-03-01")])).toEqual([["redeemed", "lot", "a", pts(60), "r"]])
  })

  it("has none for what moves no points", () => {
    const requested = append(redeemed, [request("r", "c", "2025-03-01")])
    expect(entry(requested.at(-1)!)).toEqual([])
    expect(lines(requested, [unknown("r", "c", "2025-03-02")])).toEqual([])
    expect(lines(requested, [decline("r", "c", "2025-03-02")])).toEqual([])
    expect(lines(requested, [confirm("r", "c")])).toEqual([["redeemed", "lot", "a", pts(60), "r"]])
    expect(lines([], [{ _tag: "AliasAccount", alias: "other" as never, occurredAt: 0n }])).toEqual([])
  })

  it("leads what expires on reversal through its lot, and what is extended into the new one", () => {
    expect(lines(redeemed, [record("r", "c", "2025-06-01")])).toEqual([
      ["redeemed", "lot", "a", pts(60), "r"],
      ["lot", "expiredOnReversal", "a", pts(60), "r"]
    ])
    expect(lines(redeemed, [record("r", "c", "2025-06-01")], policyOf({ _tag: "Extend", days: 1 }))).toEqual([
      ["redeemed", "lot", "extended:c:1", pts(60), "r"]
    ])
  })

  it("turns a booking that is taken back around", () => {
    const swept = append(redeemed, [sweep("2025-06-01")])
    expect(lines(swept, [adjust("a", -7, "2025-05-01")])).toEqual([["expiredByTime", "lot", "a", pts(7), null]])
  })

  it("knows what an account gained", () => {
    const [posting] = entry(facts[0]!)
    expect(effectOn("lot", posting!)).toBe(pts(100))
    expect(effectOn("issued", posting!)).toBe(-pts(100))
    expect(effectOn("redeemed", posting!)).toBe(0n)
  })
})
