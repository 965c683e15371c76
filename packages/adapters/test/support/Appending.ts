import { Fact, Ids, Instant } from "@pointback/domain"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { EventStore, type StoredEvent } from "../../src/eventStore/EventStore.ts"
import { PARTITIONS } from "../../src/eventStore/Partition.ts"
import { rows } from "./DatabaseUnderTest.ts"

/*
 * Events for tests of the log, which move no points: what counts is where they stand.
 */

const program = Ids.ProgramId.make("program")
const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }

const fact: Fact.Fact = {
  stream: Fact.accountStream,
  occurredAt: Instant.fromStringUnsafe("2025-01-10T00:00:00Z"),
  event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
}

/** Appends some events to an account, all at once. */
export const append = Effect.fnUntraced(function* (account: string, count = 1) {
  const store = yield* EventStore
  const target = { program, account: Ids.AccountNumber.make(account) }
  const loaded = yield* store.load({
    ...target,
    lots: [],
    horizon: Instant.END,
    redemptions: [],
    keys: []
  })
  const facts = Array.from({ length: count }, () => ({ fact, origin }))
  return yield* store.append({ loaded, target, facts, keys: [] })
})

let made = 0

/** A new account in a partition; it has one event. */
export const accountIn = Effect.fnUntraced(function* (partition: number) {
  while (true) {
    const account = `account-${made++}`
    const [stored] = yield* append(account)
    if (stored?.account.partition === partition) return account
  }
})

/** An account in each partition, by the partition's number. */
export const accountInEach = Effect.forEach(
  Array.from({ length: PARTITIONS }, (_, partition) => partition),
  accountIn
)

/** Where an event stands, as one text. */
export const place = ({ account, position }: StoredEvent): string => `${account.partition}:${position}`

/** Sets the database's clock; it stands still from then on. */
export const setClock = (instant: string) =>
  rows(
    `create or replace function current_instant() returns timestamptz language sql volatile as
      $$ select timestamptz '${instant}' $$`
  )

/** Lets the database's clock run again. */
export const resetClock = rows(
  `create or replace function current_instant() returns timestamptz language sql volatile as
    'select clock_timestamp()'`
)

/** Appends in a transaction that stays open until `end` completes. `begun` runs when the append is written. */
export const appendUntil = (account: string, begun: Effect.Effect<unknown>, end: Effect.Effect<unknown>) =>
  Database.use((database) => database.transaction(append(account).pipe(Effect.tap(begun), Effect.tap(end))))
