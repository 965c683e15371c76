import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import { initial } from "../../src/program/Policy.ts"
import { adjust, earn, lotId, on, pts, record, redeem, sweep } from "../support/Commands.ts"
import { append, given } from "../support/Example.ts"
import type { History } from "../support/History.ts"
import { history } from "../support/History.ts"
import { add, EVER, heldAt, lotsOf } from "../support/Model.ts"

/** What is booked as expired by time, per lot. */
const booked = (facts: ReadonlyArray<Fact>): Map<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const { event } of facts) {
    if (event._tag === "PointsExpired") add(sums, event.lotId, event.points)
  }
  return sums
}

const sweepAt = (facts: ReadonlyArray<Fact>, asOf: bigint): ReadonlyArray<Fact> =>
  append(facts, [{ _tag: "SweepExpired", asOf }])

/** What the lots that have expired by an instant held just before; lots that held nothing left out. */
const heldAtExpiry = (facts: ReadonlyArray<Fact>, asOf: bigint): Map<string, bigint> => {
  const held = heldAt(facts, EVER)
  const expired = Array.from(lotsOf(facts).values()).filter(({ expiresAt }) => expiresAt !== null && expiresAt <= asOf)
  return new Map(expired.map(({ lotId }) => [lotId as string, held.get(lotId) ?? 0n] as const))
}

const nonZero = (sums: Map<string, bigint>) => new Map(Array.from(sums).filter(([, points]) => points !== 0n))

/** Nobody sweeps in this history: as many facts as a sweep can be put between. */
const withoutSweeps = ({ steps, policies }: History): ReadonlyArray<Fact> =>
  steps.reduce<ReadonlyArray<Fact>>((facts, { command, policy }) => {
    if (command._tag === "SweepExpired" || command._tag === "RecordExpired") return facts
    const decided = decide(command, Account.evolveAll(Account.empty, facts), policy ?? policies[0])
    return [...facts, ...Result.getOrElse(decided, () => [])]
  }, [])

describe("the sweep", () => {
  it("books what every lot held just before it expired, and nothing of a lot that lives", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const before = booked(facts)
        const after = booked(sweepAt(facts, now))
        const expired = heldAtExpiry(facts, now)
        for (const [lotId, points] of expired) expect(after.get(lotId) ?? 0n).toBe(points)
        for (const [lotId, points] of after) {
          if (!expired.has(lotId)) expect(points).toBe(before.get(lotId))
        }
      })
    )
  })

  it("is idempotent", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const once = sweepAt(facts, now)
        expect(sweepAt(once, now)).toEqual(once)
      })
    )
  })

  it("books the same in the end, whenever it runs and in however many steps", () => {
    fc.assert(
      fc.property(history(), fc.array(fc.nat({ max: 1000 }), { maxLength: 4 }), (past, thousandths) => {
        const facts = withoutSweeps(past)
        const first = facts[0]?.occurredAt ?? 0n
        const instants = thousandths.map((part) => first + ((past.now - first) * BigInt(part)) / 1000n)
        const often = [...instants, past.now].reduce(sweepAt, facts)
        expect(booked(often)).toEqual(booked(sweepAt(facts, past.now)))
        expect(nonZero(booked(sweepAt(past.facts, past.now)))).toEqual(nonZero(heldAtExpiry(past.facts, past.now)))
      })
    )
  })

  it("stays right by itself: an append that changes a swept lot books the signed difference", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        facts.forEach((fact, i) => {
          const next = facts[i + 1]
          // Within one decision the difference comes after what made it; look between decisions only.
          if (next?.event._tag === "PointsExpired") return
          const known = facts.slice(0, i + 1)
          const held = heldAt(known, EVER)
          for (const [lotId, points] of booked(known)) expect(points).toBe(held.get(lotId as never) ?? 0n)
          expect(fact).toBeDefined()
        })
      })
    )
  })

  it("books at the instant of expiry, in draw order", () => {
    const facts = append(
      [],
      [
        earn("later", 10, "2025-01-01", "2025-03-01"),
        earn("sooner", 20, "2025-01-01", "2025-02-01"),
        earn("never", 5, "2025-01-01", null),
        earn("alive", 5, "2025-01-01", "2025-04-01")
      ]
    )
    given(facts)
      .when(sweep("2025-03-01"))
      .then([expired("sooner", 20, "2025-02-01"), expired("later", 10, "2025-03-01")])
  })

  const swept = append(
    [],
    [earn("a", 100, "2025-01-01", "2025-02-01"), redeem("r", 40, "2025-01-10"), sweep("2025-02-01")]
  )

  it("was run before a late adjustment: the difference is booked with it, down and up", () => {
    expect(swept.at(-1)).toEqual(expired("a", 60, "2025-02-01"))
    const down = adjust("a", -15, "2025-01-20")
    const up = adjust("a", 5, "2025-01-20")
    expect(append(swept, [down]).slice(-1)).toEqual([expired("a", -15, "2025-02-01")])
    expect(append(swept, [up]).slice(-1)).toEqual([expired("a", 5, "2025-02-01")])
  })

  it("was run before a late redemption and a late credit: the differences are booked with them", () => {
    const late = append(swept, [redeem("late", 10, "2025-01-15")])
    expect(late.at(-1)).toEqual(expired("a", -10, "2025-02-01"))
    const credited = append(late, [record("r", "c", "2025-01-31T23:59:59Z")])
    expect(credited.at(-1)).toEqual(expired("a", 40, "2025-02-01"))
  })

  it("says nothing where a credit after the expiry expires at once", () => {
    expect(
      append(swept, [record("r", "c", "2025-02-01")])
        .slice(swept.length)
        .map(({ event }) => event._tag)
    ).toEqual(["FullyCredited"])
  })
})

describe("an imported expiry", () => {
  const facts = append([], [earn("a", 100, "2025-01-01", "2025-02-01"), earn("never", 5, "2025-01-01", null)])
  const imported = (lot: string, points: number, asOf = "2025-02-01") =>
    ({ _tag: "RecordExpired", lotId: lotId(lot), points: pts(points), asOf: on(asOf) }) as const

  it("is booked where it is what the lot held, once", () => {
    const after = given(facts)
      .when(imported("a", 100))
      .then([expired("a", 100, "2025-02-01")])
    given(after).when(imported("a", 100)).then([])
    given(after).when(sweep("2025-03-01")).then([])
  })

  it("is refused where the lot held something else, has not expired, never does or does not exist", () => {
    given(facts)
      .when(imported("a", 99))
      .thenRefused("ExpiredDiffers", { points: pts(99), held: pts(100) })
    given(facts)
      .when(imported("never", 5))
      .thenRefused("NotExpired", { lotId: lotId("never") })
    given(facts)
      .when(imported("a", 100, "2025-01-31"))
      .thenRefused("NotExpired", { lotId: lotId("a") })
    given(facts)
      .when(imported("b", 5))
      .thenRefused("UnknownLot", { lotId: lotId("b") })
  })
})

const expired = (lot: string, points: number, at: string): Fact => ({
  stream: { _tag: "Account" },
  occurredAt: on(at),
  event: { _tag: "PointsExpired", lotId: lotId(lot), points: pts(points) }
})

it("policies have no part in the sweep", () => {
  const facts = append([], [earn("a", 1, "2025-01-01", "2025-02-01")])
  given(facts)
    .when(sweep("2025-02-01"), { ...initial, scale: 0 })
    .then([expired("a", 1, "2025-02-01")])
})
