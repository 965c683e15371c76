import { createServer } from "node:net"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Layer, Logger, Redacted } from "effect"
import { sql } from "kysely"
import { describe, expect, test } from "vitest"
import { Database } from "../../src/database/Database.ts"
import type { DatabaseError } from "../../src/database/DatabaseError.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { inTransaction, rows } from "../support/DatabaseUnderTest.ts"
import { asAdministrator, urlOf } from "../support/Databases.ts"
import { freshDatabase } from "../support/Postgres.ts"

const url = await freshDatabase()
const name = new URL(Redacted.value(url)).pathname.slice(1)

type Options = Omit<PostgresDatabase.PostgresOptions, "url">

const run = <A, E>(effect: Effect.Effect<A, E, Database>, options: Options = {}): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, PostgresDatabase.layer({ url, ...options })))

const reasonOf = <A, R>(effect: Effect.Effect<A, DatabaseError, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

/** How many sessions of this test's database there are, our own aside. */
const sessions = (condition = "true"): Promise<number> =>
  asAdministrator(Redacted.value(url), async (client) => {
    const found = await client.query<{ count: string }>(
      `select count(*) from pg_stat_activity
       where datname = $1 and pid <> pg_backend_pid() and backend_type = 'client backend' and ${condition}`,
      [name]
    )
    return Number(found.rows[0]?.count)
  })

/** How many of them are inside a transaction, or do anything at all. */
const busySessions = () => sessions("state <> 'idle'")

const killSessions = () =>
  asAdministrator(Redacted.value(url), (client) =>
    client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
      [name]
    )
  )

/** Where everybody waits until so many have come; later ones pass. */
const meeting = (size: number): Effect.Effect<void> => {
  const complete = Deferred.makeUnsafe<void>()
  let come = 0
  return Effect.suspend(() =>
    ++come < size ? Deferred.await(complete) : Effect.asVoid(Deferred.succeed(complete, undefined))
  )
}

/** How long it takes, in milliseconds. */
const elapsed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(self), ([duration]) => Duration.toMillis(duration))

describe("connections", () => {
  test("transactions that all query again do not starve a pool of one", async () => {
    const work = inTransaction(Effect.andThen(rows("select 1"), rows("select 2")))
    const done = await run(
      Effect.all(
        Array.from({ length: 8 }, () => work),
        { concurrency: "unbounded" }
      ),
      {
        poolSize: 1
      }
    )
    expect(done).toHaveLength(8)
  })

  test("waiting for a connection can be interrupted at once, and leaves nothing behind", async () => {
    await run(
      Effect.gen(function* () {
        const holder = yield* Effect.forkChild(inTransaction(rows("select pg_sleep(0.5)")), { startImmediately: true })
        yield* Effect.sleep(50)
        const waiters = yield* Effect.all([
          Effect.forkChild(inTransaction(rows("select 1")), { startImmediately: true }),
          Effect.forkChild(rows("select 1"), { startImmediately: true })
        ])
        const wait = yield* elapsed(Effect.forEach(waiters, Fiber.interrupt))
        expect(wait).toBeLessThan(100)
        yield* Fiber.join(holder)
        expect(yield* rows("select 1 as one")).toEqual([{ one: 1 }])
      }),
      { poolSize: 1 }
    )
    await expect.poll(busySessions).toBe(0)
  })

  test("an interruption in the middle of a statement rolls back and returns the connection", async () => {
    await run(rows("create schema if not exists pointback"))
    await run(rows("create table interrupted (id int8)"))
    await run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          inTransaction(Effect.andThen(rows("insert into interrupted values (1)"), rows("select pg_sleep(0.3)"))),
          { startImmediately: true }
        )
        yield* Effect.sleep(100)
        yield* Fiber.interrupt(fiber)
        expect(yield* Effect.promise(busySessions)).toBe(0)
        expect(yield* rows("select * from interrupted")).toEqual([])
      }),
      { poolSize: 1 }
    )
  })

  test("a statement on its own is given up at once, and its connection comes back when it ends", async () => {
    await run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(rows("select pg_sleep(0.3)"), { startImmediately: true })
        yield* Effect.sleep(100)
        expect(yield* elapsed(Fiber.interrupt(fiber))).toBeLessThan(100)
        expect(yield* rows("select 1 as one")).toEqual([{ one: 1 }])
      }),
      { poolSize: 1 }
    )
  })

  test("closing ends all sessions, and later statements are refused", async () => {
    const leaked = await run(Effect.tap(Database, Effect.all([rows("select 1"), rows("select 2")], { concurrency: 2 })))
    // The server takes a moment to see its sessions end.
    await expect.poll(() => sessions()).toBe(0)
    const reason = await Effect.runPromise(reasonOf(leaked.query((kysely) => sql`select 1`.execute(kysely))))
    expect(reason).toEqual({ _tag: "Closed" })
    const transaction = await Effect.runPromise(reasonOf(leaked.transaction(Effect.void)))
    expect(transaction).toEqual({ _tag: "Closed" })
  })

  test("closing does not wait for ever for a transaction that does not end", { timeout: 30_000 }, async () => {
    const stuck = inTransaction(Effect.never)
    const wait = await Effect.runPromise(
      elapsed(
        Effect.provide(
          Effect.andThen(Effect.forkDetach(stuck, { startImmediately: true }), Effect.sleep(100)),
          PostgresDatabase.layer({ url })
        )
      )
    )
    expect(wait).toBeLessThan(15_000)
    await killSessions()
  })
})

