/**
 * Holds the records of one account on two sides against each other. The result does not depend on the order of the
 * records, uses each of them once, and chooses between none.
 *
 * All records of an account are given together, or all records of one redemption where every record names its own: what
 * is found is the same.
 *
 * @see semantics, section 9
 */
import { compare } from "../identity/Ids.ts"
import * as Points from "../points/Points.ts"
import * as Agreement from "./Agreement.ts"
import * as Break from "./Break.ts"
import * as Comparing from "./Comparing.ts"
import * as Leftovers from "./Leftovers.ts"
import type { Group, Match, Outcome } from "./Group.ts"
import { type OfRedemption, type Pair, pairBy, type Paired, without } from "./Pairing.ts"
import * as Rules from "./Rules.ts"
import * as SourceRecord from "./SourceRecord.ts"

/** Holds a group's records against each other. */
export const reconcile = (group: Group, context: Rules.Context): Outcome =>
  Agreement.plainly(group, context) ?? match(group, context)

/** The same without a look at whether they plainly agree. */
export const match = (group: Group, context: Rules.Context): Outcome => {
  const breaks: Array<Break.Break> = []
  const copies = withoutCopies(group.there.toSorted(SourceRecord.order), "duplicateThere", group.account, breaks)
  const ours = withoutCopies(group.here.toSorted(SourceRecord.order), "duplicateHere", group.account, breaks)
  const here = byRedemption(ours)
  const there = byRedemption(copies)
  const pairs: Array<Pair> = []
  const settled: Array<OfRedemption> = []
  for (const redemption of new Set([...here.keys(), ...there.keys()].toSorted(compare))) {
    if (redemption === UNLINKED) continue
    const paired = pairRedemption(here.get(redemption) ?? [], there.get(redemption) ?? [], context)
    settled.push({ redemption, all: here.get(redemption) ?? [], ...paired })
  }
  const unlinked = linkOthers(settled, there.get(UNLINKED) ?? [], here.get(UNLINKED) ?? [], context)
  for (const found of unlinked.settled) {
    pairs.push(...found.pairs)
    breaks.push(...breaksOf(group.account, found, unlinked.left.there, context))
  }
  pairs.push(...unlinked.loose.pairs)
  breaks.push(...Leftovers.tangled(group.account, unlinked.loose), ...Leftovers.unlinked(group.account, unlinked.left))
  if (breaks.length === 0) breaks.push(...balanceBreak(group, context))
  const paired = new Set(pairs.map((pair) => pair.here))
  return {
    matches: pairs.map(matchOf),
    breaks: distinct(breaks),
    here: group.here.filter((record) => paired.has(record) || isCounted(record, context)).length,
    there: group.there.length
  }
}

const isCounted = (record: SourceRecord.SourceRecord, { tolerances, window }: Rules.Context): boolean =>
  record.status !== "declined" && Rules.isDue(record, window, tolerances)

const matchOf = ({ here, rule, there }: Pair): Match => ({
  rule,
  here,
  there,
  points: SourceRecord.difference(here, there),
  time: SourceRecord.distance(here, there)
})

/** Records that say nothing of a redemption; no redemption has an empty id. */
const UNLINKED = ""

type Records = ReadonlyArray<SourceRecord.SourceRecord>

const byRedemption = (records: Records): ReadonlyMap<string, Records> => {
  const groups = new Map<string, Array<SourceRecord.SourceRecord>>()
  for (const record of records) {
    const redemption = record.redemption ?? UNLINKED
    const group = groups.get(redemption)
    if (group === undefined) groups.set(redemption, [record])
    else group.push(record)
  }
  return groups
}

/** Takes out records that say the very same as the one before them. Records come in order. */
const withoutCopies = (
  records: Records,
  type: "duplicateHere" | "duplicateThere",
  account: string,
  breaks: Array<Break.Break>
): Records => {
  const kept: Array<SourceRecord.SourceRecord> = []
  let copies: Array<SourceRecord.SourceRecord> = []
  const tell = () => {
    if (copies.length > 0) breaks.push(Leftovers.copied(account, type, copies))
    copies = []
  }
  for (const record of records) {
    const last = kept.at(-1)
    if (last !== undefined && SourceRecord.isSame(last, record)) copies.push(record)
    else {
      tell()
      kept.push(record)
    }
  }
  tell()
  return kept
}

const isOpen = ({ status }: SourceRecord.SourceRecord): boolean => status !== "declined"

