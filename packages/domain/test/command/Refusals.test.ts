import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { LATEST } from "../../src/command/Checks.ts"
import type { Command } from "../../src/command/Decide.ts"
import { initial } from "../../src/program/Policy.ts"
import { MAXIMUM_DRAWS } from "../../src/lot/Drawing.ts"
import * as Refusal from "../../src/refusal/Refusal.ts"
import { END } from "../../src/time/Instant.ts"
import {
  adjust,
  confirm,
  creditId,
  decline,
  earn,
  lotId,
  lots,
  on,
  pts,
  record,
  redeem,
  redemptionId,
  request,
  unknown
} from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import { policyOf } from "../support/History.ts"

const facts = append(
  [],
  [
    earn("a", 100, "2025-01-01", "2025-06-01"),
    earn("b", 100, "2025-01-01", null),
    redeem("r", 150, "2025-02-01"),
    redeem("cash", 10, "2025-02-01", { redemptionType: "CASHBACK" }),
    redeem("done", 10, "2025-02-02"),
    record("done", "done-1", "2025-02-03"),
    redeem("flying", 10, "2025-02-02"),
    request("flying", "f1", "2025-02-03", { points: pts(4) })
  ]
)
const partly = append(facts, [record("r", "c1", "2025-03-01", { points: pts(100) })])

const BEYOND = 10n ** 19n

describe("amounts that no command may carry", () => {
  it.each<readonly [string, string, Command]>([
    ["points", "0", earn("x", 0, "2025-01-01", null)],
    ["points", "-1", earn("x", -1, "2025-01-01", null)],
    ["points", "0.001", earn("x", 0, "2025-01-01", null, { points: 10n })],
    ["points", "1000000000000000", earn("x", 0, "2025-01-01", null, { points: BEYOND })],
    ["points", "0", adjust("b", 0, "2025-03-01")],
    ["points", "-1000000000000000", { ...adjust("b", 0, "2025-03-01"), points: -BEYOND }],
    ["points", "0", redeem("x", 0, "2025-03-01")],
    ["draws.b", "-1", redeem("x", 1, "2025-03-01", { draws: lots(["b", -1], ["c", 2]) })],
    ["points", "0", request("r", "x", "2025-03-01", { points: 0n })],
    ["points", "0", request("r", "x", "2025-03-01", { lots: [] })],
    ["points", "0.001", record("r", "x", "2025-03-01", { points: 10n })],
    ["lots.b", "0", record("r", "x", "2025-03-01", { lots: lots(["b", 0]) })]
  ])("%s of %s", (field, value, command) => {
    given(facts).when(command).thenRefused("InvalidPoints", { field, value })
  })

  // A remembered refusal must be readable again, so no sum in it may be larger than an amount can be.
  it("sums of named lots that are too large", () => {
    const named = [lotId("a"), lotId("b")].map((lotId) => ({ lotId, points: BEYOND - pts(1) }))
    const value = "1999999999999998"
    given(facts)
      .when(redeem("x", 1, "2025-03-01", { draws: named }))
      .thenRefused("InvalidPoints", { value })
    given(facts)
      .when(record("r", "x", "2025-03-01", { lots: named }))
      .thenRefused("InvalidPoints", { value })
    given(facts)
      .when(record("r", "x", "2025-03-01", { lots: named, points: pts(1) }))
      .thenRefused("InvalidPoints", { value })
  })

  // What a lot was granted is what the sweep may have to book one day, and that must be readable again.
  it("adjustments after which a lot would have been granted too much", () => {
    const large = append([], [earn("l", 999_999_999_999_999, "2025-01-01", null), redeem("r", 999, "2025-01-02")])
    given(large)
      .when(adjust("l", 1, "2025-01-03"))
      .thenRefused("InvalidPoints", { field: "points", value: "1" })
    expect(append(large, [{ ...adjust("l", 0, "2025-01-03"), points: 9900n }])).toHaveLength(3)
  })
})

