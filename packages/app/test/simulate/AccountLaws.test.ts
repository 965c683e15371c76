/** Events that break a law are told so; those of a history that keeps them all are not. */
import { Fact, type RedemptionEvent } from "@pointback/domain"
import { assert, describe, it } from "vitest"
import { breaches } from "../../src/simulate/AccountLaws.ts"
import { at, creditId, lot, points, processedBy, redemption } from "../support/Commands.ts"

const AGING = { earnedAt: at("2025-01-10"), expiresAt: at("2026-01-10") }

const earned = (lotId: string, amount: string): Fact.Fact => ({
  stream: Fact.accountStream,
  occurredAt: AGING.earnedAt,
  event: { _tag: "PointsEarned", lotId: lot(lotId), points: points(amount), ...AGING, source: null }
})

const fact = (event: RedemptionEvent.RedemptionEvent, when = "2025-12-10"): Fact.Fact => ({
  stream: Fact.redemptionStream(redemption("R1")),
  occurredAt: at(when),
  event
})

/** 100 of A and 50 of B. */
const redeemed = fact(
  {
    _tag: "Redeemed",
    redemptionId: redemption("R1"),
    points: points("150"),
    draws: [
      { lotId: lot("A"), points: points("100"), ...AGING },
      { lotId: lot("B"), points: points("50"), ...AGING }
    ],
    redemptionType: "MERCHANDISE",
    processedBy,
    policyVersion: 0
  },
  "2025-12-01"
)

type Parts = ReadonlyArray<readonly [lotId: string, amount: string]>

const restorations = (parts: Parts, over: object = {}) =>
  parts.map(([lotId, amount]) => ({
    lotId: lot(lotId),
    points: points(amount),
    fate: "live" as const,
    ...AGING,
    ...over
  }))

const credited = (id: string, amount: string, remaining: string, parts: Parts, over: object = {}, when?: string) =>
  fact(
    {
      _tag: remaining === "0" ? "FullyCredited" : "PartiallyCredited",
      creditId: creditId(id),
      points: points(amount),
      mode: "partial",
      restorations: restorations(parts, over),
      remaining: points(remaining),
      policyVersion: 0,
      mastercard: null
    },
    when
  )

const requested = (id: string, amount: string): Fact.Fact =>
  fact({
    _tag: "CreditRequested",
    creditId: creditId(id),
    points: points(amount),
    mode: "partial",
    restorations: [],
    policyVersion: 0
  })

const before = [earned("A", "100"), earned("B", "100"), redeemed]

const broken = (facts: ReadonlyArray<Fact.Fact>, named: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  Array.from(
    new Set(breaches([...before, ...facts], new Set(named)).map((breach) => breach.slice(0, breach.indexOf(":"))))
  )

describe("the laws of an account", () => {
  it("are kept by credits from the last draw to the first", () => {
    const first = [
      requested("c1", "70"),
      credited("c1", "70", "80", [
        ["B", "50"],
        ["A", "20"]
      ])
    ]
    assert.deepStrictEqual(broken(first), [])
    assert.deepStrictEqual(broken([...first, credited("c2", "80", "0", [["A", "80"]])]), [])
  })

  it("L1 cap: more credited and held than redeemed, or two credits in flight", () => {
    assert.include(
      broken([
        credited("c1", "100", "50", [
          ["B", "50"],
          ["A", "50"]
        ]),
        requested("c2", "51")
      ]),
      "L1"
    )
    assert.deepStrictEqual(broken([requested("c1", "10"), requested("c2", "10")]), ["L1"])
  })

  it("L2 lot cap: more than was drawn, more than was granted, from a lot that was not drawn", () => {
    assert.include(broken([credited("c1", "51", "99", [["B", "51"]])]), "L2")
    assert.include(broken([earned("C", "5"), credited("c1", "5", "145", [["C", "5"]])]), "L2")
  })

  it("L3 inverse: a full credit that leaves a lot short", () => {
    assert.include(
      broken([
        credited("c1", "150", "0", [
          ["B", "40"],
          ["A", "110"]
        ])
      ]),
      "L3"
    )
  })

  it("L5 conservation: restorations that are not the credit's points", () => {
    assert.include(
      broken([
        credited("c1", "70", "80", [
          ["B", "50"],
          ["A", "19"]
        ])
      ]),
      "L5"
    )
  })

  it("L6 prefix: the first draws before the last, unless lots were named", () => {
    const wrong = [credited("c1", "20", "130", [["A", "20"]])]
    assert.deepStrictEqual(broken(wrong), ["L6"])
    assert.deepStrictEqual(broken(wrong, ["R1"]), [])
  })

  it("L7 aging: an expiry or a date of earning that changes", () => {
    assert.deepStrictEqual(broken([credited("c1", "50", "100", [["B", "50"]], { earnedAt: at("2025-01-11") })]), ["L7"])
    assert.deepStrictEqual(broken([credited("c1", "50", "100", [["B", "50"]], { expiresAt: null })]), ["L7"])
  })

  it("L8 idempotency: a credit id that is booked twice", () => {
    const twice = [credited("c1", "20", "130", [["B", "20"]]), credited("c1", "20", "110", [["B", "20"]])]
    assert.deepStrictEqual(broken(twice), ["L8"])
  })

  it("L9 expired meanwhile: live points of a lot that has expired, and expired ones of a lot that has not", () => {
    assert.include(broken([credited("c1", "50", "100", [["B", "50"]], {}, "2026-02-01")]), "L9")
    assert.include(broken([credited("c1", "50", "100", [["B", "50"]], { fate: "expired" })]), "L9")
    assert.deepStrictEqual(broken([credited("c1", "50", "100", [["B", "50"]], { fate: "expired" }, "2026-02-01")]), [])
  })

  it("L12 end: a full credit while points remain, none where none do, and what follows it", () => {
    const all = credited("c1", "150", "0", [
      ["B", "50"],
      ["A", "100"]
    ])
    assert.include(broken([credited("c1", "50", "0", [["B", "50"]])]), "L12")
    assert.deepStrictEqual(broken([all, fact({ _tag: "CreditDeclined", creditId: creditId("c2"), reasons: [] })]), [
      "L12"
    ])
  })
})
