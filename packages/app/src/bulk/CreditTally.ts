/** What many credits came to, in numbers. It does not grow with them. */
import type { Points } from "@pointback/domain"
import type { Numbered } from "./CreditRecord.ts"
import { type BatchedCredit, type CreditResult, isNotSent, type Status, statusOf } from "./CreditResult.ts"

/** Credits that are named at most where nothing was credited; the report of a run has them all. */
export const MAXIMUM_NAMED_CREDITS = 100

/** A credit of a file, and what became of it. */
export type NumberedResult = CreditResult<BatchedCredit & Numbered>

export interface CreditTally {
  /** Credits that were begun. */
  readonly begun: number
  readonly outcomes: Readonly<Record<Status, number>>
  /** Of all outcomes, those that were known already. */
  readonly replayed: number
  /** Of those that are declined, the ones that were never sent. */
  readonly notSent: number
  readonly points: Points.Points
  readonly live: Points.Points
  readonly expired: Points.Points
  /** The first of those that nothing was credited of, in the order of their lines. */
  readonly uncredited: ReadonlyArray<NumberedResult>
}

export const nothing: CreditTally = {
  begun: 0,
  outcomes: {
    PartiallyCredited: 0,
    FullyCredited: 0,
    CreditDeclined: 0,
    CreditOutcomeUnknown: 0,
    refused: 0,
    waiting: 0,
    failed: 0
  },
  replayed: 0,
  notSent: 0,
  points: 0n,
  live: 0n,
  expired: 0n,
  uncredited: []
}

/** One result more; results may come in any order. */
export const add = (tally: CreditTally, result: NumberedResult): CreditTally => {
  const status = statusOf(result)
  const counted = {
    ...tally,
    begun: tally.begun + 1,
    outcomes: { ...tally.outcomes, [status]: tally.outcomes[status] + 1 }
  }
  if (result._tag === "Failed") return { ...counted, uncredited: insert(tally.uncredited, result) }
  const { outcome } = result
  const replayed = tally.replayed + (outcome.replayed ? 1 : 0)
  if (status !== "PartiallyCredited" && status !== "FullyCredited") {
    const notSent = tally.notSent + (isNotSent(outcome) ? 1 : 0)
    return { ...counted, replayed, notSent, uncredited: insert(tally.uncredited, result) }
  }
  return {
    ...counted,
    replayed,
    points: tally.points + outcome.points,
    live: tally.live + outcome.live,
    expired: tally.expired + outcome.expired
  }
}

const insert = (named: ReadonlyArray<NumberedResult>, result: NumberedResult): ReadonlyArray<NumberedResult> => {
  const before = named.findLastIndex(({ credit }) => credit.place < result.credit.place)
  return before + 1 === MAXIMUM_NAMED_CREDITS
    ? named
    : named.toSpliced(before + 1, 0, result).slice(0, MAXIMUM_NAMED_CREDITS)
}
