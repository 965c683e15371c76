/** What the role of applications can do, and what a hand in psql that has it cannot. */
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import pg from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { verify } from "../../src/audit/Verification.ts"
import type { Database } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { EventLog } from "../../src/log/EventLog.ts"
import { migrate } from "../../src/migration/Migrations.ts"
import { applicationRole } from "../../src/migration/Roles.ts"
import * as Stores from "../../src/Stores.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { applicationUser } from "../support/ApplicationUser.ts"
import { asAdministrator } from "../support/Databases.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { emptyImage } from "../support/Pglite.ts"
import { freshDatabase } from "../support/Postgres.ts"
import * as SmallHistory from "../support/SmallHistory.ts"
import { type AnyStore, migrated } from "../support/StoresUnderTest.ts"

const write = SmallHistory.write()

/** SQLSTATE of insufficient_privilege. */
const FORBIDDEN = "42501"

const lines = (...fields: ReadonlyArray<string | number>) => fields.join("\u001f")

/** Rows of an append, as the function takes them. */
interface Rows {
  readonly events?: string
  readonly postings?: string
  readonly lots?: string
  readonly redemptions?: string
  readonly expected?: number
}

const T = "2025-01-10T00:00:00.000Z"
const ID = "018f0000-0000-7000-8000-000000000001"

const event = (version = 4) =>
  lines(1, 1, ID, "account", version, version, "AccountAliased", 1, '{"alias":"x"}', T, "by hand", "", "", "")
const redemption = (points: string, credited: string, state = "Outstanding") =>
  lines(1, "R1", "TRAVEL", "E078562", T, 9, points, credited, 0, "", state, "A", "[]", "")
const lot = (total: string, granted: string) => lines(1, "A", T, "", T, total, granted, 0, 0, "false", T, "false")
const posting = (debit: string, credit: string, points: string) =>
  lines(1, 1, 1, debit, credit, "A", "", points, T, 100, 0)

/** What a hand may try by the function that appends, and the SQLSTATE that it is refused with. */
const attempts: ReadonlyArray<readonly [what: string, rows: Rows, sqlState: string]> = [
  ["credits above the redeemed points", { redemptions: redemption("60", "60.0001") }, "23514"],
  ["a credit taken off, to credit once more", { redemptions: redemption("60", "10") }, "23001"],
  ["an end with points remaining", { redemptions: redemption("60", "20", "FullyCredited") }, "23514"],
  ["a lot below zero", { lots: lot("-0.0001", "100") }, "23514"],
  ["a lot above what it was granted", { lots: lot("100.0001", "100") }, "23514"],
  ["a posting of nothing", { postings: posting("issued", "lot", "0") }, "23514"],
  ["a posting of less than nothing", { postings: posting("issued", "lot", "-5") }, "23514"],
  ["a posting to itself", { postings: posting("lot", "lot", "5") }, "23514"],
  ["a posting to an account that the ledger lacks", { postings: posting("pocket", "lot", "5") }, "23514"],
  ["a second event at a version", { events: event(1) }, "23505"]
]

interface Account {
  readonly partition: number
  readonly account_key: string
  readonly version: string
}

