import { Effect, Fiber, type Layer, Redacted } from "effect"
import pg from "pg"
import { assert, beforeAll, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { EventLog } from "../../src/log/EventLog.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { accountInEach, append, place } from "../support/Appending.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { asAdministrator } from "../support/Databases.ts"
import { freshDatabase } from "../support/Postgres.ts"
import { migrated } from "../support/StoresUnderTest.ts"
import { catchUp, eventually, see, seenBy, subscribingWith } from "../support/Subscribing.ts"
import { runAndKill } from "../support/SubscriberProcess.ts"

const WRITERS = 32
const EACH = 30

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

const positionsIn = (seen: ReadonlyArray<string>, partition: number): ReadonlyArray<number> =>
  seen.filter((text) => text.startsWith(`${partition}:`)).map((text) => Number(text.split(":")[1]))

/** Fails unless everything of the log was seen once, in the order of its partition. */
const assertSeenOnce = Effect.fnUntraced(function* (name: string) {
  const seen = yield* seenBy(name)
  const heads = yield* EventLog.use((log) => log.heads)
  for (const { partition, position } of heads) {
    assert.deepStrictEqual(positionsIn(seen, partition), upTo(position), `partition ${partition}`)
  }
})

const caughtUp = (name: string) =>
  eventually(Effect.map(Subscription.list, (all) => all.some((status) => status.name === name && status.behind === 0)))

describe("what a subscription delivers", () => {
  let url: Redacted.Redacted
  const run = subscribingWith(async (): Promise<Layer.Layer<Database, unknown>> => {
    url = await freshDatabase(migrated)
    return PostgresDatabase.layer({ url, idleInTransactionTimeout: "60 seconds" })
  })

  let accounts: ReadonlyArray<string>
  beforeAll(async () => {
    accounts = await run(accountInEach)
  })

  /** Runs an effect while a transaction of somebody else is open, which has done something. */
  const whileOpen = <A, E, R>(statements: ReadonlyArray<string>, self: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.promise(async () => {
        const client = new pg.Client({ connectionString: Redacted.value(url) })
        await client.connect()
        for (const statement of ["begin isolation level repeatable read", ...statements]) await client.query(statement)
        return client
      }),
      () => self,
      (client) => Effect.promise(() => client.end())
    )

  it("loses and repeats nothing while many write", () =>
    run(
      Effect.gen(function* () {
        const subscriber = yield* Effect.forkChild(
          Subscription.run({ name: "load", handler: see("load"), batchSize: 50 })
        )
        yield* Effect.forEach(
          upTo(WRITERS),
          (writer) => Effect.forEach(upTo(EACH), (turn) => append(`load-${writer}-${turn % 3}`, 1 + (turn % 2))),
          { concurrency: "unbounded" }
        )
        yield* caughtUp("load")
        yield* Fiber.interrupt(subscriber)
        const seen = yield* seenBy("load")
        assert.isAtLeast(seen.length, (WRITERS * EACH * 3) / 2)
        yield* assertSeenOnce("load")
      })
    ))

  it("does not stall on a transaction of somebody else that stays open", () =>
    run(
      whileOpen(
        ["select pg_current_xact_id()", "select count(*) from pointback.events"],
        Effect.gen(function* () {
          const stored = yield* append(accounts[4]!)
          yield* catchUp("foreign")
          assert.include(yield* seenBy("foreign"), place(stored[0]!))
          yield* assertSeenOnce("foreign")
        })
      )
    ))

  it("stalls in no partition but the one whose head is held, and then misses nothing of it", () =>
    run(
      Effect.gen(function* () {
        yield* catchUp("held")
        const waiting = yield* whileOpen(
          ["update pointback.log_heads set position = position where partition = 2"],
          Effect.gen(function* () {
            const blocked = yield* Effect.forkDetach(append(accounts[2]!))
            const others = yield* Effect.forEach(
              accounts.filter((_, partition) => partition !== 2),
              (account) => append(account)
            )
            yield* catchUp("held")
            assert.includeMembers(yield* seenBy("held"), others.flat().map(place))
            return blocked
          })
        )
        const [late] = yield* Fiber.join(waiting)
        yield* catchUp("held")
        assert.strictEqual((yield* seenBy("held")).at(-1), place(late!))
        yield* assertSeenOnce("held")
      })
    ))

  it("goes on after its connection broke under the handler", () =>
    run(
      Effect.gen(function* () {
        let batches = 0
        const breaking = rows("select pg_terminate_backend(pg_backend_pid())")
        yield* catchUp("broken", {
          batchSize: 200,
          handler: (events) => Effect.andThen(see("broken")(events), batches++ % 2 === 0 ? breaking : Effect.void)
        })
        assert.isAbove(batches, 4)
        yield* assertSeenOnce("broken")
      })
    ))

  it("goes on after all connections broke, the handler done and nothing committed", () =>
    run(
      Effect.gen(function* () {
        let batches = 0
        const breaking = Effect.promise(() =>
          asAdministrator(Redacted.value(url), (client) =>
            client.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            )
          )
        )
        yield* catchUp("all broken", {
          batchSize: 400,
          handler: (events) => Effect.andThen(see("all broken")(events), batches++ % 2 === 0 ? breaking : Effect.void)
        })
        assert.isAbove(batches, 4)
        yield* assertSeenOnce("all broken")
      })
    ))

  it("goes on where a process was killed in the middle of a batch", async () => {
    await runAndKill(url, "killed")
    await run(
      Effect.gen(function* () {
        const { behind, partitions } = yield* Subscription.status("killed")
        // Two batches of three are committed, and the third one is undone.
        assert.strictEqual(
          partitions.reduce((sum, { position }) => sum + position, 0),
          6
        )
        assert.isAbove(behind, 0)
        assert.strictEqual((yield* seenBy("killed")).length, 6)
        yield* catchUp("killed", { pollInterval: "50 millis" })
        yield* assertSeenOnce("killed")
      })
    )
  })
})
