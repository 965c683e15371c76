/**
 * What a question of the past is asked by (law L11): an instant of knowledge that is safe for ever, or none, and then
 * the answer counts all that is committed and is provisional.
 */
import { type DatabaseError, type EventLog, EventStore, KnownAt, PolicyStore } from "@pointback/adapters"
import type { Ids, Instant, Policy } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownAccount, UnknownProgram } from "../error/AppError.ts"

/** A question about a program, as known at an instant. */
export interface KnownQuestion {
  readonly program: Ids.ProgramId
  /** Facts that were recorded by then; all that is recorded where there is none, which makes the answer provisional. */
  readonly knownAt?: Instant.Instant | null | undefined
}

/** By what a question was answered. */
export interface KnownAnswer {
  readonly knownAt: Instant.Instant | null
  /** Whether facts that are recorded later can change the answer. */
  readonly provisional: boolean
}

/** By what a question is answered. */
export const answered = ({ knownAt }: KnownQuestion): KnownAnswer => ({
  knownAt: knownAt ?? null,
  provisional: (knownAt ?? null) === null
})

/** How a question of the past fails. */
export type QuestionError = UnknownProgram | UnknownAccount | KnownAt.KnownAtNotSafe | DatabaseError

/**
 * The program's policy as known at the question's instant: its zone and its buckets are those of the answer. Fails
 * where there is no such program, and where what was known then can still change.
 */
export const policy = Effect.fnUntraced(function* (
  question: KnownQuestion
): Effect.fn.Return<Policy.Policy, UnknownProgram | KnownAt.KnownAtNotSafe | DatabaseError, PolicyStore | EventLog> {
  const { program } = question
  const { knownAt } = answered(question)
  if (knownAt !== null) yield* KnownAt.requireSafe(knownAt)
  const { known, policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  return known ? policy : yield* new UnknownProgram({ program })
})

/** Where the account's rows are. */
export const account = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  number: Ids.AccountNumber
): Effect.fn.Return<EventStore.AccountRef, UnknownAccount | DatabaseError, EventStore.EventStore> {
  const found = yield* (yield* EventStore.EventStore).find(program, number)
  return found ?? (yield* new UnknownAccount({ program, account: number }))
})

/** The same where one is named; null for the whole program. */
export const accountOrAll = (program: Ids.ProgramId, number: Ids.AccountNumber | null) =>
  number === null ? Effect.succeed(null) : account(program, number)