describe("the role of applications", () => {
  let owner: Redacted.Redacted
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | EventLog | Database, unknown>
  let hand: pg.Client
  const run = <A, E>(effect: Effect.Effect<A, E, AnyStore | EventLog | Database>) => runtime.runPromise(effect)
  const refused = (statement: string, values: ReadonlyArray<unknown> = []): Promise<string> =>
    hand.query(statement, [...values]).then(
      () => "done",
      (error: { readonly code: string }) => error.code
    )

  beforeAll(async () => {
    owner = await freshDatabase(migrated)
    const url = await applicationUser(owner)
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url })))
    await run(write)
    hand = new pg.Client({ connectionString: Redacted.value(url), options: "-c search_path=pointback" })
    await hand.connect()
  })
  afterAll(async () => {
    await hand.end()
    await runtime.dispose()
  })

  it("is enough for the stores, subscriptions, the log and verify", () =>
    run(
      Effect.gen(function* () {
        const seen: Array<string> = []
        yield* Subscription.run({
          name: "all",
          handler: (events) => Effect.sync(() => seen.push(...events.map(({ fact }) => fact.event._tag))),
          until: "caughtUp"
        })
        assert.deepStrictEqual(seen, ["PointsEarned", "Redeemed", "PartiallyCredited"])
        assert.strictEqual((yield* Subscription.status("all")).behind, 0)
        yield* Subscription.reset("all", "beginning")
        yield* Subscription.remove("all")
        const log = yield* EventLog
        const last = (yield* log.readAll()).events.at(-1)
        assert.isTrue((yield* log.lastSafeInstant) > (last?.recordedAt ?? 0n))
        const found = yield* verify(null)
        assert.deepStrictEqual([found.accounts, found.events, found.count], [1, 3, 0])
      })
    ))

  it("has no right to write any table of the ledger, and none at all on partitions", async () => {
    const found = await hand.query<{ name: string; partition: boolean }>(
      `select relname as name, relispartition as partition from pg_class
        where relnamespace = 'pointback'::regnamespace and relkind in ('r', 'p') order by relname`
    )
    const open: Array<string> = []
    for (const { name, partition } of found.rows) {
      const statements = [
        `insert into ${name} select * from ${name} where false`,
        `update ${name} set ${await firstColumn(hand, name)} = null where false`,
        `delete from ${name} where false`,
        `truncate ${name}`,
        `select 1 from ${name} where false`
      ]
      for (const statement of statements) {
        if ((await refused(statement)) !== FORBIDDEN) open.push(statement.replace(/ (where|set) .*/, ""))
      }
      if (partition)
        assert.deepStrictEqual(
          open.filter((statement) => statement.includes(name)),
          []
        )
    }
    assert.deepStrictEqual(
      open.filter((statement) => !statement.startsWith("select 1")),
      [
        "insert into policies select * from policies",
        "insert into programs select * from programs",
        "insert into reconciliation_breaks select * from reconciliation_breaks",
        "insert into reconciliation_history select * from reconciliation_history",
        "insert into reconciliation_parked select * from reconciliation_parked",
        "insert into reconciliation_runs select * from reconciliation_runs",
        "insert into subscriptions select * from subscriptions",
        "update subscriptions",
        "delete from subscriptions"
      ]
    )
  })

  it("cannot change what stays: policies, and the scale of a program that has accounts", async () => {
    assert.strictEqual(await refused("update policies set policy = '{}'"), FORBIDDEN)
    assert.strictEqual(await refused("update programs set scale = 3"), "23001")
    assert.strictEqual(await refused("update log_heads set recorded_at = 'infinity'"), FORBIDDEN)
    assert.strictEqual(await refused("delete from account_numbers"), FORBIDDEN)
    assert.strictEqual(await refused("alter table events disable trigger all"), FORBIDDEN)
    assert.strictEqual(await refused("create table pointback.mine (id int)"), FORBIDDEN)
    assert.strictEqual(await refused("set session_replication_role = replica"), FORBIDDEN)
  })

  const append = async (given: Rows): Promise<string> => {
    const found = await hand.query<Account>("select partition, account_key, version from accounts")
    const { account_key, partition, version } = found.rows[0] as Account
    const expected = given.expected ?? Number(version)
    return refused(
      `select * from append_batch(true, $1, $2, $3, null, array[1], $4, array[1], array[1], $5, $6, $7, $8, null)`,
      [
        [partition],
        [SmallHistory.program],
        [account_key],
        [expected],
        given.events ?? event(),
        given.postings ?? null,
        given.lots ?? null,
        given.redemptions ?? null
      ]
    )
  }

  it.each(attempts)("is refused %s by the function that appends", async (_, given, sqlState) => {
    assert.strictEqual(await append(given), sqlState)
    assert.strictEqual((await run(verify(null))).count, 0)
  })

  it("writes nothing under a version that is not the account's", async () => {
    assert.strictEqual(await append({ expected: 2 }), "done")
    assert.strictEqual((await run(verify(null))).events, 3)
  })

  it("cannot put a table of its own in the place of one of ours", async () => {
    await hand.query("create temporary table redemptions (like pointback.redemptions)")
    await hand.query("create temporary table log_heads (like pointback.log_heads)")
    try {
      assert.strictEqual(await append({ redemptions: redemption("60", "60.0001") }), "23514")
    } finally {
      await hand.query("drop table pg_temp.redemptions, pg_temp.log_heads")
    }
  })

  it("is the only one besides the owner who may execute the functions, which have a path of their own", () =>
    asAdministrator(Redacted.value(owner), async (client) => {
      const found = await client.query<{ name: string; open: boolean; definer: boolean; path: string | null }>(
        `select proname as name, has_function_privilege('public', oid, 'execute') as open, prosecdef as definer,
            (select c from unnest(proconfig) as c where c like 'search_path=%') as path
          from pg_proc where pronamespace = 'pointback'::regnamespace`
      )
      assert.deepStrictEqual(
        found.rows.filter(({ open }) => open),
        []
      )
      const definers = found.rows.filter(({ definer }) => definer)
      assert.includeMembers(
        definers.map(({ name }) => name),
        ["append_batch", "load_batch", "advance_heads"]
      )
      assert.deepStrictEqual(
        definers.filter(({ path }) => path !== "search_path=pointback, pg_temp"),
        []
      )
    }))
})

