/**
 * Turns on accounts: commands of one process on one account follow each other, so that they do not race to a conflict
 * that all but one would lose. Processes still race each other, and the version that an append expects decides.
 */
import type { Ids } from "@pointback/domain"
import { Effect, RcMap, Scope, Semaphore } from "effect"

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
    (effect) =>
      Effect.scopedWith((scope) =>
        Effect.flatMap(
          RcMap.get(turns, JSON.stringify([program, account])).pipe(Effect.provideService(Scope.Scope, scope)),
          (turn) => turn.withPermit(effect)
        )
      )
)
