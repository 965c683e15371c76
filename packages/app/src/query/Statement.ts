/** An account's statement: what it held, what happened, what it holds, and what of it expires when. */
import { AgingStore, type EventLog, type EventStore, type PolicyStore, type PositionKnown } from "@pointback/adapters"
import { Entry, type Ids, Points, Schedule, Statement } from "@pointback/domain"
import { Effect } from "effect"
import type { InvalidInterval } from "../error/AppError.ts"
import * as Known from "./Known.ts"
import * as Periods from "./Periods.ts"

export interface StatementQuestion extends Known.KnownQuestion, Periods.Interval {
  readonly account: Ids.AccountNumber
}

export interface StatementAnswer extends Omit<StatementQuestion, "knownAt">, Known.KnownAnswer, Statement.Statement {
  /** What is live at the end of the period, by the date of its expiry. */
  readonly expiring: Schedule.Schedule
  /** How far the log of the account's partition had come: whatever is recorded later is not in the statement. */
  readonly computedAt: PositionKnown
}

/** The lots' points just before an instant are those of the instant a microsecond earlier, the least that is kept. */
const JUST_BEFORE = 1n

/**
 * A statement over [from, to). Without an instant of knowledge it says how far the log had come, and all its parts are
 * as known then, whatever is appended meanwhile.
 *
 * @see semantics, section 8
 */
export const statement = Effect.fn("statement")(function* (
  question: StatementQuestion
): Effect.fn.Return<
  StatementAnswer,
  Known.QuestionError | InvalidInterval,
  AgingStore | EventLog | EventStore.EventStore | PolicyStore
> {
  const { from, program, to } = question
  const known = Known.answered(question)
  const { zone } = yield* Known.policy(question)
  yield* Periods.require(question)
  const account = yield* Known.account(program, question.account)
  const store = yield* AgingStore
  const computedAt = yield* store.position(account.partition, known.knownAt)
  // What the head of the account's partition has recorded is committed, and nothing will be recorded before it.
  const asked = { program, account, knownAt: known.knownAt ?? computedAt.recordedAt }
  const before = yield* store.lots({ ...asked, asOf: from - JUST_BEFORE })
  const entries = yield* store.entries({ ...asked, from, to, columns: Entry.COLUMNS, learnedAfter: null })
  const expiring = yield* store.expiring({ ...asked, asOf: to - JUST_BEFORE })
  return {
    ...question,
    ...known,
    ...Statement.statement(Points.sum(before.map(({ points }) => points)), entries),
    expiring: Schedule.schedule(expiring, zone),
    computedAt
  }
})