const firstColumn = async (client: pg.Client, table: string): Promise<string> => {
  const found = await client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = $1::regclass and attnum = 1`,
    [`pointback.${table}`]
  )
  return found.rows[0]?.name ?? ""
}

describe("a migration by a user", () => {
  it("who may not make roles leaves the role out, and grants it once it is there", async () => {
    const database = await freshDatabase()
    const schema = `roles_${process.pid}`
    const role = applicationRole(schema)
    const migrator = `${schema}_owner`
    const url = new URL(Redacted.value(database))
    const administer = (...statements: ReadonlyArray<string>) =>
      asAdministrator(Redacted.value(database), async (client) => {
        for (const statement of statements) await client.query(statement)
      })
    const mayAppend = () =>
      asAdministrator(Redacted.value(database), async (client) => {
        const found = await client.query<{ name: string }>(
          `select rolname as name from pg_roles r join pg_proc p on has_function_privilege(r.oid, p.oid, 'execute')
            where p.proname = 'append_batch' and not rolsuper order by 1`
        )
        return found.rows.map(({ name }) => name)
      })
    const mayRead = (table: string) =>
      asAdministrator(Redacted.value(database), async (client) => {
        const found = await client.query<{ may: boolean }>("select has_table_privilege($1, $2, 'select') as may", [
          role,
          table
        ])
        return found.rows[0]?.may === true
      })
    await administer(
      `create user ${migrator} password 'secret'`,
      `create schema ${schema} authorization ${migrator}`,
      `grant all on schema ${schema} to ${migrator}`
    )
    try {
      url.username = migrator
      url.password = "secret"
      const layer = PostgresDatabase.layer({ url: Redacted.make(url.href), schema })
      const migrating = () => Effect.runPromise(Effect.provide(migrate, layer))
      assert.include(await migrating(), "0005_roles")
      assert.deepStrictEqual(await mayAppend(), [migrator])
      await administer(`create role ${role} nologin`)
      assert.deepStrictEqual(await migrating(), [])
      assert.deepStrictEqual(await mayAppend(), [role, migrator].sort())
      // A right that was taken away, or that a restored dump lost, comes back.
      await administer(`revoke select on ${schema}.events from ${role}`)
      assert.deepStrictEqual(await migrating(), [])
      assert.isTrue(await mayRead(`${schema}.events`))
      // And once more, with nothing left to do.
      assert.deepStrictEqual(await migrating(), [])
    } finally {
      await administer(
        `drop schema ${schema} cascade`,
        `drop owned by ${migrator}`,
        `drop user ${migrator}`,
        `drop role if exists ${role}`
      )
    }
  })

  it("names the role after the schema, within what a name may have", () => {
    assert.strictEqual(applicationRole("loyalty_points"), "loyalty_points_application")
    const [one, two] = [applicationRole(`${"a".repeat(62)}b`), applicationRole(`${"a".repeat(62)}c`)]
    assert.deepStrictEqual([one.length, two.length], [63, 63])
    assert.notStrictEqual(one, two)
  })
})

describe("the role of applications on pglite", () => {
  it("appends by the function, and is refused the tables", async () => {
    const layer = EmbeddedDatabase.layerMemory({ image: await emptyImage(), prepare: Effect.asVoid(migrate) })
    const tried = await Effect.runPromise(
      Effect.gen(function* () {
        yield* rows("set role pointback_application")
        yield* write
        return yield* Effect.forEach(
          ["update postings set points = 1", "update lots set total = 0", "delete from events_p1"],
          (statement) => Effect.map(Effect.flip(rows(statement)), ({ reason }) => reason)
        )
      }).pipe(Effect.provide(Layer.provideMerge(Stores.layer, layer)))
    )
    assert.deepStrictEqual(
      tried,
      tried.map(() => ({ _tag: "Other", sqlState: FORBIDDEN }))
    )
  })
})
