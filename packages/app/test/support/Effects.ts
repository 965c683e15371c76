/** What is stored of each key: read from the events of its account, and from nothing else. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Stream } from "effect"
import type { OfAccount } from "./Order.ts"

/** The effects of one key. */
export interface Effects {
  /** Events that say that it was begun: of a credit over Mastercard its request, of all others the booking itself. */
  readonly begun: number
  /** Events that book it. */
  readonly booked: number
}

/** Accounts that are read side by side. */
const SIDE_BY_SIDE = 4

/** The effects of every key of these accounts, by `Order.keyOf`. */
export const effectsOf = Effect.fnUntraced(function* (
  accounts: ReadonlyArray<OfAccount>
): Effect.fn.Return<ReadonlyMap<string, Effects>, DatabaseError, EventStore.EventStore> {
  const effects = new Map<string, Effects>()
  const add = (key: string, part: Partial<Effects>) => {
    const { begun, booked } = effects.get(key) ?? { begun: 0, booked: 0 }
    effects.set(key, { begun: begun + (part.begun ?? 0), booked: booked + (part.booked ?? 0) })
  }
  yield* Effect.forEach(
    accounts,
    (name) =>
      Effect.map(eventsOf(name), (events) => {
        const requested = new Set<string>()
        for (const event of events) addEvent(`${name.program} ${name.account}`, event, requested, add)
      }),
    { concurrency: SIDE_BY_SIDE, discard: true }
  )
  return effects
})

/** Every event of an account, none where nothing was ever recorded of it. */
export const eventsOf = Effect.fnUntraced(function* ({
  account,
  program
}: OfAccount): Effect.fn.Return<ReadonlyArray<EventStore.StoredEvent>, DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const ref = yield* store.find(Ids.ProgramId.make(program), Ids.AccountNumber.make(account))
  return ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
})

const ONCE: Effects = { begun: 1, booked: 1 }

const addEvent = (
  account: string,
  { fact: { event }, idempotencyKey }: EventStore.StoredEvent,
  requested: Set<string>,
  add: (key: string, part: Partial<Effects>) => void
): void => {
  switch (event._tag) {
    case "PointsEarned":
      return add(`earn ${account} ${event.lotId}`, ONCE)
    case "Redeemed":
      return add(`redeem ${account} ${event.redemptionId}`, ONCE)
    case "PointsAdjusted":
      return add(`adjust ${account} ${idempotencyKey}`, ONCE)
    case "CreditRequested":
      requested.add(event.creditId)
      return add(`credit ${account} ${event.creditId}`, { begun: 1 })
    case "PartiallyCredited":
    case "FullyCredited":
      return add(`credit ${account} ${event.creditId}`, requested.has(event.creditId) ? { booked: 1 } : ONCE)
    case "CreditDeclined":
    case "CreditOutcomeUnknown":
    case "PointsExpired":
    case "AccountAliased":
      return
  }
}
