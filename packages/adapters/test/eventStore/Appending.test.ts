/** Appends on a database that others write to at the same time, or whose clock goes its own way. */
import { Fact, Ids, Instant } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Result, Schedule } from "effect"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { EventStore, type StoredEvent } from "../../src/eventStore/EventStore.ts"
import * as Stores from "../../src/Stores.ts"
import { accountIn, append, resetClock, setClock } from "../support/Appending.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { freshDatabase } from "../support/Postgres.ts"
import { type AnyStore, databaseLayer, migrated } from "../support/StoresUnderTest.ts"

const program = Ids.ProgramId.make("program")
const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }

const fact: Fact.Fact = {
  stream: Fact.accountStream,
  occurredAt: Instant.fromStringUnsafe("2025-01-10T00:00:00Z"),
  event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
}

/** Loads an account, and appends to it what was decided then when it is told to. */
const prepare = Effect.fnUntraced(function* (name: string, count = 1) {
  const store = yield* EventStore
  const target = { program, account: Ids.AccountNumber.make(name) }
  const loaded = yield* store.load({ ...target, lots: [], horizon: Instant.END, redemptions: [], keys: [] })
  const facts = Array.from({ length: count }, () => ({ fact, origin }))
  return Effect.suspend(() => store.append({ loaded, target, facts, keys: [] }))
})

/** Positions from 1 without gaps, and instants that always go on, in every partition. */
const checkLog = Effect.gen(function* () {
  const events = yield* rows<{ partition: number; position: number; at: string }>(
    `select partition, position::int as position, micros(recorded_at)::text as at from events order by partition, position`
  )
  const heads = yield* rows<{ partition: number; position: number }>(
    "select partition, position::int as position from log_heads order by partition"
  )
  for (const { partition, position } of heads) {
    const ofPartition = events.filter((event) => event.partition === partition)
    assert.deepStrictEqual(
      ofPartition.map((event) => event.position),
      Array.from({ length: position }, (_, i) => i + 1)
    )
    for (const [index, { at }] of ofPartition.entries()) {
      if (index > 0) assert.isTrue(BigInt(at) > BigInt(ofPartition[index - 1]!.at), `recorded again at ${at}`)
    }
  }
  return events.length
})

describe.each(["pglite", "postgres"] as const)("appending on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
  })
  afterEach(() => runtime.runPromise(resetClock))
  afterAll(() => runtime.dispose())

  it("leaves no gaps where batches have conflicts in between", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const names = Array.from({ length: 40 }, (_, i) => `gap-free-${i}`)
        const counts = (index: number) => 1 + (index % 3)
        // While a program is being made, nobody else makes accounts in it.
        yield* append("gap-free")
        let expected = yield* checkLog
        for (let round = 0; round < 5; round++) {
          // Two decisions of each account on the same version: one of them is a conflict, among others that are not.
          const appends = yield* Effect.forEach([...names, ...names], (name, index) => prepare(name, counts(index)))
          const outcomes = yield* Effect.forEach(appends, (one) => Effect.result(one), { concurrency: "unbounded" })
          const won = outcomes.filter(Result.isSuccess).map(({ success }) => success)
          for (const outcome of outcomes) {
            if (Result.isFailure(outcome)) assert.strictEqual(outcome.failure._tag, "VersionConflict")
          }
          assert.strictEqual(won.length, names.length)
          assert.isTrue(won.every((events) => events.length > 0))
          expected += won.flat().length
          assert.strictEqual(yield* checkLog, expected)
          yield* checkAnswers(won.flat())
        }
      })
    ))

  it("records at ever later instants where the clock stands still or steps back", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const account = yield* accountIn(5)
        const recorded: Array<bigint> = []
        for (const now of ["2040-01-01", "2040-01-01", "2030-01-01", "2041-01-01", "2040-06-01"]) {
          yield* setClock(`${now}T00:00:00Z`)
          const events = yield* append(account, 3)
          recorded.push(...events.map(({ recordedAt }) => recordedAt))
          yield* checkAnswers(events)
        }
        const at = (day: string) => Instant.fromStringUnsafe(`${day}T00:00:00Z`)
        // Where the clock stands still or behind, a microsecond after the last; where it is ahead, by the clock.
        const offsets = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map((micros) => at("2040-01-01") + micros)
        const ahead = [0n, 1n, 2n, 3n, 4n, 5n].map((micros) => at("2041-01-01") + micros)
        assert.deepStrictEqual(recorded, [...offsets, ...ahead])
        yield* checkLog
      })
    ))
})

