/** How a program's points outstanding moved from one balance to the next, and the events behind each number. */
import { AgingStore, type EventLog, type EventStore, type NumberedEntry, type PolicyStore } from "@pointback/adapters"
import { type Entry, type Ids, type Months, RollForward, Triangle } from "@pointback/domain"
import { Effect } from "effect"
import { type InvalidInterval, UnknownPeriod } from "../error/AppError.ts"
import * as Known from "./Known.ts"
import * as Periods from "./Periods.ts"

export interface RollForwardQuestion extends Known.KnownQuestion, Periods.Interval {
  /** One account of the program; all of them by default. */
  readonly account?: Ids.AccountNumber | null | undefined
  /** Whether each period is divided by the month in which the points were earned. */
  readonly withCohorts: boolean
}

export interface RollForwardAnswer extends Omit<RollForwardQuestion, "knownAt">, Known.KnownAnswer {
  readonly periods: ReadonlyArray<Months.Period>
  /** Of each period its cohorts, where they are asked for, then its total. */
  readonly rows: ReadonlyArray<RollForward.Row>
}

type Stores = AgingStore | EventLog | EventStore.EventStore | PolicyStore

/**
 * The roll-forward by month. It closes exactly (law L5).
 *
 * @see semantics, section 8
 */
export const rollForward = Effect.fn("rollForward")(function* (
  question: RollForwardQuestion
): Effect.fn.Return<RollForwardAnswer, Known.QuestionError | InvalidInterval, Stores> {
  const { program, withCohorts } = question
  const known = Known.answered(question)
  const { zone } = yield* Known.policy(question)
  const account = yield* Known.accountOrAll(program, question.account ?? null)
  const periods = yield* Periods.months(question, zone)
  const cells = yield* (yield* AgingStore).cells({
    program,
    account,
    knownAt: known.knownAt,
    periods,
    zone,
    withCohorts
  })
  return { ...question, ...known, periods, rows: RollForward.assemble(cells, periods, withCohorts) }
})

export interface CellEventsQuestion extends RollForwardQuestion {
  /** `YYYY-MM`; one of the question's. */
  readonly period: string
  readonly column: Entry.Column
}

export interface CellEventsAnswer extends Omit<CellEventsQuestion, "knownAt">, Known.KnownAnswer {
  /** In order of time; they add up to the cell. */
  readonly entries: ReadonlyArray<NumberedEntry>
}

/** The events of one cell of the roll-forward, over all cohorts. */
export const cellEvents = Effect.fn("cellEvents")(function* (
  question: CellEventsQuestion
): Effect.fn.Return<CellEventsAnswer, Known.QuestionError | InvalidInterval | UnknownPeriod, Stores> {
  const { column, program } = question
  const known = Known.answered(question)
  const { zone } = yield* Known.policy(question)
  const account = yield* Known.accountOrAll(program, question.account ?? null)
  const periods = yield* Periods.months(question, zone)
  const period = periods.find(({ name }) => name === question.period)
  if (period === undefined) {
    return yield* new UnknownPeriod({ period: question.period, periods: periods.map(({ name }) => name) })
  }
  const { from, to } = period
  const asked = { program, account, knownAt: known.knownAt, from, to, columns: [column], learnedAfter: null }
  const entries = yield* (yield* AgingStore).entries(asked)
  return { ...question, ...known, entries: entries.toSorted(RollForward.compareEntries) }
})

export interface TriangleQuestion extends Known.KnownQuestion, Periods.Interval {
  readonly measure: Triangle.Measure
}

export interface TriangleAnswer extends Omit<TriangleQuestion, "knownAt">, Known.KnownAnswer {
  readonly rows: ReadonlyArray<Triangle.TriangleRow>
}

/** Cohorts by age: the roll-forward with cohorts, turned, so that its last diagonal is the last period. */
export const triangle = Effect.fn("triangle")(function* (
  question: TriangleQuestion
): Effect.fn.Return<TriangleAnswer, Known.QuestionError | InvalidInterval, Stores> {
  const { periods, rows } = yield* rollForward({ ...question, withCohorts: true })
  return { ...question, ...Known.answered(question), rows: Triangle.triangle(rows, periods, question.measure) }
})
