/**
 * An account's number was replaced. Commands and questions may use either number from then on; the account stays one, and
 * Mastercard is asked under the new number.
 *
 * @see semantics, section 3
 */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Decide, Ids, Instant, type Refusal } from "@pointback/domain"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { NumberTaken, UnknownAccount, UnknownProgram } from "../error/AppError.ts"
import type { Caller, ExecutionError, Target } from "./Command.ts"
import { originOf } from "./Command.ts"
import { newCorrelationId, untilAppended } from "./Execution.ts"

export interface AliasAccount extends Target {
  /** The number that took over. */
  readonly newAccount: Ids.AccountNumber
  readonly occurredAt: Instant.Instant
}

export interface AccountAliased extends Target {
  readonly newAccount: Ids.AccountNumber
  /** Whether the number was the account's already, so that nothing was done. */
  readonly replayed: boolean
}

/**
 * Records that a number took over. The number itself is the key: where it is the account's already, nothing is done; where
 * it is another account's, it fails with `NumberTaken`.
 */
export const aliasAccount = Effect.fn("aliasAccount")(function* (
  alias: AliasAccount,
  caller: Caller = {}
): Effect.fn.Return<AccountAliased, ExecutionError | NumberTaken, EventStore.EventStore> {
  const correlationId = caller.correlationId ?? (yield* newCorrelationId)
  return yield* Effect.flatten(untilAppended(alias, once(alias, originOf({ caller, key: null }, correlationId))))
})

const once = Effect.fnUntraced(function* (
  alias: AliasAccount,
  origin: EventStore.Origin
): Effect.fn.Return<
  Effect.Effect<AccountAliased, NumberTaken>,
  Refusal.Refusal | UnknownProgram | UnknownAccount | EventStore.VersionConflict | DatabaseError,
  EventStore.EventStore
> {
  const { account, newAccount, occurredAt, program } = alias
  const store = yield* EventStore.EventStore
  const target = { program, account }
  const loaded = yield* store.load({ ...target, lots: [], horizon: Instant.END, redemptions: [], keys: [] })
  if (!loaded.programKnown) return yield* new UnknownProgram({ program })
  // Called by its key, the account's numbers were erased, and it gets none again.
  if (loaded.account === null || String(loaded.account.key) === account) {
    return yield* new UnknownAccount({ program, account })
  }
  const holder = yield* store.find(program, newAccount)
  if (holder !== null) {
    return holder.key === loaded.account.key
      ? Effect.succeed({ program, account, newAccount, replayed: true })
      : Effect.fail(new NumberTaken({ program, account: newAccount }))
  }
  const key = Ids.AccountKey.make(randomUUID())
  const command = { _tag: "AliasAccount", alias: key, occurredAt } as const
  const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
  const events = facts.map((fact) => ({ fact, origin }))
  yield* store.append({ loaded, target, facts: events, keys: [], alias: { number: newAccount, key } })
  return Effect.succeed({ program, account, newAccount, replayed: false })
})
