/** Stores of every kind for tests of use cases, and what is stored behind them. */
import { EventStore, MemoryStores, Stores, Verification } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import { afterAll, beforeAll } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer, type Implementation } from "../../../adapters/test/support/StoresUnderTest.ts"
import { program } from "./Commands.ts"

export { implementations } from "../../../adapters/test/support/StoresUnderTest.ts"

/** The tables that a refusal must leave as they are, and the order of their rows. */
const TABLES = {
  events: "partition, position",
  postings: "partition, position, line",
  lots: "partition, program, account_key, lot_id",
  redemptions: "partition, program, account_key, redemption_id",
  accounts: "partition, program, account_key",
  account_numbers: "program, account_number",
  log_heads: "partition",
  programs: "program",
  policies: "program, version"
}

/** Every row of the tables that a refusal must leave as they are, as text. */
export const dumpTables = Effect.forEach(Object.entries(TABLES), ([table, order]) =>
  Effect.map(
    rows<{ row: string }>(`select row_to_json(t)::text as row from ${table} t order by ${order}`),
    (found) => ({
      table,
      rows: found.map(({ row }) => row)
    })
  )
)

/** How many idempotency keys are remembered. */
export const countKeys = Effect.map(
  rows<{ count: number }>("select count(*)::int as count from idempotency_keys"),
  (found) => found[0]!.count
)

/** One set of empty stores. */
export interface World {
  readonly run: <A, E>(effect: Effect.Effect<A, E, AnyStore>) => Promise<A>
  /** Everything but keys: the account's events in memory, all tables of a database. */
  readonly dump: (account: Ids.AccountNumber) => Promise<unknown>
  /** Keys that are remembered in the database; none can be counted in memory. */
  readonly keys: () => Promise<number | undefined>
  /** Differences that `verify` finds; memory has nothing to compare. */
  readonly differences: () => Promise<ReadonlyArray<unknown>>
}

const eventsOf = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  const store = yield* EventStore.EventStore
  const ref = yield* store.find(program, account)
  return ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
})

/** Stores for the surrounding `describe`, made before and closed after its tests. */
export const worldFor = (implementation: Implementation): World =>
  implementation === "memory" ? inMemory() : inDatabase(implementation)

const inMemory = (): World => {
  const run = runtimeOf(() => Promise.resolve(MemoryStores.layer))
  return {
    run,
    dump: (account) => run(eventsOf(account)),
    keys: () => Promise.resolve(undefined),
    differences: () => Promise.resolve([])
  }
}

const inDatabase = (implementation: Exclude<Implementation, "memory">): World => {
  const run = runtimeOf(async () => Layer.provideMerge(Stores.layer, await databaseLayer(implementation)))
  return {
    run,
    dump: () => run(dumpTables),
    keys: () => run(countKeys),
    differences: () => run(Effect.map(Verification.verify(null), ({ differences }) => differences))
  }
}

const runtimeOf = <R>(layer: () => Promise<Layer.Layer<R, unknown>>) => {
  let runtime: ManagedRuntime.ManagedRuntime<R, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(await layer())
    await runtime.runPromise(Effect.void)
  })
  afterAll(() => runtime.dispose())
  return <A, E>(effect: Effect.Effect<A, E, R>): Promise<A> => runtime.runPromise(effect)
}