describe("what the server says", () => {
  test("timeouts: of a statement, of a lock, of a silent transaction", async () => {
    const slow = reasonOf(rows("select pg_sleep(5)"))
    expect(await run(slow, { statementTimeout: "100 millis" })).toEqual({ _tag: "Other", sqlState: "57014" })

    const locked = inTransaction(
      Effect.andThen(
        rows("select pg_advisory_xact_lock(1)"),
        Effect.provide(
          Effect.flip(rows("select pg_advisory_xact_lock(1)")),
          Layer.fresh(PostgresDatabase.layer({ url, lockTimeout: "100 millis" })),
          { local: true }
        )
      )
    )
    const error = await run(locked)
    expect([error.reason._tag, error.isRetryable]).toEqual(["LockTimeout", true])

    const silent = reasonOf(inTransaction(Effect.andThen(Effect.sleep("400 millis"), rows("select 1"))))
    expect(await run(silent, { idleInTransactionTimeout: "100 millis" })).toEqual({
      _tag: "Unreachable",
      outcomeUnknown: false
    })
  })

  test("a real serialization failure and a real deadlock can be retried", async () => {
    await run(rows("create schema if not exists pointback"))
    await run(rows("create table counter (id int8 primary key, value int8)"))
    await run(rows("insert into counter values (1, 0), (2, 0)"))
    let attempts = 0
    const haveRead = meeting(2)
    const increment = inTransaction(
      Effect.gen(function* () {
        attempts++
        yield* rows("set transaction isolation level serializable")
        const found = yield* rows<{ value: number }>("select value from counter where id = 1")
        yield* haveRead
        yield* rows(`update counter set value = ${(found[0]?.value ?? 0) + 1} where id = 1`)
      })
    ).pipe(Effect.retry({ while: (error: DatabaseError) => error.isRetryable, times: 50 }))
    await run(
      Effect.all(
        Array.from({ length: 8 }, () => increment),
        { concurrency: "unbounded" }
      )
    )
    expect(await run(rows("select value from counter where id = 1"))).toEqual([{ value: 8 }])
    expect(attempts).toBeGreaterThan(8)

    const haveTouched = meeting(2)
    const both = (first: number, second: number) => {
      const touch = (id: number) => rows(`update counter set value = value where id = ${id}`)
      return Effect.exit(inTransaction(Effect.andThen(touch(first), Effect.andThen(haveTouched, touch(second)))))
    }
    const exits = await run(Effect.all([both(1, 2), both(2, 1)], { concurrency: "unbounded" }))
    const failed = exits.filter(Exit.isFailure).map((exit) => Cause.squash(exit.cause) as DatabaseError)
    expect(failed.map((error) => [error.reason._tag, error.isRetryable])).toEqual([["Deadlock", true]])
  })

  test("a broken connection: undone in a transaction, unknown for a statement on its own and for COMMIT", async () => {
    const cut = Effect.promise(killSessions)
    const inside = reasonOf(inTransaction(Effect.andThen(rows("select 1"), Effect.andThen(cut, rows("select 1")))))
    expect(await run(inside)).toEqual({ _tag: "Unreachable", outcomeUnknown: false })

    const alone = Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(rows("select pg_sleep(5)")), { startImmediately: true })
      yield* Effect.sleep(100)
      yield* cut
      return yield* Fiber.join(fiber)
    })
    const error = await run(alone)
    expect(error.reason).toEqual({ _tag: "Unreachable", outcomeUnknown: true })
    expect(error.isRetryable).toBe(false)

    const atCommit = reasonOf(inTransaction(Effect.andThen(rows("select 1"), cut)))
    const reason = await run(atCommit)
    expect(reason._tag).toBe("Unreachable")
  })

  test("idle connections that the server ends do no harm", async () => {
    const warnings: Array<unknown> = []
    const capture = Logger.layer([Logger.make(({ message }) => void warnings.push(message))])
    await Effect.runPromise(
      Effect.gen(function* () {
        yield* Effect.all([rows("select 1"), rows("select 2")], { concurrency: 2 })
        yield* Effect.promise(killSessions)
        yield* Effect.sleep(100)
        expect(yield* rows("select 1 as one")).toEqual([{ one: 1 }])
      }).pipe(Effect.provide(Layer.provide(PostgresDatabase.layer({ url }), capture)))
    )
    expect(warnings.length).toBeGreaterThan(0)
    expect(JSON.stringify(warnings)).not.toContain(name)
  })

  test("the session is ours whatever the database and the URL are set to", async () => {
    await asAdministrator(Redacted.value(url), async (client) => {
      await client.query(`alter database "${name}" set timezone to 'Asia/Tokyo'`)
      await client.query(`alter database "${name}" set datestyle to 'German'`)
      await client.query(`alter database "${name}" set search_path to public`)
      await client.query(`alter database "${name}" set default_transaction_isolation to 'serializable'`)
    })
    const own = Redacted.make(`${Redacted.value(url)}?options=-c%20work_mem%3D5MB%20-c%20timezone%3DAsia/Tokyo`)
    const found = await Effect.runPromise(
      rows(`select current_setting('search_path') as path, current_setting('work_mem') as memory,
        current_setting('transaction_isolation') as isolation, current_setting('application_name') as name,
        '2024-01-01 00:00:00.5+00'::timestamptz as at`).pipe(
        Effect.provide(PostgresDatabase.layer({ url: own, schema: "other_1" }))
      )
    )
    expect(found).toEqual([
      { path: "other_1", memory: "5MB", isolation: "read committed", name: "pointback", at: "2024-01-01 00:00:00.5+00" }
    ])
  })
})

