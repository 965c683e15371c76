/** Which points an account or a program holds, how old they are, or how soon they expire, on both clocks. */
import {
  AgingStore,
  type DatabaseError,
  type EventLog,
  type EventStore,
  KnownAt,
  type NumberedLot,
  type PolicyStore
} from "@pointback/adapters"
import { Aging, type Ids, type Instant, type Policy } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownAccount, UnknownProgram } from "../error/AppError.ts"
import * as Known from "./Known.ts"

export interface AgingQuestion extends Known.KnownQuestion {
  /** Null for the whole program. */
  readonly account: Ids.AccountNumber | null
  readonly asOf: Instant.Instant
  readonly basis: Aging.Basis
  /** Upper bounds of the buckets in days; those of the policy where none are given. */
  readonly boundaries?: ReadonlyArray<number> | undefined
  /** Whether a program's lots are wanted besides its buckets; those of an account always come. */
  readonly withLots?: boolean | undefined
}

export interface AgingAnswer extends Omit<AgingQuestion, "knownAt">, Known.KnownAnswer, Aging.Aging {
  /** The policy as known then, with the boundaries of the question. */
  readonly policy: Policy.Policy
  /** Lots with points, by account, then in draw order; of a program none unless they were asked for. */
  readonly lots: ReadonlyArray<NumberedLot>
}

type Stores = AgingStore | EventLog | EventStore.EventStore | PolicyStore

/**
 * Answers as of an instant, from what was recorded by another.
 *
 * @see semantics, section 8 and law L11
 */
export const aging = Effect.fn("aging")(function* (
  question: AgingQuestion
): Effect.fn.Return<AgingAnswer, Known.QuestionError, Stores> {
  return yield* question.account === null ? ofProgram(question) : ofAccount(question, question.account)
})

const bounded = (policy: Policy.Policy, { boundaries }: AgingQuestion): Policy.Policy =>
  boundaries === undefined ? policy : { ...policy, agingBoundaries: boundaries }

const ofAccount = Effect.fnUntraced(function* (
  question: AgingQuestion,
  account: Ids.AccountNumber
): Effect.fn.Return<AgingAnswer, Known.QuestionError, Stores> {
  const { asOf, basis, program } = question
  const found = yield* safeLots(question, account)
  if (!found.programKnown) return yield* new UnknownProgram({ program })
  if (found.account === null) return yield* new UnknownAccount({ program, account })
  const policy = bounded(found.policy, question)
  const aged = Aging.bucketed(found.lots, asOf, basis, policy)
  return { ...question, ...Known.answered(question), ...aged, policy, lots: found.lots }
})

// The answer says itself up to which instant it is safe, so that a question of the past is one round trip. Where it is
// not, the heads of the log are brought up to the clock, and it is asked again: appends may have come in between.
const safeLots = Effect.fnUntraced(function* (
  question: AgingQuestion,
  account: Ids.AccountNumber
): Effect.fn.Return<AccountLotsFound, KnownAt.KnownAtNotSafe | DatabaseError, AgingStore | EventLog> {
  const { asOf, program } = question
  const { knownAt } = Known.answered(question)
  const store = yield* AgingStore
  const ask = store.accountLots({ program, account, asOf, knownAt })
  const first = yield* ask
  if (knownAt === null || (first.safe !== null && knownAt <= first.safe)) return first
  yield* KnownAt.requireSafe(knownAt)
  return yield* ask
})

type AccountLotsFound = Effect.Success<ReturnType<AgingStore["Service"]["accountLots"]>>

const ofProgram = Effect.fnUntraced(function* (
  question: AgingQuestion
): Effect.fn.Return<AgingAnswer, Known.QuestionError, Stores> {
  const { asOf, basis, program } = question
  const known = Known.answered(question)
  const { knownAt } = known
  const policy = bounded(yield* Known.policy(question), question)
  const store = yield* AgingStore
  if (question.withLots === true) {
    const lots = yield* store.lots({ program, account: null, asOf, knownAt })
    return { ...question, ...known, ...Aging.bucketed(lots, asOf, basis, policy), policy, lots }
  }
  const segments = Aging.segments(asOf, basis, policy)
  const names = Aging.bucketNames(policy.agingBoundaries, basis)
  const aged = yield* store.buckets({ program, asOf, knownAt, basis, segments, names })
  return { ...question, ...known, ...aged, policy, lots: [] }
})
