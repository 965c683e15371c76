/** An erasure removes an account's number and nothing else; what is in flight at that moment ends well. */
import { type Decide, Ids } from "@pointback/domain"
import { Deferred, Effect, Fiber, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Verification from "../../src/audit/Verification.ts"
import type { Database } from "../../src/database/Database.ts"
import * as Erasure from "../../src/erasure/Erasure.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import * as Stores from "../../src/Stores.ts"
import { append, load, origin, program, redeemed, requestCredit, run } from "../audit/Tampering.ts"
import { dialects, inTransaction, rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

let made = 0

/** An account of its own for each test, with a redemption. */
const newAccount = Effect.suspend(() => {
  const account = Ids.AccountNumber.make(`account-${made++}`)
  return Effect.as(run(account, redeemed), account)
})

const erase = (account: Ids.AccountNumber) =>
  Erasure.erase({ program, account, actor: Ids.Actor.make("dpo"), reason: "asked for, case 7" })

const numbers = rows<{ account_number: string }>("select account_number from account_numbers order by account_number")

const everythingElse = Effect.forEach(
  ["accounts", "events", "postings", "lots", "redemptions", "idempotency_keys", "log_heads", "programs", "policies"],
  (table) => rows(`select row_to_json(t)::text as row from ${table} t order by row_to_json(t)::text collate "C"`)
)

/** A later credit of the redemption, which is recorded without being asked for. */
const recordCredit = { ...requestCredit, _tag: "RecordCredit", origin: "ours", mastercard: null } as Decide.Command

describe.each(dialects)("an erasure on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
  })
  afterAll(() => runtime.dispose())

  const test = (name: string, effect: Effect.Effect<void, unknown, AnyStore | Database>) =>
    it(name, () => runtime.runPromise(effect))

  test(
    "removes the number, records that it did, and leaves everything else",
    Effect.gen(function* () {
      const account = yield* newAccount
      const other = yield* newAccount
      const { account: before } = yield* load(account)
      const [others, stored] = [yield* numbers, yield* everythingElse]
      const erased = yield* erase(account)
      assert.strictEqual(erased?.account, before?.key)
      assert.deepStrictEqual(
        yield* numbers,
        others.filter(({ account_number }) => account_number !== account)
      )
      assert.deepStrictEqual(yield* everythingElse, stored)
      assert.isNotNull((yield* load(other)).account)
      const recorded = yield* rows(
        `select partition, program, account_key, actor, reason from erasures where account_key = '${before!.key}'`
      )
      assert.deepStrictEqual(recorded, [
        { partition: before!.partition, program, account_key: before!.key, actor: "dpo", reason: "asked for, case 7" }
      ])
      assert.deepStrictEqual((yield* Verification.verify(null)).differences, [])
    })
  )

  test(
    "is done once, and of accounts that there are",
    Effect.gen(function* () {
      const account = yield* newAccount
      assert.isNotNull(yield* erase(account))
      assert.isNull(yield* erase(account))
      assert.isNull(yield* erase(Ids.AccountNumber.make("nobody")))
    })
  )

  test(
    "lets the number begin anew, as another account",
    Effect.gen(function* () {
      const account = yield* newAccount
      const erased = yield* erase(account)
      assert.isNull((yield* load(account)).account)
      yield* run(account, redeemed)
      const again = yield* load(account)
      assert.isNotNull(again.account)
      assert.notStrictEqual(again.account?.key, erased?.account)
      assert.strictEqual(again.version, redeemed.length)
      const second = yield* erase(account)
      assert.strictEqual(second?.account, again.account?.key)
      assert.deepStrictEqual((yield* Verification.verify(null)).differences, [])
    })
  )

  test(
    "is refused while a credit is in flight, which it names",
    Effect.gen(function* () {
      const account = yield* newAccount
      yield* run(account, [requestCredit])
      const refusal = yield* Effect.flip(erase(account))
      assert.deepInclude(refusal as object, { _tag: "CreditInFlight", redemptionId: "R1", creditId: "c3" })
      assert.isNotNull((yield* load(account)).account)
    })
  )

  test(
    "leaves to the history what had found the account before",
    Effect.gen(function* () {
      const account = yield* newAccount
      const loaded = yield* load(account)
      const erased = yield* erase(account)
      const events = yield* append(loaded, account, recordCredit, origin)
      assert.deepStrictEqual(
        events.map((event) => event.account.key),
        [erased?.account]
      )
      assert.deepStrictEqual((yield* Verification.verify(null)).differences, [])
    })
  )

  test(
    "makes a credit that had found the account before look for it again",
    Effect.gen(function* () {
      const account = yield* newAccount
      const loaded = yield* load(account)
      yield* erase(account)
      const stored = yield* everythingElse
      const failure = yield* Effect.flip(append(loaded, account, requestCredit, origin))
      assert.strictEqual(failure._tag, "VersionConflict")
      assert.deepStrictEqual(yield* everythingElse, stored)
      assert.isNull((yield* load(account)).account)
    })
  )

  test(
    "is kept: its record is neither changed nor removed",
    Effect.gen(function* () {
      yield* erase(yield* newAccount)
      for (const statement of ["update erasures set reason = 'x'", "delete from erasures", "truncate erasures"]) {
        assert.strictEqual((yield* Effect.flip(rows(statement)))._tag, "DatabaseError")
      }
    })
  )

  test(
    "is found undone by verify when the number is back",
    Effect.gen(function* () {
      const account = yield* newAccount
      const erased = yield* erase(account)
      const { key, partition } = { key: erased!.account, partition: 0 }
      yield* rows(`insert into account_numbers (program, account_number, partition, account_key)
        values ('${program}', '${account}', ${partition}, '${key}')`)
      const { differences } = yield* Verification.verify(null)
      assert.deepInclude(differences, {
        check: "versions",
        program,
        account: key,
        place: "account",
        problem: "was erased and has a number"
      })
      yield* rows(`delete from account_numbers where account_key = '${key}'`)
    })
  )
})

describe("an erasure on a server", () => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer("postgres")))
  })
  afterAll(() => runtime.dispose())

  it("waits for a credit that is being requested, and is refused", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const account = yield* newAccount
        const store = yield* EventStore
        const written = yield* Deferred.make<void>()
        const end = yield* Deferred.make<void>()
        const requesting = inTransaction(
          run(account, [requestCredit]).pipe(
            Effect.andThen(Deferred.succeed(written, undefined)),
            Effect.andThen(Deferred.await(end))
          )
        ).pipe(Effect.provideService(EventStore, store))
        const request = yield* Effect.forkChild(requesting)
        yield* Deferred.await(written)
        const erasing = yield* Effect.forkChild(Effect.flip(erase(account)))
        const waiting = rows(
          "select from pg_stat_activity where query like '%erase_account%' and wait_event_type = 'Lock'"
        )
        yield* Effect.repeat(waiting, { until: (found) => found.length > 0 })
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(request)
        assert.strictEqual((yield* Fiber.join(erasing))._tag, "CreditInFlight")
      })
    ))
})
