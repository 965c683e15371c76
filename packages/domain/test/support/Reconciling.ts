/** Records for tests of reconciliation: short to write, and random ones that collide often. */
import fc from "fast-check"
import type { Context } from "../../src/reconciliation/Rules.ts"
import { TOLERANCES } from "../../src/reconciliation/Rules.ts"
import type { SourceRecord } from "../../src/reconciliation/SourceRecord.ts"
import { fromStringUnsafe } from "../../src/time/Instant.ts"

export const MINUTE = 60_000_000n
export const DAY = 1440n * MINUTE

/** The first instant of the tests' year. */
export const START = fromStringUnsafe("2026-01-01T00:00:00Z")

/** Everything is looked at a year later, without a window. */
export const context: Context = { tolerances: TOLERANCES, window: null, at: START + 365n * DAY, complete: true }

const blank = { credit: null, reference: null, status: "settled", remaining: null, lots: null, eventId: null } as const

/** A redemption, so many days into the year. */
export const redeemed = (
  redemption: string,
  points: bigint,
  day = 0n,
  more: Partial<SourceRecord> = {}
): SourceRecord => ({ ...blank, kind: "redemption", redemption, points, at: START + day * DAY, ...more })

/** A credit of a redemption. */
export const credited = (
  redemption: string | null,
  points: bigint,
  day: bigint,
  more: Partial<SourceRecord> = {}
): SourceRecord => ({ ...blank, kind: "credit", redemption, points, at: START + day * DAY, ...more })

const name = (prefix: string) => fc.option(fc.constantFrom(`${prefix}1`, `${prefix}2`, `${prefix}3`))

/** Few points, few instants (some within the tolerance of each other), few names: candidates meet. */
const anyCredit = (redemption: fc.Arbitrary<string | null>): fc.Arbitrary<SourceRecord> =>
  fc
    .record({
      redemption,
      points: fc.constantFrom(10n, 20n, 30n),
      minutes: fc.constantFrom(0n, 5n, 8n, 20n, 3000n, 60_000n, 90_000n),
      credit: name("c"),
      reference: name("m"),
      remaining: fc.option(fc.constantFrom(0n, 10n, 20n)),
      lots: fc.option(fc.constantFrom([{ lot: "a", points: 10n, expiresAt: null }], []))
    })
    .map(({ minutes, ...record }) => ({
      kind: "credit",
      status: "settled",
      eventId: null,
      at: START + minutes * MINUTE,
      ...record
    }))

const redemptionIds = fc.constantFrom("R1", "R2")

const anyRedemption: fc.Arbitrary<SourceRecord> = fc
  .record({ id: redemptionIds, points: fc.constantFrom(1000n, 1001n), reference: name("r") })
  .map(({ id, points, reference }) => redeemed(id, points, 0n, { reference }))

/** One side of an account. `linked`: every credit names its redemption. */
export const side = (linked: boolean): fc.Arbitrary<ReadonlyArray<SourceRecord>> =>
  fc
    .tuple(
      fc.array(anyRedemption, { maxLength: 3 }),
      fc.array(anyCredit(linked ? redemptionIds : fc.option(redemptionIds)), { maxLength: 6 })
    )
    .map(([redemptions, credits]) => [...redemptions, ...credits])
