import { Effect, Redacted } from "effect"
import pg from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { EventLog } from "../../src/log/EventLog.ts"
import { migrate } from "../../src/migration/Migrations.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { accountInEach, append, place } from "../support/Appending.ts"
import { copyTables } from "../support/CopyDatabase.ts"
import { freshDatabase } from "../support/Postgres.ts"
import { type PostgresServer, startEmbeddedServer } from "../support/PostgresServer.ts"
import { migrated } from "../support/StoresUnderTest.ts"
import { catchUp, seenBy, subscribingWith } from "../support/Subscribing.ts"

const everything = Effect.map(
  EventLog.use((log) => log.readAll()),
  ({ events }) => events.map(place)
)

const connect = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

describe("a subscription in a database that was restored into another server", () => {
  let server: PostgresServer
  let source: pg.Client
  let target: pg.Client

  // Registered first, so that it ends last.
  beforeAll(async () => {
    server = await startEmbeddedServer()
  })
  afterAll(() => server.stop())

  const runOld = subscribingWith(async () => {
    const url = await freshDatabase(migrated)
    source = await connect(Redacted.value(url))
    return PostgresDatabase.layer({ url })
  })
  const runNew = subscribingWith(async () => {
    const url = Redacted.make(server.url)
    await Effect.runPromise(Effect.provide(migrate, PostgresDatabase.layer({ url })))
    target = await connect(server.url)
    return PostgresDatabase.layer({ url })
  })

  beforeAll(() => runOld(accountInEach))
  afterAll(async () => {
    await source.end()
    await target.end()
  })

  it("goes on after its checkpoint, and sees what is appended there", async () => {
    const all = await runOld(
      Effect.gen(function* () {
        yield* catchUp("moved")
        yield* append("account-1", 3)
        return yield* everything
      })
    )
    // Who ran it when the dump was taken runs it no more; his lease comes along and ends.
    await source.query(
      "update pointback.subscriptions set holder = 'the old one', expires_at = clock_timestamp() + interval '300 ms'"
    )
    await copyTables(source, target)
    await target.query("select setval('pointback.seen_id_seq', (select max(id) from pointback.seen))")
    await runNew(
      Effect.gen(function* () {
        assert.deepInclude(yield* Subscription.status("moved"), { behind: 3 })
        yield* catchUp("moved", { pollInterval: "20 millis" })
        assert.deepStrictEqual(yield* seenBy("moved"), all)
        const stored = yield* append("account-2")
        yield* catchUp("moved")
        assert.deepStrictEqual(yield* seenBy("moved"), [...all, ...stored.map(place)])
        assert.deepStrictEqual(yield* everything, [...all, ...stored.map(place)])
      })
    )
  })

  it("refuses a log that is older than its checkpoint", async () => {
    await copyTables(source, target)
    const [stored] = await runOld(
      Effect.gen(function* () {
        const stored = yield* append("account-3")
        yield* catchUp("moved")
        return stored
      })
    )
    await copyTables(source, target, ["subscriptions"])
    const refused = await runNew(Effect.flip(catchUp("moved")))
    assert.deepInclude(refused, {
      _tag: "SubscriptionAhead",
      partition: stored!.account.partition,
      position: stored!.position,
      head: stored!.position - 1
    })
  })
})
