/**
 * Turns on accounts: commands of one process on one account follow each other, so that they do not race to a conflict
 * that all but one would lose. Processes still race each other, and the version that an append expects decides.
 *
 * Inside a transaction nobody waits for a turn: whoever has it may be waiting for the connection that we hold.
 */
import type { Ids } from "@pointback/domain"
import { Effect, RcMap, Scope, Semaphore } from "effect"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"

/** Runs an effect when it is its turn on the account; first come, first served. */
export type InTurn = (
  program: Ids.ProgramId,
  account: Ids.AccountNumber
) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Turns that are kept for as long as somebody waits for them. */
export const make: Effect.Effect<InTurn, never, Scope.Scope> = Effect.map(
  RcMap.make({ lookup: (_account: string) => Semaphore.make(1) }),
  (turns): InTurn =>
    (program, account) =>
    (effect) => {
      const turnOf = RcMap.get(turns, JSON.stringify([program, account]))
      const inTurn = Effect.scopedWith((scope) =>
        Effect.flatMap(Effect.provideService(turnOf, Scope.Scope, scope), (turn) => turn.withPermit(effect))
      )
      return Effect.flatMap(CurrentTransaction, (transaction) => (transaction === undefined ? inTurn : effect))
    }
)
