/**
 * The plain case, decided without looking for candidates: a redemption, with one credit or none, that is the same on both
 * sides. Most redemptions are like that, and a program has millions. A property test holds that it says the same as the
 * whole matcher.
 */
import type { Group, Outcome } from "./Group.ts"
import type { Context, MatchRule } from "./Rules.ts"
import { distance, type SourceRecord } from "./SourceRecord.ts"

/** The outcome of a group that plainly agrees; undefined where the matcher must look. */
export const plainly = ({ balances, here, there }: Group, context: Context): Outcome | undefined => {
  if (balances !== undefined || here.length !== there.length || here.length === 0 || here.length > 2) return undefined
  const mine = first(here)
  const other = first(there)
  if (mine === undefined || other === undefined) return undefined
  if (mine.redemption === null || mine.redemption !== other.redemption) return undefined
  if (!isSame(mine, other, context)) return undefined
  const [credit, theirCredit] = [second(here, mine), second(there, other)]
  const left = mine.points - (credit === undefined ? 0n : credit.points)
  if (other.remaining !== null && other.remaining !== left) return undefined
  const match = { rule: "redemptionId", here: mine, there: other, points: 0n, time: distance(mine, other) } as const
  if (credit === undefined || theirCredit === undefined) return outcomeOf([match])
  if (credit.kind !== "credit" || theirCredit.kind !== "credit" || credit.redemption !== theirCredit.redemption) {
    return undefined
  }
  const rule = ruleOf(credit, theirCredit)
  if (rule === undefined || !isSame(credit, theirCredit, context)) return undefined
  if (credit.redemption !== mine.redemption || !isBefore(credit, context)) return undefined
  if (theirCredit.remaining !== null && theirCredit.remaining !== credit.remaining) return undefined
  return outcomeOf([match, { rule, here: credit, there: theirCredit, points: 0n, time: distance(credit, theirCredit) }])
}

const outcomeOf = (matches: Outcome["matches"]): Outcome => ({
  matches,
  breaks: [],
  here: matches.length,
  there: matches.length
})

const first = (records: ReadonlyArray<SourceRecord>): SourceRecord | undefined =>
  records[0]?.kind === "redemption" ? records[0] : records[1]?.kind === "redemption" ? records[1] : undefined

const second = (records: ReadonlyArray<SourceRecord>, redemption: SourceRecord): SourceRecord | undefined =>
  records[0] === redemption ? records[1] : records[0]

const isSame = (here: SourceRecord, there: SourceRecord, { tolerances }: Context): boolean =>
  here.status === "settled" &&
  there.status === "settled" &&
  here.points === there.points &&
  distance(here, there) <= tolerances.time &&
  (here.lots === null || there.lots === null)

/** What remains of the redemption at the end of the window counts this credit. */
const isBefore = ({ at }: SourceRecord, { window }: Context): boolean => window === null || at < window.to

const ruleOf = (here: SourceRecord, there: SourceRecord): MatchRule | undefined => {
  if (here.credit !== null && there.credit !== null) return here.credit === there.credit ? "creditId" : undefined
  if (here.reference === null || there.reference === null) return "pointsAndTime"
  return here.reference === there.reference ? "reference" : undefined
}