describe("a database that cannot be had", () => {
  const failure = async (text: string, options: Options = {}) => {
    const exit = await Effect.runPromiseExit(
      Effect.provide(Database, PostgresDatabase.layer({ url: Redacted.make(text), ...options }))
    )
    const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
    return { error: Cause.squash(cause), shown: `${Cause.pretty(cause)} ${JSON.stringify(Cause.squash(cause))}` }
  }
  const secret = "hunter2"

  test("a URL that is none", async () => {
    for (const text of [secret, `http://u:${secret}@localhost/db`, `postgres://u:${secret}@host:port/db`, ""]) {
      const { error, shown } = await failure(text)
      expect(error).toMatchObject({ _tag: "DatabaseUrlInvalid" })
      expect(shown).not.toContain(secret)
    }
  })

  test("nobody listens, no such database, no answer", async () => {
    const closed = await failure(`postgres://u:${secret}@127.0.0.1:1/db`)
    expect(closed.error).toMatchObject({ reason: { _tag: "Unreachable", outcomeUnknown: false }, isRetryable: true })
    expect(closed.shown).not.toContain(secret)

    const absent = await failure(urlOf(Redacted.value(url), "nowhere"))
    expect(absent.error).toMatchObject({ reason: { _tag: "Other", sqlState: "3D000" }, isRetryable: false })

    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    const port = (silent.address() as { readonly port: number }).port
    const { error } = await failure(`postgres://u:${secret}@127.0.0.1:${port}/db`, { connectTimeout: "200 millis" })
    expect(error).toMatchObject({ reason: { _tag: "Unreachable", outcomeUnknown: false } })
    silent.close()
  })

  test("a schema name that would need quoting", async () => {
    for (const schema of ["Upper", "has space", "pg_own", "1st", "", "x".repeat(64), "a;drop"]) {
      const exit = await Effect.runPromiseExit(Effect.provide(Database, PostgresDatabase.layer({ url, schema })))
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ _tag: "SchemaNameInvalid" })
    }
  })
})
