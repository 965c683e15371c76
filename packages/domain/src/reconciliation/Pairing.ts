/**
 * Finds which records of two sides are the same. Nothing is chosen: where a record could be one of several, all of them
 * are put together as doubtful.
 */
import type { CreditRule, MatchRule, Tolerances } from "./Rules.ts"
import type { SourceRecord } from "./SourceRecord.ts"

/** Two records that are the same. */
export interface Pair {
  readonly rule: MatchRule
  readonly here: SourceRecord
  readonly there: SourceRecord
}

/** Records that belong together in a way that is not one to one. */
export interface Tangle {
  readonly here: ReadonlyArray<SourceRecord>
  readonly there: ReadonlyArray<SourceRecord>
}

/** What came of some records; each of them is in one place only. */
export interface Paired {
  readonly pairs: ReadonlyArray<Pair>
  /** Several of one name on one side. */
  readonly duplicates: ReadonlyArray<Tangle>
  readonly ambiguous: ReadonlyArray<Tangle>
  readonly here: ReadonlyArray<SourceRecord>
  readonly there: ReadonlyArray<SourceRecord>
}

/** A redemption with what was paired of it. */
export interface OfRedemption extends Paired {
  readonly redemption: string
  /** Every record of ours of it. */
  readonly all: ReadonlyArray<SourceRecord>
}

/** Tries the rules one after the other. Records must come in the order of `SourceRecord.order`. */
export const pairBy = (
  rules: ReadonlyArray<CreditRule>,
  here: ReadonlyArray<SourceRecord>,
  there: ReadonlyArray<SourceRecord>,
  tolerances: Tolerances
): Paired => {
  const pairs: Array<Pair> = []
  const duplicates: Array<Tangle> = []
  const ambiguous: Array<Tangle> = []
  let left: Tangle = { here, there }
  for (const rule of rules) {
    if (left.here.length === 0 || left.there.length === 0) break
    // One object may stand on both sides.
    const used = { here: new Set<SourceRecord>(), there: new Set<SourceRecord>() }
    for (const tangle of tanglesOf(rule, left, tolerances)) {
      for (const record of tangle.here) used.here.add(record)
      for (const record of tangle.there) used.there.add(record)
      if (tangle.here.length === 1 && tangle.there.length === 1) {
        pairs.push({ rule: rule.rule, here: tangle.here[0] as SourceRecord, there: tangle.there[0] as SourceRecord })
      } else if (rule.named && isRepetition(tangle)) duplicates.push(tangle)
      else ambiguous.push(tangle)
    }
    if (used.here.size > 0) left = { here: without(left.here, used.here), there: without(left.there, used.there) }
  }
  return { pairs, duplicates, ambiguous, ...left }
}

/** The records that are not used yet. */
export const without = (
  records: ReadonlyArray<SourceRecord>,
  used: ReadonlySet<SourceRecord>
): ReadonlyArray<SourceRecord> => records.filter((record) => !used.has(record))

/** One record on one side, and several of the same points on the other. */
const isRepetition = ({ here, there }: Tangle): boolean => {
  const several = here.length === 1 ? there : there.length === 1 ? here : []
  return several.length > 1 && several.every(({ points }) => points === several[0]?.points)
}

/** The parts of the two sides that a rule connects, each with a record of either side at least. */
const tanglesOf = (rule: CreditRule, { here, there }: Tangle, tolerances: Tolerances): ReadonlyArray<Tangle> => {
  const byKey = new Map<string, Array<SourceRecord>>()
  for (const record of there) {
    const key = rule.key(record)
    if (key === null) continue
    const bucket = byKey.get(key)
    if (bucket === undefined) byKey.set(key, [record])
    else bucket.push(record)
  }
  const hereOf = new Map<SourceRecord, Array<SourceRecord>>()
  const thereOf = new Map<SourceRecord, ReadonlyArray<SourceRecord>>()
  for (const record of here) {
    const key = rule.key(record)
    const joined = (key === null ? [] : (byKey.get(key) ?? [])).filter((other) => rule.joins(record, other, tolerances))
    if (joined.length === 0) continue
    thereOf.set(record, joined)
    for (const other of joined) {
      const back = hereOf.get(other)
      if (back === undefined) hereOf.set(other, [record])
      else back.push(record)
    }
  }
  const seen = { here: new Set<SourceRecord>(), there: new Set<SourceRecord>() }
  return here.flatMap((start) =>
    thereOf.has(start) && !seen.here.has(start) ? [reach(start, thereOf, hereOf, seen)] : []
  )
}

/** Everything that is connected with a record of ours. */
const reach = (
  start: SourceRecord,
  thereOf: ReadonlyMap<SourceRecord, ReadonlyArray<SourceRecord>>,
  hereOf: ReadonlyMap<SourceRecord, ReadonlyArray<SourceRecord>>,
  seen: { readonly here: Set<SourceRecord>; readonly there: Set<SourceRecord> }
): Tangle => {
  const here = [start]
  const there: Array<SourceRecord> = []
  seen.here.add(start)
  // Grows while it is walked.
  for (const record of here) {
    for (const other of thereOf.get(record) ?? []) {
      if (seen.there.has(other)) continue
      seen.there.add(other)
      there.push(other)
      for (const back of hereOf.get(other) ?? []) {
        if (seen.here.has(back)) continue
        seen.here.add(back)
        here.push(back)
      }
    }
  }
  return { here, there }
}
