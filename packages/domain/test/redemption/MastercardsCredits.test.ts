/** Credits that Mastercard made: booked whatever we have in flight, as long as the laws hold; and credits that are repeated. */
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { initial } from "../../src/program/Policy.ts"
import type { RepeatCredit } from "../../src/redemption/RedemptionCommand.ts"
import { confirm, creditId, decline, earn, on, pts, record, redeem, redemptionId } from "../support/Commands.ts"
import { request, unknown } from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import { policyOf } from "../support/History.ts"

const redeemed = append(
  [],
  [
    earn("a", 100, "2025-01-01", "2025-06-01"),
    earn("b", 100, "2025-01-01", "2025-12-01"),
    redeem("r", 150, "2025-02-01")
  ]
)

/** Ours holds the 50 of lot b and 20 of lot a. */
const held = append(redeemed, [request("r", "ours", "2025-03-01", { points: pts(70) })])

const theirs = (points: number | undefined, at = "2025-03-02", credit = "theirs") =>
  record("r", credit, at, { origin: "mastercard", ...(points === undefined ? {} : { points: pts(points) }) })

const backOf = (facts: ReturnType<typeof append>) => {
  const { event } = facts.at(-1)!
  return "restorations" in event ? event.restorations.map(({ lotId, points }) => [lotId, points]) : []
}

describe("a credit of Mastercard's beside one of ours in flight", () => {
  it("takes the lots that ours does not hold, and ours stays in flight", () => {
    const both = append(held, [theirs(30)])
    expect(both.at(-1)?.event).toMatchObject({ _tag: "PartiallyCredited", remaining: pts(120) })
    expect(backOf(both)).toEqual([["a", pts(30)]])
    given(both)
      .when(request("r", "more", "2025-03-03"))
      .thenRefused("CreditInFlight", { creditId: creditId("ours") })
    const confirmed = append(both, [confirm("r", "ours")])
    expect(confirmed.at(-1)?.event).toMatchObject({ _tag: "PartiallyCredited", remaining: pts(50) })
    expect(backOf(confirmed)).toEqual([
      ["b", pts(50)],
      ["a", pts(20)]
    ])
  })

  it("while the outcome of ours is unknown, too, and with ours released afterwards", () => {
    const both = append(held, [unknown("r", "ours", "2025-03-02"), theirs(80), decline("r", "ours", "2025-03-05")])
    given(both)
      .when(theirs(71, "2025-03-06", "again"))
      .thenRefused("ExceedsRemaining")
    expect(append(both, [theirs(70, "2025-03-06", "again")]).at(-1)?.event).toMatchObject({ _tag: "FullyCredited" })
  })

  it("ends nothing while ours holds the rest", () => {
    const both = append(held, [theirs(80)])
    expect(both.at(-1)?.event).toMatchObject({ _tag: "PartiallyCredited", remaining: pts(70) })
    expect(append(both, [confirm("r", "ours")]).at(-1)?.event).toMatchObject({ _tag: "FullyCredited", remaining: 0n })
  })

  it("is refused where both cannot be true, until it is known what became of ours", () => {
    given(held)
      .when(theirs(81))
      .thenRefused("CreditInFlight", { creditId: creditId("ours") })
    given(held).when(theirs(151)).thenRefused("ExceedsRedeemed")
    given(append(held, [confirm("r", "ours")]))
      .when(theirs(81))
      .thenRefused("ExceedsRemaining")
    expect(append(held, [decline("r", "ours", "2025-03-02"), theirs(81)])).toHaveLength(held.length + 2)
  })

  it("without an amount is all that ours does not hold, and nothing where ours holds all", () => {
    expect(append(held, [theirs(undefined)]).at(-1)?.event).toMatchObject({ points: pts(80) })
    given(append(redeemed, [request("r", "ours", "2025-03-01")]))
      .when(theirs(undefined))
      .thenRefused("CreditInFlight")
  })

  it("under the name of ours is refused: ours is confirmed instead", () => {
    given(held)
      .when(theirs(30, "2025-03-02", "ours"))
      .thenRefused("CreditInFlight")
  })

  it("is booked once", () => {
    given(append(held, [theirs(30)]))
      .when(theirs(30))
      .thenRefused("CreditExists", { creditId: creditId("theirs") })
  })
})

describe("a credit of Mastercard's", () => {
  const strict: Policy = { ...initial, scale: 0, creditWindowDays: 10, expiredLots: { _tag: "Refuse" } }

  it("may be finer than the program's scale, after its window, and to expired lots", () => {
    const fine = record("r", "theirs", "2025-07-01", { origin: "mastercard", points: pts(60) + 5_000n })
    const booked = append(redeemed, [fine], strict)
    expect(booked.at(-1)?.event).toMatchObject({
      points: pts(60) + 5_000n,
      restorations: [
        { lotId: "b", fate: "live" },
        { lotId: "a", fate: "expired" }
      ]
    })
    given(redeemed)
      .when({ ...fine, origin: "ours", occurredAt: on("2025-02-02") }, strict)
      .thenRefused("InvalidPoints")
  })

  it("that is dated before the redemption happened with it: its clock may be behind", () => {
    expect(append(redeemed, [theirs(30, "2025-01-31")]).at(-1)?.occurredAt).toBe(on("2025-02-01"))
    given(redeemed)
      .when(record("r", "ours", "2025-01-31"))
      .thenRefused("CreditBeforeRedemption")
  })

  it("carries how it came to be known", () => {
    const settlement = { by: "person", reference: null, reason: "seen in the portal" } as const
    const event = append(held, [{ ...confirm("r", "ours"), settlement }]).at(-1)?.event
    expect(event).toMatchObject({ creditId: "ours", settlement, mastercard: null })
    expect(append(held, [confirm("r", "ours")]).at(-1)?.event).not.toHaveProperty("settlement")
  })
})

describe("a credit that is repeated", () => {
  const repeat: RepeatCredit = {
    _tag: "RepeatCredit",
    redemptionId: redemptionId("r"),
    creditId: creditId("ours"),
    reasons: [{ source: "pointback", reasonCode: "absent", description: "not listed" }],
    occurredAt: on("2025-07-01")
  }

  it("is held again as it was planned, with the credit's own instant", () => {
    const unknowns = append(held, [unknown("r", "ours", "2025-03-02")])
    const request = held.at(-1)!
    const again = given(unknowns)
      .when(repeat, policyOf({ _tag: "Extend", days: 9 }))
      .then([
        {
          stream: request.stream,
          occurredAt: on("2025-07-01"),
          event: { _tag: "CreditDeclined", creditId: creditId("ours"), reasons: repeat.reasons }
        },
        request
      ])
    expect(Account.redemption(Account.evolveAll(Account.empty, again), redemptionId("r"))._tag).toBe("CreditPending")
    given(again).when(repeat).thenRefused("CreditInFlight")
    expect(append(again, [confirm("r", "ours")]).at(-1)).toMatchObject({ occurredAt: on("2025-03-01") })
  })

  it("must have been in flight", () => {
    given(held).when(repeat).thenRefused("CreditInFlight")
    given(redeemed).when(repeat).thenRefused("CreditNotInFlight")
    given([]).when(repeat).thenRefused("UnknownRedemption")
    given(append(held, [confirm("r", "ours")]))
      .when(repeat)
      .thenRefused("CreditNotInFlight")
  })
})
