/** Which points an account or a program holds, how old they are, or how soon they expire. */
import { AgingStore, type DatabaseError, EventStore, type NumberedLot, PolicyStore } from "@pointback/adapters"
import { Aging, type Ids, type Instant } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownAccount, UnknownProgram } from "../error/AppError.ts"

export interface AgingQuestion {
  readonly program: Ids.ProgramId
  /** Null for the whole program. */
  readonly account: Ids.AccountNumber | null
  readonly asOf: Instant.Instant
  readonly basis: Aging.Basis
}

export interface AgingAnswer extends AgingQuestion, Aging.Aging {
  /** Lots with points, by account, then in draw order. */
  readonly lots: ReadonlyArray<NumberedLot>
}

/** Answers from all that is recorded by now. */
export const aging = Effect.fn("aging")(function* (
  question: AgingQuestion
): Effect.fn.Return<
  AgingAnswer,
  UnknownProgram | UnknownAccount | DatabaseError,
  AgingStore | EventStore.EventStore | PolicyStore
> {
  const { asOf, basis, program } = question
  const { known, policy } = yield* (yield* PolicyStore).current(program)
  if (!known) return yield* new UnknownProgram({ program })
  const account = question.account === null ? null : yield* findAccount(program, question.account)
  const lots = yield* (yield* AgingStore).lots({ program, account, asOf, knownAt: null })
  return { ...question, ...Aging.bucketed(lots, asOf, basis, policy), lots }
})

const findAccount = Effect.fnUntraced(function* (program: Ids.ProgramId, number: Ids.AccountNumber) {
  const account = yield* (yield* EventStore.EventStore).find(program, number)
  return account ?? (yield* new UnknownAccount({ program, account: number }))
})
