/** What another writer does at the same time; the store's own behaviour is part of the event store's contract. */
import { Fact, Ids, Instant, Refusal } from "@pointback/domain"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { Database } from "../../src/database/Database.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"
import * as Stores from "../../src/Stores.ts"
import { freshDatabase } from "../support/Postgres.ts"
import { migrated } from "../support/StoresUnderTest.ts"

const program = Ids.ProgramId.make("program")
const account = Ids.AccountNumber.make("220094110178641288073796026652")
const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }

const fact: Fact.Fact = {
  stream: Fact.accountStream,
  occurredAt: Instant.fromStringUnsafe("2025-01-10T00:00:00Z"),
  event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
}

/** A program that is known, and its first account in a transaction that waits with its commit. */
const firstAccount = Effect.fnUntraced(function* (made: Deferred.Deferred<void>, commit: Deferred.Deferred<void>) {
  const database = yield* Database
  const store = yield* EventStore
  const loaded = yield* store.load({ program, account, lots: [], horizon: 0n, redemptions: [], keys: [] })
  yield* database.transaction(
    Effect.gen(function* () {
      const stored = yield* store.append({ loaded, target: { program, account }, facts: [{ fact, origin }], keys: [] })
      assert.strictEqual(stored.length, 1)
      yield* Deferred.succeed(made, undefined)
      yield* Deferred.await(commit)
    })
  )
})

describe("policies on PostgreSQL", () => {
  it("waits for a first account that is being made, and then no longer changes the scale", async () => {
    const layer = Stores.layer.pipe(Layer.provideMerge(PostgresDatabase.layer({ url: await freshDatabase(migrated) })))
    const race = Effect.gen(function* () {
      const policies = yield* PolicyStore
      yield* policies.revise(program, (terms) => ({ ...terms, scale: 4 }))
      const [made, commit] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const making = yield* Effect.forkChild(firstAccount(made, commit))
      yield* Deferred.await(made)
      const revising = yield* Effect.forkChild(
        Effect.flip(policies.revise(program, (terms) => ({ ...terms, scale: 0 })))
      )
      // Long enough for the statement to have begun and to wait for the row.
      yield* Effect.sleep("300 millis")
      yield* Deferred.succeed(commit, undefined)
      yield* Fiber.join(making)
      assert.deepStrictEqual(yield* Fiber.join(revising), new Refusal.ScaleFixed({ scale: 4, requested: 0 }))
    })
    await Effect.runPromise(Effect.provide(race, layer))
  })
})