describe("instants that contradict each other or that nobody can mean", () => {
  const late = { occurredAt: LATEST }
  it.each<readonly [string, Command]>([
    ["occurredAt", earn("x", 1, "2025-01-01", null, late)],
    ["occurredAt", earn("x", 1, "2025-01-01", null, { occurredAt: on("0001-01-01") - 1n })],
    ["earnedAt", earn("x", 1, "2025-01-02", null, { occurredAt: on("2025-01-01") })],
    ["earnedAt", earn("x", 1, "2025-01-02", null, { earnedAt: on("0001-01-01") - 1n })],
    ["expiresAt", earn("x", 1, "2025-01-01", "2025-01-01")],
    ["expiresAt", earn("x", 1, "2025-01-01", null, { expiresAt: END })],
    ["occurredAt", adjust("a", 1, "2024-12-31")],
    ["occurredAt", { ...adjust("a", 1, "2024-12-31"), ...late }],
    ["occurredAt", redeem("x", 1, "2025-01-01", late)],
    ["occurredAt", request("r", "x", "2025-01-01", late)],
    ["occurredAt", record("r", "x", "2025-01-01", late)],
    ["occurredAt", { ...decline("flying", "f1", "2025-01-01"), ...late }],
    ["occurredAt", { ...unknown("flying", "f1", "2025-01-01"), ...late }],
    ["occurredAt", { _tag: "AliasAccount", alias: "other" as never, ...late }]
  ])("%s", (field, command) => {
    given(facts).when(command).thenRefused("InvalidDates", { field })
  })

  it("but the last expiry that can be written may be meant", () => {
    expect(append([], [earn("x", 1, "2025-01-01", null, { expiresAt: END - 1n })])).toHaveLength(1)
  })
})

describe("lots and redemptions by name", () => {
  it("UnknownLot", () => {
    given(facts)
      .when(adjust("x", 1, "2025-03-01"))
      .thenRefused("UnknownLot", { lotId: lotId("x") })
    given(facts)
      .when(redeem("x", 1, "2025-03-01", { draws: lots(["x", 1]) }))
      .thenRefused("UnknownLot", { lotId: lotId("x") })
  })

  it("UnknownRedemption", () => {
    for (const command of [request("x", "c", "2025-03-01"), record("x", "c", "2025-03-01"), confirm("x", "c")]) {
      given(facts)
        .when(command)
        .thenRefused("UnknownRedemption", { redemptionId: redemptionId("x") })
    }
    given(facts)
      .when(decline("x", "c", "2025-03-01"))
      .thenRefused("UnknownRedemption")
    given(facts)
      .when(unknown("x", "c", "2025-03-01"))
      .thenRefused("UnknownRedemption")
  })

  it("LotExists and RedemptionExists", () => {
    given(facts)
      .when(earn("a", 5, "2025-03-01", null))
      .thenRefused("LotExists", { lotId: lotId("a") })
    given(facts)
      .when(redeem("r", 5, "2025-03-01"))
      .thenRefused("RedemptionExists", { redemptionId: redemptionId("r") })
  })

  it("LotNamedTwice, for draws and for restorations", () => {
    const twice = lots(["b", 1], ["b", 1])
    given(facts)
      .when(redeem("x", 2, "2025-03-01", { draws: twice }))
      .thenRefused("LotNamedTwice", { lotId: lotId("b") })
    given(facts)
      .when(record("r", "x", "2025-03-01", { lots: twice }))
      .thenRefused("LotNamedTwice")
  })

  it("LotsDoNotSum, for draws and for restorations", () => {
    const named = lots(["b", 1], ["a", 1])
    const sums = { points: pts(3), sum: pts(2) }
    given(facts)
      .when(redeem("x", 3, "2025-03-01", { draws: named }))
      .thenRefused("LotsDoNotSum", sums)
    given(facts)
      .when(record("r", "x", "2025-03-01", { lots: named, points: pts(3) }))
      .thenRefused("LotsDoNotSum", sums)
  })

  it("LotNotOutstanding: a lot that was not drawn, or that is back", () => {
    given(facts)
      .when(record("r", "x", "2025-03-01", { lots: lots(["nowhere", 1]) }))
      .thenRefused("LotNotOutstanding", { lotId: lotId("nowhere"), outstanding: 0n })
    given(partly)
      .when(record("r", "x", "2025-03-01", { lots: lots(["b", 1]) }))
      .thenRefused("LotNotOutstanding", { lotId: lotId("b"), points: pts(1), outstanding: 0n })
  })
})

