import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { BreakType } from "../../src/reconciliation/Break.ts"
import { plainly } from "../../src/reconciliation/Agreement.ts"
import type { Outcome } from "../../src/reconciliation/Group.ts"
import { match, reconcile } from "../../src/reconciliation/Reconcile.ts"
import type { SourceRecord } from "../../src/reconciliation/SourceRecord.ts"
import { context, credited, DAY, MINUTE, nearlyAlike, redeemed, side, START } from "../support/Reconciling.ts"

const run = (here: ReadonlyArray<SourceRecord>, there: ReadonlyArray<SourceRecord>): Outcome =>
  reconcile({ account: "A", here, there }, context)

/** Types whose evidence has no other place: a record in one of them is in no match. */
const ALONE: ReadonlySet<BreakType> = new Set([
  "missingHere",
  "missingThere",
  "duplicateHere",
  "duplicateThere",
  "ambiguous"
])

/** How often each object is used: by a match, or by a break of records that have none. */
const uses = ({ breaks, matches }: Outcome): ReadonlyMap<SourceRecord, number> => {
  const counts = new Map<SourceRecord, number>()
  const use = (record: SourceRecord) => counts.set(record, (counts.get(record) ?? 0) + 1)
  for (const { here, there } of matches) [here, there].forEach(use)
  const matched = new Set(counts.keys())
  for (const { here, there, type } of breaks) {
    const records = [...here, ...there]
    if (ALONE.has(type) || !records.every((record) => matched.has(record))) records.forEach(use)
  }
  return counts
}

const MIRROR: Partial<Record<BreakType, BreakType>> = {
  missingHere: "missingThere",
  missingThere: "missingHere",
  duplicateHere: "duplicateThere",
  duplicateThere: "duplicateHere"
}

describe("laws of matching", () => {
  it("says the same of records in any order", () => {
    fc.assert(
      fc.property(
        side(false).chain((here) => fc.tuple(fc.constant(here), shuffled(here))),
        side(false).chain((there) => fc.tuple(fc.constant(there), shuffled(there))),
        ([here, otherHere], [there, otherThere]) => {
          const clean = ({ matches, ...rest }: Outcome) => ({ ...rest, matches: new Set(matches.map(textOf)) })
          expect(clean(run(otherHere, otherThere))).toEqual(clean(run(here, there)))
        }
      )
    )
  })

  it("uses every record of theirs exactly once, and every one of ours", () => {
    fc.assert(
      fc.property(side(false), side(false), (here, there) => {
        const counts = uses(run(here, there))
        for (const record of [...here, ...there]) expect(counts.get(record)).toBe(1)
      })
    )
  })

  it("matches no two records of different redemptions, kinds or names", () => {
    fc.assert(
      fc.property(side(false), side(false), (here, there) => {
        for (const match of run(here, there).matches) {
          const { here: mine, there: theirs } = match
          expect(mine.kind).toBe(theirs.kind)
          if (mine.redemption !== null && theirs.redemption !== null) expect(mine.redemption).toBe(theirs.redemption)
          if (match.rule === "reference" || match.rule === "creditId") continue
          if (mine.credit !== null && theirs.credit !== null) expect(mine.credit).toBe(theirs.credit)
          if (mine.kind === "credit" && match.rule !== "time") expect(mine.points).toBe(theirs.points)
        }
      })
    )
  })

  it("says the mirrored of sides that are swapped", () => {
    fc.assert(
      fc.property(side(true), side(true), (here, there) => {
        const one = run(here, there)
        const other = run(there, here)
        const typesOf = (outcome: Outcome) => outcome.breaks.map(({ type }) => type)
        // Of ours, law L1 has none that go beyond what was redeemed, and what remains of ours is computed.
        fc.pre(!REMAINING.test([...typesOf(one), ...typesOf(other)].join()))
        expect(typesOf(other).toSorted()).toEqual(
          typesOf(one)
            .map((type) => MIRROR[type] ?? type)
            .toSorted()
        )
        expect(other.matches.map(({ here: a, there: b }) => textOf({ here: b, there: a })).toSorted()).toEqual(
          one.matches.map(textOf).toSorted()
        )
      })
    )
  })

  it("adds one match and nothing else for a redemption or a credit that is the same on both sides", () => {
    fc.assert(
      fc.property(side(true), side(true), fc.boolean(), (here, there, isCredit) => {
        const added = isCredit ? credited("R9", 5n, 3n, { credit: "c9" }) : redeemed("R9", 5n)
        const before = run(here, there)
        const after = run([...here, added], [...there, added])
        expect(after.breaks).toEqual(before.breaks)
        expect(after.matches).toHaveLength(before.matches.length + 1)
      })
    )
  })

  it("says the same of an account at once and of its redemptions one by one, where every record names its own", () => {
    fc.assert(
      fc.property(side(true), side(true), (here, there) => {
        const whole = run(here, there)
        const parts = ["R1", "R2"].map((id) => {
          const of = (records: ReadonlyArray<SourceRecord>) => records.filter(({ redemption }) => redemption === id)
          return run(of(here), of(there))
        })
        expect(parts.flatMap(({ breaks }) => breaks).toSorted((a, b) => (a.identity < b.identity ? -1 : 1))).toEqual(
          whole.breaks.toSorted((a, b) => (a.identity < b.identity ? -1 : 1))
        )
        expect(parts.flatMap(({ matches }) => matches)).toEqual(whole.matches)
      })
    )
  })

  it("says the same of what plainly agrees as the whole matcher does", () => {
    const windows = fc.constantFrom(null, { from: START - DAY, to: START + 10n * MINUTE })
    let plain = 0
    fc.assert(
      fc.property(nearlyAlike, windows, ({ here, there }, window) => {
        const group = { account: "A", here, there }
        const wide = { ...context, window }
        const found = plainly(group, wide)
        if (found === undefined) return
        plain++
        expect(found).toEqual(match(group, wide))
      }),
      { numRuns: 1000 }
    )
    expect(plain).toBeGreaterThan(100)
  })

  it("gives every break an identity of its own, and the same one in another run", () => {
    fc.assert(
      fc.property(side(false), side(false), (here, there) => {
        const identities = run(here, there).breaks.map(({ identity }) => identity)
        expect(new Set(identities).size).toBe(identities.length)
        const later = reconcile({ account: "A", here, there }, { ...context, at: context.at + 1n })
        expect(later.breaks.map(({ identity }) => identity)).toEqual(identities)
      })
    )
  })
})

/** Breaks that look at what was redeemed and credited here alone. */
const REMAINING = /overCredited|remainingMismatch|stateMismatch/

const textOf = ({ here, there }: { readonly here: SourceRecord; readonly there: SourceRecord }): string =>
  JSON.stringify([here, there], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))

const shuffled = <A>(items: ReadonlyArray<A>): fc.Arbitrary<ReadonlyArray<A>> =>
  fc.shuffledSubarray([...items], { minLength: items.length })