/** What appends answered is what is stored. */
const checkAnswers = Effect.fnUntraced(function* (events: ReadonlyArray<StoredEvent>) {
  const stored = yield* rows<{ id: string; partition: number; position: number; at: string; version: number }>(
    `select event_id::text as id, partition, position::int as position, micros(recorded_at)::text as at,
      account_version::int as version from events`
  )
  const byId = new Map(stored.map(({ id, ...row }) => [id, row]))
  for (const { account, accountVersion, eventId, position, recordedAt } of events) {
    assert.deepStrictEqual(byId.get(eventId), {
      partition: account.partition,
      position,
      at: `${recordedAt}`,
      version: accountVersion
    })
  }
})

describe("two stores on one PostgreSQL", () => {
  /** Stores that have nothing in common but the database, as two processes have. */
  const stores = async (count: number) => {
    const url = await freshDatabase(migrated)
    const runtimes = Array.from({ length: count }, () =>
      ManagedRuntime.make(Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url })))
    )
    afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())))
    return runtimes
  }
  let both: Awaited<ReturnType<typeof stores>>
  beforeAll(async () => {
    both = await stores(2)
  })

  it("make a program and its first accounts, each once, where everyone who lost loads again", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `first-${i}`)
    const make = (runtime: (typeof both)[number]) =>
      runtime.runPromise(
        Effect.forEach(
          names,
          (name) =>
            Effect.flatten(prepare(name)).pipe(
              Effect.retry({ times: 39, schedule: Schedule.jittered(Schedule.spaced("10 millis")) })
            ),
          { concurrency: "unbounded" }
        )
      )
    const appended = (await Promise.all(both.map(make))).flat(2)
    assert.strictEqual(appended.length, names.length * 2)
    assert.strictEqual(new Set(appended.map(({ account }) => account.key)).size, names.length)
    assert.strictEqual(await both[0]!.runPromise(checkLog), names.length * 2)
  })

  it("make an account of each number once: one wins, the other loads again", async () => {
    // While a program is being made, nobody else makes accounts in it.
    await both[0]!.runPromise(append("first"))
    const before = await both[0]!.runPromise(checkLog)
    const names = Array.from({ length: 60 }, (_, i) => `number-${i}`)
    const prepared = await Promise.all(
      // In opposite orders, so that each waits for the other.
      both.map((runtime, index) =>
        runtime.runPromise(Effect.forEach(index === 0 ? names : names.toReversed(), (name) => prepare(name)))
      )
    )
    const outcomes = await Promise.all(
      both.map((runtime, index) =>
        runtime.runPromise(Effect.forEach(prepared[index]!, (one) => Effect.result(one), { concurrency: "unbounded" }))
      )
    )
    const [ours, theirs] = outcomes as [(typeof outcomes)[number], (typeof outcomes)[number]]
    for (const [index, one] of ours.entries()) {
      const other = theirs[names.length - 1 - index]!
      const won = [one, other].filter(Result.isSuccess)
      const lost = [one, other].filter(Result.isFailure)
      assert.deepStrictEqual([won.length, lost.map(({ failure }) => failure._tag)], [1, ["VersionConflict"]])
    }
    const made = await both[0]!.runPromise(
      rows<{ count: number }>(
        "select count(*)::int from accounts a join account_numbers n using (account_key) where account_number like 'number-%'"
      )
    )
    assert.deepStrictEqual(made, [{ count: names.length }])
    assert.strictEqual(await both[1]!.runPromise(checkLog), before + names.length)
  })

  it("leave no gaps while both write to all partitions, conflicts in between", async () => {
    const before = await both[0]!.runPromise(checkLog)
    const names = Array.from({ length: 20 }, (_, i) => `shared-${i}`)
    await both[0]!.runPromise(Effect.forEach(names, (name) => append(name)))
    const write = (runtime: (typeof both)[number]) =>
      runtime.runPromise(
        Effect.forEach(
          Array.from({ length: 10 }, () => names).flat(),
          (name) => Effect.result(Effect.flatten(prepare(name, 2))),
          { concurrency: 40 }
        )
      )
    const outcomes = (await Promise.all(both.map(write))).flat()
    for (const outcome of outcomes) {
      if (Result.isFailure(outcome)) assert.strictEqual(outcome.failure._tag, "VersionConflict")
    }
    const won = outcomes.filter(Result.isSuccess).length
    assert.isAbove(won, 0)
    assert.isBelow(won, outcomes.length)
    assert.strictEqual(await both[1]!.runPromise(checkLog), before + names.length + won * 2)
  })
})
