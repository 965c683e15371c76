/** Whole histories of the domain's tests, written through the event store. */
import { type Fact, Ids, Instant, type Policy } from "@pointback/domain"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { history, policyOf } from "../../../domain/test/support/History.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"

export const program = Ids.ProgramId.make("program")

const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: "tester" }

/** Appends facts to an account as one command. */
export const appendFacts = Effect.fnUntraced(function* (account: string, facts: ReadonlyArray<Fact.Fact>) {
  const store = yield* EventStore
  const target = { program, account: Ids.AccountNumber.make(account) }
  const redemptions = facts.flatMap(({ stream }) => (stream._tag === "Redemption" ? [stream.redemptionId] : []))
  const loaded = yield* store.load({
    ...target,
    lots: [{ _tag: "All" }],
    horizon: Instant.EARLIEST,
    redemptions: Array.from(new Set(redemptions)),
    keys: []
  })
  return yield* store.append({ loaded, target, facts: facts.map((fact) => ({ fact, origin })), keys: [] })
})

const EXTEND: ReadonlyArray<Policy.ExpiredLots> = [{ _tag: "Extend", days: 30 }]

/**
 * Generated histories, by account: the facts of each command. The seed makes them the same in every run. Each history is
 * under one of the fates of what a credit returns to an expired lot.
 */
export const histories = (
  accounts: number,
  seed: number,
  fates: ReadonlyArray<Policy.ExpiredLots> = EXTEND
): ReadonlyArray<readonly [account: string, commands: ReadonlyArray<ReadonlyArray<Fact.Fact>>]> =>
  fc
    .sample(
      fc.constantFrom(...fates).chain((fate) => history(policyOf(fate))),
      { numRuns: accounts, seed }
    )
    .map(({ steps }, index) => [
      `account-${index}`,
      steps.map(({ outcome }) => Result.getOrElse(outcome, () => [])).filter((facts) => facts.length > 0)
    ])

/** Writes generated histories, accounts side by side. */
export const writeHistories = Effect.fnUntraced(function* (
  accounts: number,
  seed: number,
  fates: ReadonlyArray<Policy.ExpiredLots> = EXTEND
): Effect.fn.Return<void, unknown, EventStore | PolicyStore> {
  yield* (yield* PolicyStore).revise(program, (terms) => ({ ...terms, scale: 4 }))
  yield* Effect.forEach(
    histories(accounts, seed, fates),
    ([account, commands]) => Effect.forEach(commands, (facts) => appendFacts(account, facts), { discard: true }),
    { concurrency: 8, discard: true }
  )
})
