/** A person is forgotten: the account's number goes, its history stays without a name. */
import { type Database, type DatabaseError, Erasure, EventStore, PolicyStore } from "@pointback/adapters"
import type { Refusal } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownAccount, UnknownProgram } from "../error/AppError.ts"

/**
 * Erases an account's number. Commands of this process on the account are through by then; those of others that have
 * found the account already are still recorded, without the number too.
 */
export const eraseAccount = Effect.fn("eraseAccount")(function* (
  erase: Erasure.Erase
): Effect.fn.Return<
  Erasure.Erased,
  UnknownProgram | UnknownAccount | Refusal.CreditInFlight | DatabaseError,
  Database | EventStore.EventStore | PolicyStore
> {
  const { account, program } = erase
  const store = yield* EventStore.EventStore
  const { known } = yield* (yield* PolicyStore).current(program)
  if (!known) return yield* new UnknownProgram({ program })
  const erased = yield* store.inTurn(program, account)(Erasure.erase(erase))
  return erased ?? (yield* new UnknownAccount({ program, account }))
})
