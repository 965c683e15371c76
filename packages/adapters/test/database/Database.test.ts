import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { sql } from "kysely"
import { assert, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { Database } from "../../src/database/Database.ts"
import type { DatabaseError } from "../../src/database/DatabaseError.ts"
import { databaseFor, dialects, inTransaction, rows } from "../support/DatabaseUnderTest.ts"

const insert = (id: number) => rows(`insert into item (id) values (${id})`)
const ids = Effect.map(rows<{ id: number }>("select id from item order by id"), (found) => found.map(({ id }) => id))
const reasonOf = <A, R>(effect: Effect.Effect<A, DatabaseError, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

describe.each(dialects)("Database on %s", (dialect) => {
  const run = databaseFor(dialect)

  beforeAll(async () => {
    await run(rows("create table item (id int8 primary key constraint item_positive check (id > 0))"))
    await run(rows("create table late (id int8 constraint late_key unique deferrable initially deferred)"))
  })
  beforeEach(async () => {
    await run(rows("delete from item"))
    await run(rows("delete from late"))
  })

  test("says which dialect and schema it is, and unqualified names mean that schema", async () => {
    const found = await run(rows("select current_schema() as schema, current_setting('TimeZone') as zone"))
    expect(found).toEqual([{ schema: "pointback", zone: "UTC" }])
    expect(await run(Database.useSync((database) => [database.dialect, database.schema]))).toEqual([
      dialect,
      "pointback"
    ])
  })

  test("tells how its connections are used: those that wait are counted until they run or give up", async () => {
    const use = Database.useSync((database) => database.poolUse())
    const { held, idle, max } = await run(
      Effect.gen(function* () {
        const { max } = yield* use
        const gate = yield* Deferred.make<void>()
        const holding = inTransaction(Effect.andThen(rows("select 1"), Deferred.await(gate)))
        const holders = yield* Effect.forEach(Array.from({ length: max }), () => Effect.forkChild(holding))
        const waiting = yield* Effect.forEach([1, 2], () => Effect.forkChild(rows("select 1")))
        yield* Effect.repeat(Effect.yieldNow, { until: () => Effect.map(use, (now) => now.waiting === 2) })
        // The driver connects one after the other.
        yield* Effect.repeat(Effect.sleep(5), {
          until: () => Effect.map(use, (now) => now.total === null || now.total === max)
        })
        const held = yield* use
        yield* Fiber.interrupt(waiting[0]!)
        assert.strictEqual((yield* use).waiting, 1)
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach(holders, (holder) => Fiber.join(holder))
        yield* Fiber.join(waiting[1]!)
        return { held, max, idle: yield* use }
      })
    )
    const readable = dialect === "postgres"
    expect(max).toBe(readable ? 3 : 1)
    expect(held).toEqual({ max, waiting: 2, total: readable ? max : null, idle: readable ? 0 : null })
    expect(idle).toEqual({ max, waiting: 0, total: readable ? max : null, idle: readable ? max : null })
  })

  test("commits what a transaction did", async () => {
    await run(inTransaction(Effect.andThen(insert(1), insert(2))))
    expect(await run(ids)).toEqual([1, 2])
  })

  test("rolls back on a failure, a defect and an interruption, and gives them on", async () => {
    expect(await run(Effect.flip(inTransaction(Effect.andThen(insert(1), Effect.fail("no" as const)))))).toBe("no")
    const died = await run(Effect.exit(inTransaction(Effect.andThen(insert(2), Effect.die("bug")))))
    expect(Exit.isFailure(died) && Cause.squash(died.cause)).toBe("bug")
    const interrupted = await run(Effect.exit(inTransaction(Effect.andThen(insert(3), Effect.interrupt))))
    expect(Exit.isFailure(interrupted) && Cause.hasInterruptsOnly(interrupted.cause)).toBe(true)
    expect(await run(ids)).toEqual([])
  })

  test("an inner transaction that fails undoes its own statements only", async () => {
    const inner = (id: number, outcome: Effect.Effect<void, string>) =>
      Effect.ignore(inTransaction(Effect.andThen(insert(id), outcome)))
    await run(
      inTransaction(
        Effect.gen(function* () {
          yield* insert(1)
          yield* inner(2, Effect.fail("undo"))
          yield* inTransaction(
            Effect.gen(function* () {
              yield* insert(3)
              yield* inner(4, Effect.fail("undo"))
              yield* inner(5, Effect.void)
            })
          )
          // A statement that the database refuses inside a savepoint leaves the transaction usable.
          yield* Effect.ignore(inTransaction(insert(1)))
          yield* insert(6)
        })
      )
    )
    expect(await run(ids)).toEqual([1, 3, 5, 6])
  })

  test("inner transactions of concurrent fibers do not mix", async () => {
    const inner = (id: number) =>
      Effect.ignore(
        inTransaction(
          Effect.gen(function* () {
            yield* insert(id)
            yield* Effect.yieldNow
            yield* insert(id + 100)
            yield* Effect.when(Effect.fail("undo"), Effect.succeed(id % 2 === 0))
          })
        )
      )
    await run(inTransaction(Effect.forEach([1, 2, 3, 4, 5], inner, { concurrency: "unbounded" })))
    expect(await run(ids)).toEqual([1, 3, 5, 101, 103, 105])
  })

  test("statements of concurrent fibers in one transaction take turns", async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
    await run(inTransaction(Effect.forEach(numbers, insert, { concurrency: "unbounded" })))
    expect(await run(ids)).toEqual(numbers)
  })

  test("more transactions at a time than connections, each with several statements, all get through", async () => {
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1)
    const work = (id: number) => inTransaction(Effect.andThen(insert(id), Effect.andThen(ids, insert(id + 100))))
    await run(Effect.forEach(numbers, work, { concurrency: "unbounded" }))
    expect(await run(ids)).toHaveLength(24)
  })

  test("a query beside a transaction neither sees nor joins it", async () => {
    await run(
      Effect.gen(function* () {
        const outside = yield* Effect.forkChild(Effect.andThen(Effect.sleep(20), ids))
        yield* Effect.ignore(
          inTransaction(
            Effect.gen(function* () {
              yield* insert(1)
              yield* Effect.sleep(60)
              return yield* Effect.fail("undo")
            })
          )
        )
        expect(yield* Fiber.join(outside)).toEqual([])
      })
    )
  })

  test("an error at COMMIT surfaces, rolls back and gives the connection back", async () => {
    const twice = inTransaction(
      Effect.andThen(rows("insert into late values (1)"), rows("insert into late values (1)"))
    )
    for (let round = 0; round < 5; round++) {
      expect(await run(reasonOf(twice))).toEqual({ _tag: "UniqueViolation", constraint: "late_key" })
    }
    expect(await run(rows("select * from late"))).toEqual([])
  })

  test("a COMMIT after a statement that failed unheeded is an error, not a silent rollback", async () => {
    const heedless = inTransaction(Effect.andThen(insert(1), Effect.ignore(insert(-1))))
    expect(await run(reasonOf(heedless))).toEqual({ _tag: "Other", sqlState: "25P02" })
    expect(await run(ids)).toEqual([])
  })

  test("says why a statement failed", async () => {
    await run(insert(1))
    expect(await run(reasonOf(insert(1)))).toEqual({ _tag: "UniqueViolation", constraint: "item_pkey" })
    expect(await run(reasonOf(insert(-1)))).toEqual({ _tag: "CheckViolation", constraint: "item_positive" })
    expect(await run(reasonOf(rows("select * from nowhere")))).toEqual({ _tag: "Other", sqlState: "42P01" })
    expect(await run(reasonOf(rows("select 9007199254740993")))).toEqual({ _tag: "Other", sqlState: "22003" })
    const raised = (state: string) => rows(`do $$ begin raise exception 'x' using errcode = '${state}'; end $$`)
    expect(await run(reasonOf(raised("40001")))).toEqual({ _tag: "SerializationFailure" })
    expect(await run(reasonOf(raised("40P01")))).toEqual({ _tag: "Deadlock" })
    expect(await run(reasonOf(raised("55P03")))).toEqual({ _tag: "LockTimeout" })
  })

  test("an error shows no value of a row, not in its cause either", async () => {
    const secret = "4111222233334444"
    await run(rows("create table card (number text primary key constraint short check (length(number) < 17))"))
    await run(rows(`insert into card values ('${secret}')`))
    const failures: ReadonlyArray<Effect.Effect<unknown, DatabaseError, Database>> = [
      rows(`insert into card values ('${secret}')`),
      rows(`insert into card values ('${secret}${secret}')`),
      rows(`select '${secret}x'::int8`),
      rows(`do $$ begin raise exception '%', '${secret}'; end $$`),
      Effect.asVoid(
        Database.use((database) => database.query((kysely) => sql`insert into card values (${secret})`.execute(kysely)))
      )
    ]
    for (const failure of failures) {
      const exit = await run(Effect.exit(failure))
      expect(Exit.isFailure(exit)).toBe(true)
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      const shown = [Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", JSON.stringify(error), String(error)]
      expect(shown.join("\n")).not.toContain(secret)
    }
  })

  test("a mistake in our own code is a defect", async () => {
    const wrong = Database.use((database) => database.query(() => Promise.reject(new TypeError("x is undefined"))))
    const exit = await run(Effect.exit(wrong))
    expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
  })

  test("an interruption is over only when the function has stopped, heeding the signal or not", async () => {
    for (const wrap of [inTransaction, <A, E, R>(self: Effect.Effect<A, E, R>) => self]) {
      let stopped = false
      const heedless = Database.use((database) =>
        database.query(async (kysely) => {
          await sql`insert into item values (1)`.execute(kysely)
          await new Promise((resolve) => setTimeout(resolve, 100))
          await sql`insert into item values (2)`.execute(kysely)
          stopped = true
        })
      )
      await run(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(wrap(heedless), { startImmediately: true })
          yield* Effect.sleep(30)
          yield* Fiber.interrupt(fiber)
        })
      )
      expect(stopped).toBe(true)
      expect(await run(ids)).toEqual(wrap === inTransaction ? [] : [1, 2])
    }
  })

  test("a fiber that outlives its transaction is refused", async () => {
    const straggler = inTransaction(Effect.forkDetach(Effect.andThen(Effect.sleep(30), insert(1))))
    const reason = await run(Effect.flatMap(straggler, (fiber) => reasonOf(Fiber.join(fiber))))
    expect(reason).toEqual({ _tag: "Closed" })
    expect(await run(ids)).toEqual([])
  })

  test("a fiber that outlives its inner transaction is refused, also while the outer one is open", async () => {
    const reason = await run(
      inTransaction(
        Effect.gen(function* () {
          const fiber = yield* inTransaction(Effect.forkDetach(Effect.andThen(Effect.sleep(30), insert(1))))
          return yield* reasonOf(Fiber.join(fiber))
        })
      )
    )
    expect(reason).toEqual({ _tag: "Closed" })
    expect(await run(ids)).toEqual([])
  })
})
