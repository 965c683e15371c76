/** The schema is upgraded once, by whoever may, and never by an older version. */
import { Effect, Redacted } from "effect"
import type pg from "pg"
import { assert, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { migrate, requireCurrent } from "../../src/migration/Migrations.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { asAdministrator } from "../support/Databases.ts"
import { makeOld, releases } from "../support/OldDatabase.ts"
import { freshDatabase } from "../support/Postgres.ts"

/** Runs an effect on connections of its own, as another process would. */
const on = <A, E>(url: Redacted.Redacted, effect: Effect.Effect<A, E, Database>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, PostgresDatabase.layer({ url, poolSize: 6 })))

const COUNTS = `select (select count(*) from events) as events, (select count(*) from postings) as postings,
  (select count(*) from lots) as lots, (select count(*) from redemptions) as redemptions`

describe.each(releases)("a database of %s", (release) => {
  it("that several processes migrate at once is migrated by one of them, rows and all", async () => {
    const url = await freshDatabase()
    await on(url, makeOld(release))
    const before = await on(url, rows(COUNTS))
    const applied = await Promise.all(Array.from({ length: 4 }, () => on(url, migrate)))
    assert.lengthOf(
      applied.filter((names) => names.length > 0),
      1
    )
    await on(url, requireCurrent)
    assert.deepStrictEqual(await on(url, rows(COUNTS)), before)
    const left = await on(url, rows("select relname from pg_class where relname like '%rebuild%'"))
    assert.deepStrictEqual(left, [])
  })

  it("whose events cannot be replayed stays refused, and migrate says why", async () => {
    const url = await freshDatabase()
    await on(url, makeOld(release))
    const rename = (from: string, to: string) =>
      rows(`alter table events disable trigger append_only; update events set type = '${to}' where type = '${from}';
        alter table events enable trigger append_only`)
    await on(url, rename("PointsAdjusted", "PointsLost"))
    const error = await on(url, Effect.flip(migrate))
    assert.match(error.message, /migration of the read models failed.*PointsLost/)
    assert.strictEqual((await on(url, Effect.flip(requireCurrent)))._tag, "SchemaOutdated")
  })
})

describe("a database of a newer version", () => {
  const newer = async (statement: string) => {
    const url = await freshDatabase()
    await on(url, migrate)
    await on(url, rows(statement))
    return on(url, Effect.flip(requireCurrent))
  }

  it("is refused, by its migrations", async () => {
    const error = await newer("insert into kysely_migration (name, timestamp) values ('9999_future', '')")
    assert.include(error.message, "newer version of Pointback (9999_future)")
  })

  it("is refused, by its read models", async () => {
    const error = await newer("update settings set read_models = 99")
    assert.include(error.message, "newer version of Pointback (read models 99)")
  })
})

describe("a database whose function tells an account's lots in other lines", () => {
  it("is refused, and gets the function that is understood, with its owner and rights", async () => {
    const url = await freshDatabase()
    await on(url, migrate)
    const functions =
      rows(`select p.prosrc, p.proacl::text, p.proowner, p.provolatile, p.proconfig, l.lanname from pg_proc p
      join pg_language l on l.oid = p.prolang where p.proname = 'account_lots'`)
    const present = await on(url, functions)
    assert.lengthOf(present, 1)
    await on(
      url,
      rows(`delete from kysely_migration where name = '0010_sent_lots';
        create or replace function account_lots(of_program text, of_number text, as_of timestamptz, known_at timestamptz)
          returns text language sql as $$ select 'other lines' $$`)
    )
    assert.notDeepEqual(await on(url, functions), present)
    assert.include((await on(url, Effect.flip(requireCurrent))).message, "lacks 0010_sent_lots")
    assert.deepStrictEqual(await on(url, migrate), ["0010_sent_lots"])
    assert.deepStrictEqual(await on(url, functions), present)
  })
})

describe("a user who may not create schemas", () => {
  it("migrates a schema that is there and its own", async () => {
    const url = await freshDatabase()
    const role = `owner_${Date.now()}`
    await asAdministrator(Redacted.value(url), async (client: pg.Client) => {
      await client.query(`create role ${role} login password 'secret'`)
      await client.query(`create schema pointback authorization ${role}`)
    })
    const own = Object.assign(new URL(Redacted.value(url)), { username: role, password: "secret" })
    const asOwner = Redacted.make(own.href)
    try {
      const refused = await on(asOwner, Effect.flip(rows("create schema other")))
      assert.include(JSON.stringify(refused), "42501")
      assert.isAbove((await on(asOwner, migrate)).length, 0)
      await on(asOwner, requireCurrent)
      await on(asOwner, rows("update settings set read_models = 0"))
      await on(asOwner, migrate)
      await on(asOwner, requireCurrent)
    } finally {
      await asAdministrator(Redacted.value(url), (client) =>
        client.query(`drop owned by ${role} cascade; drop role ${role}`)
      )
    }
  })
})
