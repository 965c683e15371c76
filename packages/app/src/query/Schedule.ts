/** What expires when. */
import { AgingStore, type EventLog, type EventStore, type PolicyStore } from "@pointback/adapters"
import { type Ids, type Instant, Schedule } from "@pointback/domain"
import { Effect } from "effect"
import * as Known from "./Known.ts"

export interface ScheduleQuestion extends Known.KnownQuestion {
  /** Null for the whole program. */
  readonly account: Ids.AccountNumber | null
  readonly asOf: Instant.Instant
}

export interface ScheduleAnswer extends Omit<ScheduleQuestion, "knownAt">, Known.KnownAnswer, Schedule.Schedule {}

/** The points that are live as of an instant, by the date of the program's zone on which they expire. */
export const schedule = Effect.fn("schedule")(function* (
  question: ScheduleQuestion
): Effect.fn.Return<ScheduleAnswer, Known.QuestionError, AgingStore | EventLog | EventStore.EventStore | PolicyStore> {
  const { asOf, program } = question
  const known = Known.answered(question)
  const { zone } = yield* Known.policy(question)
  const account = yield* Known.accountOrAll(program, question.account)
  const expiring = yield* (yield* AgingStore).expiring({ program, account, asOf, knownAt: known.knownAt })
  return { ...question, ...known, ...Schedule.schedule(expiring, zone) }
})
