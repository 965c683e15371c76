import { describe, expect, it } from "vitest"
import * as LotBalance from "../../src/aging/LotBalance.ts"
import type { Fact } from "../../src/event/Fact.ts"
import * as Ids from "../../src/identity/Ids.ts"
import { entry } from "../../src/ledger/Journal.ts"
import type { Restoration } from "../../src/lot/Restoration.ts"
import {
  confirm,
  creditId,
  earn,
  lotId,
  MERCHANT,
  on,
  pts,
  record,
  redeem,
  redemptionId,
  request,
  sweep
} from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import { totals } from "../support/Ledger.ts"

const A = { lotId: lotId("A"), earnedAt: on("2025-01-10"), expiresAt: on("2026-01-10") }
const B = { lotId: lotId("B"), earnedAt: on("2025-03-10"), expiresAt: on("2026-03-10") }

const ofRedemption = (at: string, event: Fact["event"]): Fact => ({
  stream: { _tag: "Redemption", redemptionId: redemptionId("R") },
  occurredAt: on(at),
  event
})

const credited = (
  _tag: "PartiallyCredited" | "FullyCredited",
  at: string,
  credit: string,
  points: number,
  remaining: number,
  restorations: ReadonlyArray<Restoration>
): Fact =>
  ofRedemption(at, {
    _tag,
    creditId: creditId(credit),
    points: pts(points),
    mode: "partial",
    restorations,
    remaining: pts(remaining),
    policyVersion: 0,
    mastercard: null
  })

// Semantics, section 4, to the letter.
describe("the reference scenario", () => {
  const earned = append([], [earn("A", 100, "2025-01-10", "2026-01-10"), earn("B", 100, "2025-03-10", "2026-03-10")])

  const redeemed = given(earned)
    .when(redeem("R", 150, "2025-12-01"))
    .then([
      ofRedemption("2025-12-01", {
        _tag: "Redeemed",
        redemptionId: redemptionId("R"),
        points: pts(150),
        draws: [
          { ...A, points: pts(100) },
          { ...B, points: pts(50) }
        ],
        redemptionType: "MERCHANDISE",
        processedBy: MERCHANT,
        policyVersion: 0
      })
    ])

  const first = given(redeemed)
    .when(record("R", "C1", "2026-01-20", { points: pts(70) }))
    .then([
      credited("PartiallyCredited", "2026-01-20", "C1", 70, 80, [
        { ...B, points: pts(50), fate: "live" },
        { ...A, points: pts(20), fate: "expired" }
      ])
    ])

  const second = given(first)
    .when(record("R", "C2", "2026-02-01", { points: pts(80) }))
    .then([credited("FullyCredited", "2026-02-01", "C2", 80, 0, [{ ...A, points: pts(80), fate: "expired" }])])

  it("gives back what it should, and refuses whatever comes after", () => {
    expect(second.map(({ event }) => event._tag)).toEqual([
      "PointsEarned",
      "PointsEarned",
      "Redeemed",
      "PartiallyCredited",
      "FullyCredited"
    ])
    given(second)
      .when(record("R", "C3", "2026-02-02"))
      .thenRefused("AlreadyFullyCredited")
  })

  it("ends with B 100 live and A 100 expired", () => {
    const live = LotBalance.asOf(Ids.AccountKey.make("account"), second, on("2026-02-01"))
    expect(live.map(({ lotId, points, restored }) => [lotId, points, restored])).toEqual([["B", pts(100), pts(50)]])
    const books = totals(second)
    expect(books.get("expiredOnReversal")).toBe(pts(100))
    expect(books.get("redeemed")).toBe(0n)
    expect(books.get("lot")).toBe(pts(100))
    expect(books.get("issued")).toBe(-pts(200))
  })

  it("has nothing for the sweep to book of A, and B once it expires", () => {
    given(second).when(sweep("2026-02-28")).then([])
    const swept = append(second, [sweep("2026-03-10")])
    expect(swept.at(-1)?.event).toEqual({ _tag: "PointsExpired", lotId: "B", points: pts(100) })
  })

  it("leaves the books of section 6", () => {
    const lines = second.map((fact) =>
      entry(fact).map(({ credit, debit, lotId, points, redemptionId }) => [debit, credit, lotId, points, redemptionId])
    )
    expect(lines).toEqual([
      [["issued", "lot", "A", pts(100), null]],
      [["issued", "lot", "B", pts(100), null]],
      [
        ["lot", "redeemed", "A", pts(100), "R"],
        ["lot", "redeemed", "B", pts(50), "R"]
      ],
      [
        ["redeemed", "lot", "B", pts(50), "R"],
        ["redeemed", "lot", "A", pts(20), "R"],
        ["lot", "expiredOnReversal", "A", pts(20), "R"]
      ],
      [
        ["redeemed", "lot", "A", pts(80), "R"],
        ["lot", "expiredOnReversal", "A", pts(80), "R"]
      ]
    ])
  })

  it("is the same where each credit is requested and confirmed", () => {
    const over = append(redeemed, [
      request("R", "C1", "2026-01-20", { points: pts(70) }),
      confirm("R", "C1"),
      request("R", "C2", "2026-02-01", { points: pts(80) }),
      confirm("R", "C2")
    ])
    expect(over.filter(({ event }) => event._tag !== "CreditRequested")).toEqual(second)
  })
})
