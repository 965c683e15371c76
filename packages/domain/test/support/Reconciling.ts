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

/** What a field of a record may have on the other side instead. */
const change: fc.Arbitrary<Partial<SourceRecord>> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  fc.record({ at: fc.constantFrom(START + 9n * MINUTE, START + 30n * MINUTE, START + 2n * DAY) }),
  fc.record({ points: fc.constantFrom(40n, 41n) }),
  fc.record({ credit: fc.constantFrom(null, "c1", "c2") }),
  fc.record({ reference: fc.constantFrom(null, "m1", "m2") }),
  fc.record({ remaining: fc.constantFrom(null, 60n, 59n, 100n, 0n) }),
  fc.record({ status: fc.constantFrom("settled", "unknown", "declined") }),
  fc.record({ redemption: fc.constantFrom("R1", "R2", null) }),
  fc.record({ kind: fc.constantFrom("redemption", "credit") }),
  fc.constant({ lots: [{ lot: "a", points: 40n, expiresAt: null }] })
)

const changed = fc.tuple(change, change).map(([one, other]) => ({ ...one, ...other }))

/** A redemption with a credit or none, on two sides that are the same or nearly so. */
export const nearlyAlike = fc
  .record({ credits: fc.nat(2), changes: fc.array(changed, { minLength: 6, maxLength: 6 }), swapped: fc.boolean() })
  .map(({ changes, credits, swapped }) => {
    const records = [redeemed("R1", 100n), credited("R1", 40n, 0n, { credit: "c1", reference: "m1", remaining: 60n })]
    const of = (offset: number): ReadonlyArray<SourceRecord> =>
      [...records.slice(0, 1), ...Array.from({ length: credits }, () => records[1] as SourceRecord)].map(
        (record, index): SourceRecord => ({ ...record, ...changes[offset + index] })
      )
    return { here: of(0), there: swapped ? of(3).toReversed() : of(3) }
  })
