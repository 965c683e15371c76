import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Aging from "../../src/aging/Aging.ts"
import type { LotBalance } from "../../src/aging/LotBalance.ts"
import * as Ids from "../../src/identity/Ids.ts"
import { MICROS_PER_DAY } from "../../src/time/Instant.ts"
import * as Zone from "../../src/time/Zone.ts"
import { dayAt } from "../support/Calendar.ts"
import { lotId, on, pts } from "../support/Commands.ts"
import { ZONES } from "../support/History.ts"
import { sum } from "../support/Model.ts"

const AT = on("2024-03-31T12:34:56.789012Z")

const lot: fc.Arbitrary<LotBalance> = fc
  .record({
    account: fc.constantFrom("a", "b", "c"),
    name: fc.nat({ max: 9 }),
    age: fc.bigInt({ min: 0n, max: 500n * MICROS_PER_DAY }),
    left: fc.option(fc.bigInt({ min: 1n, max: 500n * MICROS_PER_DAY })),
    points: fc.bigInt({ min: 1n, max: 10n ** 12n }),
    share: fc.bigInt({ min: 0n, max: 100n })
  })
  .map(({ account, age, left, name, points, share }) => ({
    account: Ids.AccountKey.make(account),
    lotId: lotId(`lot-${name}`),
    earnedAt: AT - age,
    expiresAt: left === null ? null : AT + left,
    points,
    restored: (points * share) / 100n
  }))

const policy = fc.record({
  zone: fc.constantFrom(...ZONES).map((zone) => Zone.Zone.make(zone)),
  agingBoundaries: fc
    .uniqueArray(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 })
    .map((days) => days.sort((a, b) => a - b))
})

/** A bucket's bounds, read from its name. */
const holds = (bucket: string, days: number | null): boolean => {
  if (bucket === "never" || days === null) return bucket === "never" && days === null
  if (bucket.startsWith("over-")) return days > Number(bucket.slice(5))
  const [from, to] = bucket.split("-").map(Number)
  return days >= (from as number) && days <= (to as number)
}

