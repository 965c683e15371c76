/**
 * Turns on accounts: commands of one process on one account follow each other, so that they do not race to a conflict
 * that all but one would lose. Processes still race each other, and the version that an append expects decides.
 *
 * Inside a transaction nobody waits for a turn: whoever has it may be waiting for the connection that we hold.
 */
import type { Ids } from "@pointback/domain"
import { Deferred, Effect } from "effect"
import { CurrentTransaction } from "../database/CurrentTransaction.ts"

/** Runs an effect when it is its turn on the account; first come, first served. */
export type InTurn = (
  program: Ids.ProgramId,
  account: Ids.AccountNumber
) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Turns that are kept for as long as somebody has or wants them. */
export const make = (): InTurn => {
  // Who waits behind the one whose turn it is.
  const turns = new Map<string, Array<Deferred.Deferred<void>>>()

  const pass = (name: string): Effect.Effect<void> =>
    Effect.sync(() => {
      const next = turns.get(name)?.shift()
      if (next === undefined) turns.delete(name)
      else Deferred.doneUnsafe(next, Effect.void)
    })

  /** Gives up waiting; a turn that came at the same moment is passed on. */
  const leave = (name: string, mine: Deferred.Deferred<void>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const waiting = turns.get(name) ?? []
      const place = waiting.indexOf(mine)
      if (place === -1) return pass(name)
      waiting.splice(place, 1)
      return Effect.void
    })

  const take = (name: string, restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const waiting = turns.get(name)
      if (waiting === undefined) {
        turns.set(name, [])
        return Effect.void
      }
      const mine = Deferred.makeUnsafe<void>()
      waiting.push(mine)
      return Effect.onInterrupt(restore(Deferred.await(mine)), () => leave(name, mine))
    })

  return (program, account) => (effect) => {
    const name = `${program}\0${account}`
    const inTurn = Effect.uninterruptibleMask((restore) =>
      Effect.andThen(take(name, restore), Effect.ensuring(restore(effect), pass(name)))
    )
    return Effect.flatMap(CurrentTransaction, (transaction) => (transaction === undefined ? inTurn : effect))
  }
}