describe("what a redemption may take", () => {
  it("InsufficientPoints", () => {
    given(facts)
      .when(redeem("x", 100, "2025-02-05"))
      .thenRefused("InsufficientPoints", { requested: pts(100), available: pts(30), at: on("2025-02-05") })
  })

  it("LotExpired, from the very instant of the expiry on", () => {
    const expired = { lotId: lotId("a"), expiresAt: on("2025-06-01"), at: on("2025-06-01") }
    given(partly)
      .when(redeem("x", 1, "2025-06-01", { draws: lots(["a", 1]) }))
      .thenRefused("LotExpired", expired)
    given(partly)
      .when(adjust("a", -1, "2025-06-01"))
      .thenRefused("LotExpired", expired)
    given(partly)
      .when(adjust("a", 1, "2025-06-01"))
      .thenRefused("LotExpired", expired)
    expect(append(partly, [adjust("a", 1, "2025-05-31T23:59:59.999999Z")])).toHaveLength(partly.length + 1)
  })

  it("LotOverdrawn", () => {
    given(facts)
      .when(redeem("x", 31, "2025-02-05", { draws: lots(["b", 31]) }))
      .thenRefused("LotOverdrawn", { requested: pts(31), available: pts(30), at: on("2025-02-05") })
  })

  it("TooManyDraws", () => {
    const many = Array.from({ length: MAXIMUM_DRAWS + 1 }, (_, i) => earn(`l${i}`, 1, "2025-01-01", null))
    const earned = append([], many)
    given(earned)
      .when(redeem("x", MAXIMUM_DRAWS + 1, "2025-01-02"))
      .thenRefused("TooManyDraws", { draws: MAXIMUM_DRAWS + 1, maximum: MAXIMUM_DRAWS })
    expect(append(earned, [redeem("x", MAXIMUM_DRAWS, "2025-01-02")])).toHaveLength(earned.length + 1)
  })
})

describe("what a credit may give back", () => {
  it("ExceedsRedeemed and ExceedsRemaining", () => {
    given(facts)
      .when(request("r", "x", "2025-03-01", { points: pts(151) }))
      .thenRefused("ExceedsRedeemed", { points: pts(151), redeemed: pts(150) })
    given(partly)
      .when(request("r", "x", "2025-03-01", { points: pts(51) }))
      .thenRefused("ExceedsRemaining", { points: pts(51), remaining: pts(50) })
  })

  it("AlreadyFullyCredited and CreditExists", () => {
    given(facts)
      .when(request("done", "x", "2025-03-01"))
      .thenRefused("AlreadyFullyCredited")
    given(partly)
      .when(record("r", "c1", "2025-03-01", { points: pts(1) }))
      .thenRefused("CreditExists", { redemptionId: redemptionId("r"), creditId: creditId("c1") })
  })

  it("CreditExists for a credit of another redemption too, and not for one that was declined", () => {
    const named = { redemptionId: redemptionId("r"), creditId: creditId("done-1") }
    for (const command of [record, request].map((credit) => credit("r", "done-1", "2025-03-01", { points: pts(1) }))) {
      given(facts).when(command).thenRefused("CreditExists", named)
    }
    const declined = append(facts, [decline("flying", "f1", "2025-02-04")])
    expect(append(declined, [record("r", "f1", "2025-03-01")])).toHaveLength(declined.length + 1)
  })

  it("CreditInFlight names the first one, while its outcome is unknown too", () => {
    const first = { creditId: creditId("f1"), redemptionId: redemptionId("flying") }
    given(facts)
      .when(request("flying", "f2", "2025-03-01", { points: pts(1) }))
      .thenRefused("CreditInFlight", first)
    const lost = append(facts, [unknown("flying", "f1", "2025-02-04")])
    given(lost)
      .when(record("flying", "f2", "2025-03-01", { points: pts(1) }))
      .thenRefused("CreditInFlight", first)
    const released = append(lost, [decline("flying", "f1", "2025-02-05")])
    expect(append(released, [request("flying", "f2", "2025-03-01")])).toHaveLength(released.length + 1)
  })

  it("CreditNotInFlight: another credit, one that is done, or none at all", () => {
    const other = { creditId: creditId("f2"), redemptionId: redemptionId("flying") }
    given(facts).when(confirm("flying", "f2")).thenRefused("CreditNotInFlight", other)
    given(facts)
      .when(decline("flying", "f2", "2025-03-01"))
      .thenRefused("CreditNotInFlight", other)
    given(facts)
      .when(unknown("flying", "f2", "2025-03-01"))
      .thenRefused("CreditNotInFlight", other)
    given(facts).when(confirm("done", "done-1")).thenRefused("CreditNotInFlight")
    given(facts).when(confirm("r", "c1")).thenRefused("CreditNotInFlight")
  })

  it("CreditBeforeRedemption, and at its very instant not", () => {
    given(facts)
      .when(request("r", "x", "2025-01-31T23:59:59.999999Z"))
      .thenRefused("CreditBeforeRedemption", { redeemedAt: on("2025-02-01") })
    expect(append(facts, [request("r", "x", "2025-02-01")])).toHaveLength(facts.length + 1)
  })

  it("RedemptionTypeNotCreditable binds what Mastercard would be asked, and no record of what was done", () => {
    given(facts)
      .when(request("cash", "x", "2025-03-01"))
      .thenRefused("RedemptionTypeNotCreditable", { redemptionType: "CASHBACK" })
    expect(append(facts, [record("cash", "x", "2025-03-01")])).toHaveLength(facts.length + 1)
  })

  it("ExpiredLotsRefused names the lots", () => {
    const refuse = policyOf({ _tag: "Refuse" })
    given(facts)
      .when(request("r", "x", "2025-06-01"), refuse)
      .thenRefused("ExpiredLotsRefused", { lots: [lotId("a")] })
    expect(append(facts, [request("r", "x", "2025-06-01", { points: pts(50) })], refuse)).toHaveLength(facts.length + 1)
  })

  it("CreditWindowClosed", () => {
    given(facts)
      .when(request("r", "x", "2025-02-11"), { ...initial, creditWindowDays: 10 })
      .thenRefused("CreditWindowClosed", { closedAt: on("2025-02-11"), at: on("2025-02-11") })
  })
})

