/** What was learned between two instants about a third one: which numbers moved, and by which events. */
import {
  AgingStore,
  type EventLog,
  type EventStore,
  type NumberedEntry,
  type NumberedLot,
  type PolicyStore
} from "@pointback/adapters"
import { Aging, type Entry, type Ids, Instant, Restatement } from "@pointback/domain"
import { Effect } from "effect"
import { InvalidInterval } from "../error/AppError.ts"
import * as Known from "./Known.ts"

/** The same instant at two states of knowledge. */
export interface RestatementQuestion {
  readonly program: Ids.ProgramId
  /** Null for the whole program. */
  readonly account: Ids.AccountNumber | null
  readonly asOf: Instant.Instant
  readonly basis: Aging.Basis
  /** The earlier knowledge. */
  readonly knownFrom: Instant.Instant
  /** The later knowledge. */
  readonly knownTo: Instant.Instant
}

/** A lot that moved, with the number of its account. */
export interface NumberedRestatedLot extends Restatement.RestatedLot {
  readonly number: string
}

/** What moved between the two states of knowledge, and the events that moved it. */
export interface RestatementAnswer extends RestatementQuestion {
  readonly before: Aging.Aging
  readonly after: Aging.Aging
  readonly buckets: ReadonlyArray<Restatement.RestatedBucket>
  /** By account, then in draw order. */
  readonly lots: ReadonlyArray<NumberedRestatedLot>
  /** In order of time. Of each lot they add up to what it moved by. */
  readonly events: ReadonlyArray<NumberedEntry>
}

/** The columns that change what a live lot holds. */
const MOVING: ReadonlyArray<Entry.Column> = ["earned", "adjusted", "redeemed", "creditedLive"]

/**
 * The same instant by two states of knowledge (law L11). Buckets of both are those of the policies as known then, so a
 * change of the policy moves buckets, and no event is named for it.
 *
 * @see semantics, section 8
 */
export const restatement = Effect.fn("restatement")(function* (
  question: RestatementQuestion
): Effect.fn.Return<
  RestatementAnswer,
  Known.QuestionError | InvalidInterval,
  AgingStore | EventLog | EventStore.EventStore | PolicyStore
> {
  const { asOf, basis, knownFrom, knownTo, program } = question
  if (knownFrom > knownTo) {
    const problem = "the earlier knowledge comes first"
    return yield* new InvalidInterval({ from: Instant.toString(knownFrom), to: Instant.toString(knownTo), problem })
  }
  const [policyThen, policyNow] = [
    yield* Known.policy({ program, knownAt: knownFrom }),
    yield* Known.policy({ program, knownAt: knownTo })
  ]
  const account = yield* Known.accountOrAll(program, question.account)
  const store = yield* AgingStore
  const then = yield* store.lots({ program, account, asOf, knownAt: knownFrom })
  const now = yield* store.lots({ program, account, asOf, knownAt: knownTo })
  const lots = Restatement.restatedLots(then, now)
  const span = { from: Instant.EARLIEST, to: asOf + 1n }
  const learned =
    lots.length === 0
      ? []
      : yield* store.entries({ program, account, ...span, columns: MOVING, knownAt: knownTo, learnedAfter: knownFrom })
  const [before, after] = [Aging.bucketed(then, asOf, basis, policyThen), Aging.bucketed(now, asOf, basis, policyNow)]
  return {
    ...question,
    before,
    after,
    buckets: Restatement.restatedBuckets(before, after),
    lots: numbered(lots, [...then, ...now]),
    events: Restatement.movedBy(learned, lots)
  }
})

const numbered = (
  lots: ReadonlyArray<Restatement.RestatedLot>,
  all: ReadonlyArray<NumberedLot>
): ReadonlyArray<NumberedRestatedLot> => {
  const numbers = new Map(all.map(({ account, number }) => [account, number]))
  return lots.map((lot) => ({ ...lot, number: numbers.get(lot.account) ?? lot.account }))
}
