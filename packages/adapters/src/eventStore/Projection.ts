/**
 * What facts make of the ledger and the read models: one pure function from an account's state and the facts that follow
 * to rows, used when they are appended, when read models are rebuilt, and when they are checked.
 *
 * @see semantics, laws L5 and L10
 */
import type { Instant, Points, Redemption } from "@pointback/domain"
import { Account, type Fact, type Ids, Journal, Lots } from "@pointback/domain"
import { Option } from "effect"

/** A posting, with what its lot holds after the entry, in the order of the log. */
export interface PostingRow {
  /** Which of the facts it belongs to, from 0, and its number in the entry, from 1. */
  readonly index: number
  readonly line: number
  readonly posting: Journal.Posting
  readonly occurredAt: Instant.Instant
  readonly total: Points.Points
  readonly restored: Points.Points
}

/** A lot after the facts. */
export interface LotRow {
  readonly lot: Lots.Lot
  /** The latest instant of the movements that these facts brought; the lot's opening where there were none. */
  readonly lastAt: Instant.Instant
  /** Whether one of them was recorded after a later one. */
  readonly late: boolean
}

/** What follows from some facts: their postings, and the lots and redemptions that they touch, as they are afterwards. */
export interface Projected {
  readonly state: Account.Account
  readonly postings: ReadonlyArray<PostingRow>
  readonly lots: ReadonlyArray<LotRow>
  readonly redemptions: ReadonlyArray<Exclude<Redemption.RedemptionState, { readonly _tag: "None" }>>
}

interface Touched {
  lastAt: Instant.Instant
  late: boolean
}

/** Projects facts of one account, in the order of the log, that follow a state. */
export const project = (before: Account.Account, facts: ReadonlyArray<Fact.Fact>): Projected => {
  const postings: Array<PostingRow> = []
  const touched = new Map<Ids.LotId, Touched>()
  const redemptions = new Set<Ids.RedemptionId>()
  let state = before
  for (let index = 0; index < facts.length; index++) {
    const fact = facts[index] as Fact.Fact
    const { occurredAt, stream } = fact
    const next = Account.evolve(state, fact)
    let line = 0
    for (const posting of Journal.entry(fact)) {
      const lot = lotOf(next, posting.lotId)
      touch(touched, Option.getOrUndefined(Lots.get(state.lots, posting.lotId)), lot, occurredAt)
      line++
      postings.push({ index, line, posting, occurredAt, total: lot.total, restored: lot.restored })
    }
    if (stream._tag === "Redemption") redemptions.add(stream.redemptionId)
    state = next
  }
  return {
    state,
    postings,
    lots: Array.from(touched, ([lotId, times]) => ({ lot: lotOf(state, lotId), ...times })),
    redemptions: Array.from(redemptions, (redemptionId) => {
      const redemption = Account.redemption(state, redemptionId)
      if (redemption._tag === "None") throw new Error(`no redemption ${redemptionId} after its own event`)
      return redemption
    })
  }
}

const lotOf = (account: Account.Account, lotId: Ids.LotId): Lots.Lot => Option.getOrThrow(Lots.get(account.lots, lotId))

const touch = (
  touched: Map<Ids.LotId, Touched>,
  before: Lots.Lot | undefined,
  after: Lots.Lot,
  at: Instant.Instant
): void => {
  const known = touched.get(after.lotId) ?? { lastAt: after.openedAt, late: false }
  // What expires in the event that restores it moves nothing, nor does a sweep.
  const moved = before === undefined || before.total !== after.total
  if (moved) {
    if (at > known.lastAt) known.lastAt = at
    if (before !== undefined && before.later !== null && before.later.at > at) known.late = true
  }
  touched.set(after.lotId, known)
}