describe("Aging", () => {
  it.each(["age", "to-expiry"] as const)("by %s, buckets partition lots, points and restored points", (basis) => {
    fc.assert(
      fc.property(fc.array(lot, { maxLength: 30 }), policy, (lots, policy) => {
        const { buckets, total } = Aging.bucketed(lots, AT, basis, policy)
        expect(total).toBe(sum(lots.map(({ points }) => points)))
        expect(sum(buckets.map(({ points }) => points))).toBe(total)
        for (const { accounts, bucket, lots: count, points, restored } of buckets) {
          const inside = lots.filter(({ earnedAt, expiresAt }) => {
            const today = dayAt(policy.zone, AT)
            if (basis === "age") return holds(bucket, today - dayAt(policy.zone, earnedAt))
            return holds(bucket, expiresAt === null ? null : dayAt(policy.zone, expiresAt) - today)
          })
          expect(count).toBe(inside.length)
          expect(points).toBe(sum(inside.map((lot) => lot.points)))
          expect(restored).toBe(sum(inside.map((lot) => lot.restored)))
          expect(accounts).toBe(new Set(inside.map((lot) => lot.account)).size)
        }
        expect(buckets.reduce((count, bucket) => count + bucket.lots, 0)).toBe(lots.length)
      })
    )
  })

  it.each(["age", "to-expiry"] as const)("by %s, sorts by intervals of instants as by calendar days", (basis) => {
    // Clocks in Newfoundland were put back at one minute past midnight until 2011, and at midnight in Brazil.
    const zones = [...ZONES, "America/Toronto", "Asia/Beirut"].map((zone) => Zone.Zone.make(zone))
    const near = fc
      .tuple(
        fc.constantFrom(...zones),
        fc.integer({ min: 2005, max: 2012 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 28 })
      )
      .map(([zone, year, month, day]) => ({ zone, midnight: Zone.startOfDate(zone, { year, month, day }) }))
    const boundaries = fc
      .uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 })
      .map((days) => days.sort((a, b) => a - b))
    fc.assert(
      fc.property(
        near,
        boundaries,
        fc.bigInt({ min: 0n, max: 200n }),
        fc.array(fc.bigInt({ min: -300n, max: 300n })),
        ({ midnight, zone }, agingBoundaries, away, minutes) => {
          const at = midnight + (basis === "age" ? away : -away) * MICROS_PER_DAY
          const policy = { zone, agingBoundaries }
          const { buckets, splits } = Aging.segments(at, basis, policy)
          expect(buckets.length).toBe(splits.length + 1)
          for (const instant of [
            ...minutes.map((minute) => midnight + minute * 60_000_000n),
            ...splits,
            ...splits.map((split) => split - 1n)
          ]) {
            const status = { earnedAt: instant, expiresAt: instant }
            const ofLot = {
              account: Ids.AccountKey.make("a"),
              lotId: lotId("x"),
              points: pts(1),
              restored: 0n,
              ...status
            }
            const index = Aging.bucketed([ofLot], at, basis, policy).buckets.findIndex(({ lots }) => lots === 1)
            expect(buckets[splits.filter((split) => split <= instant).length]).toBe(index)
          }
        }
      )
    )
  })

  it("splits twice more where the clock shows a day again", () => {
    const zone = Zone.Zone.make("America/St_Johns")
    const at = on("2009-11-01T12:00:00-03:30")
    const { buckets, splits } = Aging.segments(at, "age", { zone, agingBoundaries: [1, 2] })
    // Two days ago is one split. Today is no boundary of an age; a day later it is.
    expect(splits.length).toBe(2)
    expect(buckets).toEqual([2, 1, 0])
    const later = Aging.segments(at + MICROS_PER_DAY, "age", { zone, agingBoundaries: [1, 2] })
    expect(later.buckets).toEqual([2, 1, 0, 1, 0])
    expect(later.splits.slice(1).map((split) => split - (later.splits[1] as bigint))).toEqual([
      0n,
      60_000_000n,
      3_600_000_000n
    ])
  })

  it("always shows every bucket, in order", () => {
    const { buckets } = Aging.bucketed([], AT, "to-expiry", { zone: Zone.UTC, agingBoundaries: [30, 60, 90] })
    expect(buckets.map(({ bucket }) => bucket)).toEqual(["0-30", "31-60", "61-90", "over-90", "never"])
    expect(Aging.bucketNames([30, 60], "age")).toEqual(["0-30", "31-60", "over-60"])
    expect(buckets.every(({ accounts, lots, points }) => points === 0n && lots === 0 && accounts === 0)).toBe(true)
  })

  it("counts whole calendar days in the zone, however few hours they take", () => {
    const status = { earnedAt: on("2025-03-29T23:30:00Z"), expiresAt: null }
    const at = on("2025-03-30T22:00:00Z")
    expect(Aging.days(status, at, "age", Zone.UTC)).toBe(1)
    expect(Aging.days(status, at, "age", Zone.Zone.make("Europe/Berlin"))).toBe(1)
    expect(Aging.days(status, at, "age", Zone.Zone.make("America/Chicago"))).toBe(1)
    expect(Aging.days(status, at - 1n, "age", Zone.Zone.make("Europe/Berlin"))).toBe(0)
    expect(Aging.days(status, at, "to-expiry", Zone.UTC)).toBeNull()
  })

  it("puts the last day of a bucket into it and the next into the next", () => {
    const aged = (days: number) => ({
      account: Ids.AccountKey.make("a"),
      lotId: lotId("x"),
      earnedAt: AT - BigInt(days) * MICROS_PER_DAY,
      expiresAt: null,
      points: pts(1),
      restored: 0n
    })
    const { buckets } = Aging.bucketed([aged(0), aged(30), aged(31), aged(365), aged(366)], AT, "age", {
      zone: Zone.UTC,
      agingBoundaries: [30, 60, 90, 180, 365]
    })
    expect(buckets.map(({ lots }) => lots)).toEqual([2, 1, 0, 0, 1, 1])
  })
})
