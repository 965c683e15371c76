/**
 * What the other side says of a redemption: the same, or something else, in one of the ways in which two books can
 * differ. What is wrong is told beside it.
 */
import { type Instant, Points, type SourceRecord } from "@pointback/domain"
import type { Case } from "./Case.ts"
import type { Dice } from "./Dice.ts"
import * as Injecting from "./Injecting.ts"
import type { Line, Sides } from "./Sides.ts"

/** How often a line names our credit, the lots, and what remains, in percent. */
const NAMED = 60
const WITH_LOTS = 50
const WITH_REMAINING = 70

/** How often the other side's clock shows another time, in percent, and by how many seconds at most: nine minutes. */
const SKEWED = 50
const SKEW = 540

/** How often and how the sides differ. */
export interface Differing {
  /** Redemptions in a hundred that have a break. */
  readonly breaks: number
  /** Whether credits of unknown outcome are among them, which no file of records can say of our side. */
  readonly held: boolean
  /** The end of the statement: no record is later. */
  readonly until: Instant.Instant
}

/** Both sides of a case. */
export const sidesOf = (found: Case, dice: Dice, { breaks, held, until }: Differing): Sides => {
  const here = [found.redemption, ...found.credits]
  const remaining = found.redemption.points - Points.sum(found.credits.map(({ points }) => points))
  const there = here
    .filter((record) => record !== found.twice?.second)
    .map((record, index): Line => ({ origin: record, record: toldOf(record, remaining, index, dice) }))
  const plain: Sides = { here, there, truth: null }
  if (found.twice !== null) return Injecting.recordedTwice(plain, found.twice.first, found.twice.second)
  return dice.chance(breaks) ? Injecting.inject({ ...plain, remaining, dice, until }, held) : plain
}

const toldOf = (
  record: SourceRecord.SourceRecord,
  remaining: Points.Points,
  index: number,
  dice: Dice
): SourceRecord.SourceRecord => {
  const named = dice.chance(NAMED)
  const withLots = dice.chance(WITH_LOTS)
  const withRemaining = dice.chance(WITH_REMAINING)
  const skew = dice.chance(SKEWED) ? BigInt(dice.between(-SKEW, SKEW)) * 1_000_000n : 0n
  return {
    ...record,
    at: record.at + skew,
    credit: named ? record.credit : null,
    reference: `m-${record.redemption}-${index}`,
    remaining: withRemaining ? (record.kind === "redemption" ? remaining : record.remaining) : null,
    lots: withLots ? record.lots : null
  }
}
