import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { initial } from "../../src/program/Policy.ts"
import * as Zone from "../../src/time/Zone.ts"
import { confirm, decline, earn, lotId, lots, on, pts, record, redeem, request, unknown } from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import { policyOf } from "../support/History.ts"
import { isCredited } from "../support/Model.ts"

/** What the last fact is, and what it gave back to which lot. */
const last = (facts: ReadonlyArray<Fact>) => {
  const fact = facts.at(-1)!
  if (!("restorations" in fact.event)) throw new Error(`${fact.event._tag} gives nothing back`)
  const { _tag, mode, restorations } = fact.event
  return { _tag, mode, back: restorations.map(({ fate, lotId, points }) => [lotId, points, fate]) }
}

const facts = append(
  [],
  [
    earn("a", 100, "2025-01-01", "2025-06-01"),
    earn("b", 100, "2025-01-01", "2025-12-01"),
    redeem("r", 150, "2025-02-01")
  ]
)

describe("how much a credit gives back", () => {
  it("full: all that remains, without an amount", () => {
    const full = append(facts, [request("r", "c", "2025-03-01")])
    expect(last(full)).toEqual({
      _tag: "CreditRequested",
      mode: "full",
      back: [
        ["b", pts(50), "live"],
        ["a", pts(100), "live"]
      ]
    })
    expect(last(append(full, [confirm("r", "c")]))).toMatchObject({ _tag: "FullyCredited", mode: "full" })
  })

  it("partial: an amount; the last of them ends the redemption", () => {
    const part = append(facts, [record("r", "c1", "2025-03-01", { points: pts(60) })])
    expect(last(part)).toEqual({
      _tag: "PartiallyCredited",
      mode: "partial",
      back: [
        ["b", pts(50), "live"],
        ["a", pts(10), "live"]
      ]
    })
    const rest = append(part, [record("r", "c2", "2025-03-02", { points: pts(90) })])
    expect(last(rest)).toEqual({ _tag: "FullyCredited", mode: "partial", back: [["a", pts(90), "live"]] })
  })

  it("remaining: a full credit after partial ones asks for exactly what is left", () => {
    const part = append(facts, [record("r", "c1", "2025-03-01", { points: pts(60) })])
    const rest = append(part, [request("r", "c2", "2025-03-02")])
    expect(last(rest)).toEqual({ _tag: "CreditRequested", mode: "full", back: [["a", pts(90), "live"]] })
    expect(rest.at(-1)?.event).toMatchObject({ points: pts(90) })
  })

  it("lots that are named get exactly that, in that order, with an amount or without", () => {
    const named = lots(["a", 30], ["b", 20])
    for (const more of [{ lots: named }, { lots: named, points: pts(50) }]) {
      expect(last(append(facts, [record("r", "c", "2025-03-01", more)]))).toEqual({
        _tag: "PartiallyCredited",
        mode: "partial",
        back: [
          ["a", pts(30), "live"],
          ["b", pts(20), "live"]
        ]
      })
    }
  })
})

describe("a credit that is in flight", () => {
  const requested = append(facts, [request("r", "c", "2025-05-31", { points: pts(60) })])

  it("is booked at its request's instant with the fates that were planned, however late the answer is", () => {
    const confirmed = append(requested, [unknown("r", "c", "2025-06-02"), confirm("r", "c")])
    expect(last(confirmed).back).toEqual([
      ["b", pts(50), "live"],
      ["a", pts(10), "live"]
    ])
    expect(confirmed.at(-1)?.occurredAt).toBe(on("2025-05-31"))
  })

  it("keeps what Mastercard answered", () => {
    const answer = { pointBalance: "110.00", remaining: "90", programName: "p", id: "7" }
    const confirmed = append(requested, [{ ...confirm("r", "c"), mastercard: answer }])
    expect(confirmed.at(-1)?.event).toMatchObject({ mastercard: answer, remaining: pts(90) })
  })

  it("releases what it held when it is declined, after its outcome was unknown too", () => {
    const released = append(requested, [unknown("r", "c", "2025-06-02"), decline("r", "c", "2025-06-03")])
    expect(last(append(released, [request("r", "c2", "2025-06-04")])).back).toEqual([
      ["b", pts(50), "live"],
      ["a", pts(100), "expired"]
    ])
  })

  it("is known to be unknown once per cause", () => {
    const lost = append(requested, [unknown("r", "c", "2025-06-02")])
    given(lost)
      .when(unknown("r", "c", "2025-06-09"))
      .then([])
    const crashed = append(lost, [{ ...unknown("r", "c", "2025-06-09"), cause: "crash" }])
    expect(crashed.at(-1)?.event).toMatchObject({ _tag: "CreditOutcomeUnknown", cause: "crash" })
  })
})