const pairRedemption = (here: Records, there: Records, { tolerances }: Rules.Context): Paired => {
  const of = (records: Records, kind: string) => records.filter((record) => record.kind === kind)
  const redemptions = pairBy([Rules.REDEMPTION_RULE], of(here, "redemption"), of(there, "redemption"), tolerances)
  const credits = pairBy(Rules.CREDIT_RULES, of(here, "credit").filter(isOpen), of(there, "credit"), tolerances)
  return {
    pairs: [...redemptions.pairs, ...credits.pairs],
    duplicates: [...redemptions.duplicates, ...credits.duplicates],
    ambiguous: [...redemptions.ambiguous, ...credits.ambiguous],
    here: [...redemptions.here, ...credits.here],
    there: [...redemptions.there, ...credits.there]
  }
}

/** Finds the redemption of credits that name none, among all credits of the account that are left. */
const linkOthers = (
  settled: ReadonlyArray<OfRedemption>,
  there: Records,
  here: Records,
  { tolerances }: Rules.Context
) => {
  const open = { here: settled.flatMap((found) => found.here), there: settled.flatMap((found) => found.there) }
  const isCredit = ({ kind }: SourceRecord.SourceRecord) => kind === "credit"
  const theirs = pairBy(Rules.UNLINKED_RULES, open.here.filter(isCredit), there, tolerances)
  const ours = pairBy(Rules.UNLINKED_RULES, here, open.there.filter(isCredit), tolerances)
  const loose: Paired = {
    pairs: [...theirs.pairs, ...ours.pairs],
    duplicates: [...theirs.duplicates, ...ours.duplicates],
    ambiguous: [...theirs.ambiguous, ...ours.ambiguous],
    here: [],
    there: []
  }
  const tangles = [...loose.duplicates, ...loose.ambiguous]
  const usedHere = new Set([...loose.pairs.map((pair) => pair.here), ...tangles.flatMap((tangle) => tangle.here)])
  const usedThere = new Set([...loose.pairs.map((pair) => pair.there), ...tangles.flatMap((tangle) => tangle.there)])
  return {
    settled: settled.map((found) => {
      const mine = loose.pairs.filter(({ here: record }) => record.redemption === found.redemption)
      return {
        ...found,
        pairs: [...found.pairs, ...mine],
        here: without(found.here, usedHere),
        there: without(found.there, usedThere)
      }
    }),
    loose: { ...loose, pairs: loose.pairs.filter(({ here: record }) => record.redemption === null) },
    left: { here: ours.here, there: theirs.there }
  }
}

const breaksOf = (
  account: string,
  found: OfRedemption,
  unlinked: Records,
  context: Rules.Context
): ReadonlyArray<Break.Break> => {
  const moving = [
    ...Leftovers.tangled(account, found),
    ...Leftovers.left(account, found, unlinked, context),
    ...Comparing.amounts(account, found, context)
  ]
  // What remains follows from the points that moved: while those differ, it tells nothing more.
  const remaining = moving.length === 0 ? Comparing.remaining(account, found, context) : []
  return [...moving, ...remaining, ...Comparing.times(account, found, context), ...Comparing.lots(account, found)]
}

const balanceBreak = ({ account, balances }: Group, { at, tolerances }: Rules.Context): ReadonlyArray<Break.Break> => {
  if (balances === undefined) return []
  const points = balances.there - balances.here
  const magnitude = points < 0n ? -points : points
  if (magnitude <= tolerances.points) return []
  const reason =
    `the account holds ${Points.toString(balances.there)} points there and ${Points.toString(balances.here)} here, ` +
    "while its redemptions and credits agree"
  return [
    Break.make("amountMismatch", { account, points: magnitude, whole: true, since: at, remedy: "person", reason })
  ]
}

/** Breaks in their order. Records that a source names alike give breaks of one identity; a number tells those apart. */
const distinct = (breaks: ReadonlyArray<Break.Break>): ReadonlyArray<Break.Break> => {
  const counts = new Map<string, number>()
  return breaks.toSorted(compareWhole).map((found) => {
    const count = (counts.get(found.identity) ?? 0) + 1
    counts.set(found.identity, count)
    return count === 1 ? found : { ...found, identity: `${found.identity} ${count}` }
  })
}

const compareWhole = (a: Break.Break, b: Break.Break): number =>
  Break.compareBreaks(a, b) || compareRecords(a.here, b.here) || compareRecords(a.there, b.there)

const compareRecords = (a: Records, b: Records): number => {
  for (const [index, record] of a.entries()) {
    const other = b[index]
    const order = other === undefined ? 1 : SourceRecord.order(record, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}