describe("refusals", () => {
  const lot = lotId("a")
  const redemption = redemptionId("r")
  const credit = creditId("c")
  const at = on("2025-01-01")
  const [points, sum, held, available, requested, outstanding, redeemed, remaining] = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]
  const all: ReadonlyArray<Refusal.Refusal> = [
    new Refusal.InvalidPoints({ field: "points", value: "0", problem: "an amount must be more than zero" }),
    new Refusal.InvalidDates({ field: "expiresAt", problem: "points must expire" }),
    new Refusal.UnknownLot({ lotId: lot }),
    new Refusal.UnknownRedemption({ redemptionId: redemption }),
    new Refusal.LotExists({ lotId: lot }),
    new Refusal.RedemptionExists({ redemptionId: redemption }),
    new Refusal.InsufficientPoints({ requested, available, at }),
    new Refusal.LotExpired({ lotId: lot, expiresAt: at, at }),
    new Refusal.LotOverdrawn({ lotId: lot, requested, available, at }),
    new Refusal.LotsDoNotSum({ points, sum }),
    new Refusal.LotNamedTwice({ lotId: lot }),
    new Refusal.TooManyDraws({ draws: 10_001, maximum: 10_000 }),
    new Refusal.ExceedsRedeemed({ redemptionId: redemption, points, redeemed }),
    new Refusal.ExceedsRemaining({ redemptionId: redemption, points, remaining }),
    new Refusal.AlreadyFullyCredited({ redemptionId: redemption }),
    new Refusal.CreditExists({ redemptionId: redemption, creditId: credit }),
    new Refusal.CreditInFlight({ redemptionId: redemption, creditId: credit }),
    new Refusal.CreditNotInFlight({ redemptionId: redemption, creditId: credit }),
    new Refusal.LotNotOutstanding({ lotId: lot, points, outstanding }),
    new Refusal.CreditBeforeRedemption({ redemptionId: redemption, redeemedAt: at, at }),
    new Refusal.CreditWindowClosed({ redemptionId: redemption, closedAt: at, at }),
    new Refusal.ExpiredLotsRefused({ lots: [lot] }),
    new Refusal.RedemptionTypeNotCreditable({ redemptionType: "CASHBACK" }),
    new Refusal.ExpiredDiffers({ lotId: lot, points, held }),
    new Refusal.NotExpired({ lotId: lot }),
    new Refusal.ScaleFixed({ scale: 2, requested: 3 })
  ]

  it.each(all.map((refusal) => [refusal._tag, refusal] as const))("%s is remembered as it is", (_, refusal) => {
    const stored = JSON.parse(JSON.stringify(Schema.encodeSync(Refusal.Refusal)(refusal)))
    const read = Schema.decodeUnknownResult(Refusal.Refusal)(stored)
    expect(Result.map(read, (again) => [again._tag, again.message])).toEqual(
      Result.succeed([refusal._tag, refusal.message])
    )
    expect(refusal.message.length).toBeGreaterThan(10)
  })

  it("are all known here", () => {
    expect(Refusal.Refusal.members.map(({ name }) => name).sort()).toEqual(all.map(({ _tag }) => _tag as string).sort())
  })
})