describe("policy `extend`", () => {
  const berlin = Zone.Zone.make("Europe/Berlin")
  const extend: Policy = { ...policyOf({ _tag: "Extend", days: 30 }), zone: berlin, version: 3 }

  it("opens a new lot with the old earnedAt that expires so many calendar days after the credit", () => {
    const credited = append(facts, [record("r", "c", "2025-10-10T10:00:00Z")], extend)
    expect(credited.at(-1)?.event).toMatchObject({
      policyVersion: 3,
      restorations: [
        { lotId: "b", points: pts(50), fate: "live" },
        {
          lotId: "extended:c:1",
          from: "a",
          points: pts(100),
          fate: "extended",
          earnedAt: on("2025-01-01"),
          // The clocks go back in between: the same time of day in Berlin is an hour later in UTC.
          expiresAt: on("2025-11-09T11:00:00Z")
        }
      ]
    })
  })

  it("lets the new lot be spent, and extended again under a name of its own", () => {
    const credited = append(facts, [record("r", "c", "2025-10-10T10:00:00Z")], extend)
    const spent = append(credited, [redeem("again", 120, "2025-11-01")])
    expect(spent.at(-1)?.event).toMatchObject({
      draws: [
        { lotId: "extended:c:1", points: pts(100) },
        { lotId: "b", points: pts(20) }
      ]
    })
    expect(last(append(spent, [record("again", "c2", "2025-11-20")], extend)).back).toEqual([
      ["b", pts(20), "live"],
      ["extended:c2:1", pts(100), "extended"]
    ])
  })

  it("gives every part of a split its own lot", () => {
    const parts = append(
      facts,
      [1, 2].map((i) => record("r", `c${i}`, "2025-07-01", { points: pts(75) })),
      extend
    )
    const lots = parts.flatMap(({ event }) => (isCredited(event) ? event.restorations.map(({ lotId }) => lotId) : []))
    expect(lots).toEqual(["b", "extended:c1:1", "extended:c2:1"])
  })
})

describe("policy `refuse`", () => {
  const refuse = policyOf({ _tag: "Refuse" })

  it("binds our own credits, requested or recorded", () => {
    given(facts)
      .when(request("r", "c", "2025-06-01"), refuse)
      .thenRefused("ExpiredLotsRefused", { lots: [lotId("a")] })
    given(facts)
      .when(record("r", "c", "2025-06-01"), refuse)
      .thenRefused("ExpiredLotsRefused", { lots: [lotId("a")] })
  })

  it("does not bind what Mastercard did", () => {
    const origin = { origin: "mastercard" } as const
    expect(last(append(facts, [record("r", "c", "2025-06-01", origin)], refuse)).back).toEqual([
      ["b", pts(50), "live"],
      ["a", pts(100), "expired"]
    ])
  })

  it("does not bind the answer to a credit that was requested in time", () => {
    const requested = append(facts, [request("r", "c", "2025-05-31")], initial)
    expect(last(append(requested, [confirm("r", "c")], refuse))._tag).toBe("FullyCredited")
  })
})

describe("the credit window", () => {
  const window: Policy = { ...initial, creditWindowDays: 10 }

  it("is half-open", () => {
    const accepted = append(facts, [request("r", "c", "2025-02-10T23:59:59.999999Z")], window)
    expect(accepted).toHaveLength(facts.length + 1)
    given(facts)
      .when(request("r", "c", "2025-02-11"), window)
      .thenRefused("CreditWindowClosed")
    given(facts)
      .when(record("r", "c", "2025-02-11"), window)
      .thenRefused("CreditWindowClosed")
  })

  it("counts calendar days in the program's zone", () => {
    const long = { ...window, creditWindowDays: 60, zone: Zone.Zone.make("Europe/Berlin") }
    given(facts)
      .when(request("r", "c", "2025-04-01T23:00:00Z"), long)
      .thenRefused("CreditWindowClosed", { closedAt: on("2025-04-01T23:00:00Z") })
    expect(append(facts, [request("r", "c", "2025-04-01T22:59:59Z")], long)).toHaveLength(facts.length + 1)
  })

  it("does not bind what Mastercard did", () => {
    expect(last(append(facts, [record("r", "c", "2025-05-01", { origin: "mastercard" })], window))._tag).toBe(
      "FullyCredited"
    )
  })
})

describe("draw order", () => {
  const drawnFrom = (...earned: ReadonlyArray<ReturnType<typeof earn>>) => {
    const event = append(append([], earned), [redeem("r", 3, "2025-02-01")]).at(-1)?.event
    return event?._tag === "Redeemed" ? event.draws.map(({ lotId }) => lotId) : []
  }

  it("soonest expiry first, never last", () => {
    expect(
      drawnFrom(
        earn("never", 1, "2024-01-01", null),
        earn("late", 1, "2024-01-01", "2026-01-01"),
        earn("soon", 1, "2025-01-01", "2025-03-01")
      )
    ).toEqual(["soon", "late", "never"])
  })

  it("then the earliest earned, of lots that never expire too", () => {
    expect(
      drawnFrom(
        earn("x", 1, "2025-01-02", "2025-06-01"),
        earn("y", 1, "2025-01-01", "2025-06-01"),
        earn("z", 1, "2025-01-03", "2025-06-01")
      )
    ).toEqual(["y", "x", "z"])
    expect(
      drawnFrom(earn("x", 1, "2025-01-03", null), earn("y", 1, "2025-01-01", null), earn("z", 1, "2025-01-02", null))
    ).toEqual(["y", "z", "x"])
  })

  it("then the lot id by its code units", () => {
    expect(
      drawnFrom(
        earn("b", 1, "2025-01-01", "2025-06-01"),
        earn("a", 1, "2025-01-01", "2025-06-01"),
        earn("B", 1, "2025-01-01", "2025-06-01")
      )
    ).toEqual(["B", "a", "b"])
  })

  it("leaves out what is empty, expired or not there yet", () => {
    expect(
      drawnFrom(
        earn("gone", 1, "2024-01-01", "2025-02-01"),
        earn("later", 1, "2025-02-02", "2025-02-03"),
        earn("here", 3, "2025-01-01", "2025-06-01")
      )
    ).toEqual(["here"])
  })
})
