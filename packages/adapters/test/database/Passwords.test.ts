/** Passwords of the database that are fetched, on a server that asks for them. */
import { Effect, Logger, Redacted } from "effect"
import { inspect } from "node:util"
import { assert, it } from "vitest"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { inTransaction, rows } from "../support/DatabaseUnderTest.ts"
import { passwordServer } from "../support/PasswordServer.ts"

const server = passwordServer()

const both = Effect.all(
  [1, 2].map(() => inTransaction(rows("select pg_sleep(0.2)"))),
  { concurrency: 2 }
)

it("are asked for by each new connection, before what the URL says", async () => {
  await server.administer("alter user app password 'first'")
  let present = "first"
  let asked = 0
  const password = Effect.sync(() => {
    asked++
    return Redacted.make(present)
  })
  const run = Effect.gen(function* () {
    yield* rows("select 1")
    yield* rows("select 1")
    assert.strictEqual(asked, 1)
    yield* both
    assert.strictEqual(asked, 2)
    // The password ends, and with it the connections.
    yield* Effect.promise(() => server.administer("alter user app password 'second'"))
    present = "second"
    yield* Effect.promise(() =>
      server.administer("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'")
    )
    yield* Effect.retry(rows("select 1"), { times: 3 })
    assert.strictEqual(asked, 3)
  })
  await Effect.runPromise(
    Effect.provide(run, PostgresDatabase.layer({ url: server.url("that of the URL"), password, poolSize: 2 }))
  )
})

const failing = async (password: Effect.Effect<Redacted.Redacted, unknown>) => {
  const logged: Array<string> = []
  const logger = Logger.make((entry) => void logged.push(inspect(entry, { depth: 9 })))
  const error = await Effect.runPromise(
    Effect.flip(Effect.provide(rows("select 1"), PostgresDatabase.layer({ url: server.url(), password }))).pipe(
      Effect.provide(Logger.layer([logger]))
    )
  )
  const told =
    inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.message + logged.join("\n")
  return { told, reason: "reason" in error ? error.reason : error }
}

it("that cannot be had are told as a database that cannot be reached, without what was said instead", async () => {
  const { reason, told } = await failing(Effect.fail(new RangeError("token-of-the-vault")))
  assert.deepStrictEqual(reason, { _tag: "Unreachable", outcomeUnknown: false })
  assert.include(told, "the password of the database could not be had (RangeError)")
  assert.notInclude(told, "token-of-the-vault")
  const died = await failing(Effect.die(new Error("token-of-the-vault")))
  assert.notInclude(died.told, "token-of-the-vault")
})

it("that are wrong are refused by the server, and not shown", async () => {
  await server.administer("alter user app password 'right'")
  const { reason, told } = await failing(Effect.succeed(Redacted.make("wrong-password-that-is-secret")))
  assert.deepStrictEqual(reason, { _tag: "Other", sqlState: "28P01" })
  assert.notInclude(told, "wrong-password-that-is-secret")
})
