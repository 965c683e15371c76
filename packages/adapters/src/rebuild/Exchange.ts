/**
 * Puts rows of the shadow tables in the place of live ones, for accounts that differ, a few at a time under the head of
 * their log partition: its writers wait for milliseconds, readers and other partitions for nothing.
 *
 * Rows are exchanged and not tables. A statement that began before a table took another one's name, and comes to it
 * afterwards, sees none of its rows that are younger than the statement: a decision would be made from an account without
 * lots, and its refusal be remembered for ever. Rows that are deleted and inserted are seen before or after, and an
 * account has all of the old ones or all of the new ones.
 */
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import type { AccountAt } from "./AccountFold.ts"
import { fill, listed } from "./Filling.ts"
import { index, liveTable, type ReadModel, READ_MODELS, type Shadow, shadowTable } from "./Shadow.ts"

/** Events of the accounts that are exchanged at once: their rows are written in tens of milliseconds. */
const EVENTS_AT_ONCE = 2000

/** Writers of a partition hold its head for milliseconds. */
const LOCK_TIMEOUT = "10s"

interface Listed extends AccountAt {
  /** The version that the shadow tables have; null for rows of no account at all. */
  readonly folded: number | null
  readonly tables: ReadonlyArray<ReadModel>
}

// The first accounts, as many as have so many events; at least one.
const nextAccounts = (shadow: Shadow) =>
  sql`
    select * from (
      select d.account_key as key, d.program, coalesce(a.version, 0) as version, f.version as folded, d.tables,
        sum(coalesce(a.version, 0)) over (order by d.account_key, d.program rows between unbounded preceding and current row)
          - coalesce(a.version, 0) as before
      from (
        select account_key, program, json_agg(read_model) as tables from ${shadowTable(shadow, "differing")}
        group by account_key, program order by account_key, program limit ${EVENTS_AT_ONCE}
      ) as d
      left join ${liveTable(shadow, "accounts")} a using (account_key, program)
      left join ${shadowTable(shadow, "folded")} f using (account_key, program)
    ) as summed where before < ${EVENTS_AT_ONCE}`

/** Exchanges the rows of every account that is listed as differing. */
export const exchange = Effect.fnUntraced(function* (shadow: Shadow) {
  const database = yield* Database
  if (yield* database.transaction(moveIn(shadow))) return
  yield* Effect.forEach(index(shadow), run, { discard: true })
  while ((yield* database.transaction(exchangeSome(shadow))) > 0);
})

const takeHead = Effect.fnUntraced(function* (shadow: Shadow) {
  yield* run(sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT)}`)
  yield* run(
    sql`select 1 from ${sql.id(shadow.schema, "log_heads")} where partition = ${shadow.partition} for no key update`
  )
})

/**
 * Where there is no row at all, as after a migration, all of them move in at once: until then no command could be decided,
 * so nobody is kept from anything. Answers whether they did.
 */
const moveIn = Effect.fnUntraced(function* (shadow: Shadow) {
  yield* takeHead(shadow)
  const database = yield* Database
  const isEmpty = sql.join(
    READ_MODELS.map((table) => sql`not exists (select from ${liveTable(shadow, table)})`),
    sql` and `
  )
  const found = yield* database.query((kysely) =>
    Rows.ask<{ possible: boolean }>(
      kysely,
      sql`select ${isEmpty} and not exists (
        select from ${liveTable(shadow, "accounts")} a left join ${shadowTable(shadow, "folded")} f
          using (account_key, program) where f.version is distinct from a.version) as possible`
    )
  )
  if (found[0]?.possible !== true) return false
  yield* run(sql`set local statement_timeout = 0`)
  // The shadow table is like the live one, column by column.
  for (const table of READ_MODELS) {
    yield* run(sql`insert into ${liveTable(shadow, table)} select * from ${shadowTable(shadow, table)}`)
  }
  yield* run(sql`truncate ${shadowTable(shadow, "differing")}`)
  return true
})

const exchangeSome = Effect.fnUntraced(function* (shadow: Shadow) {
  yield* takeHead(shadow)
  const database = yield* Database
  const accounts = yield* database.query((kysely) => Rows.ask<Listed>(kysely, nextAccounts(shadow)))
  if (accounts.length === 0) return 0
  // Nobody appends while the head is held, so what has moved on since it was folded is folded for the last time.
  const moved = accounts.filter(({ folded, version }) => folded !== null && folded !== version)
  if (moved.length > 0) yield* fill(shadow, moved, true)
  for (const table of READ_MODELS) {
    const differing = accounts.filter(({ tables }) => tables.includes(table))
    if (differing.length > 0) yield* exchangeTable(shadow, table, differing)
  }
  yield* run(sql`delete from ${shadowTable(shadow, "differing")} where (account_key, program) in ${listed(accounts)}`)
  return accounts.length
})

const exchangeTable = Effect.fnUntraced(function* (shadow: Shadow, table: ReadModel, accounts: ReadonlyArray<Listed>) {
  const database = yield* Database
  const live = liveTable(shadow, table)
  const ofAccounts = sql`(account_key, program) in ${listed(accounts)}`
  const found = yield* database.query((kysely) =>
    sql<{ some: boolean }>`select exists (select from ${live} where ${ofAccounts}) as some`.execute(kysely)
  )
  if (found.rows[0]?.some === true) {
    // The journal refuses to be changed. Its owner alone can tell it not to, in this transaction and for this partition.
    const guarded = table === "postings"
    if (guarded) yield* run(sql`alter table ${live} disable trigger append_only`)
    yield* run(sql`delete from ${live} where ${ofAccounts}`)
    if (guarded) yield* run(sql`alter table ${live} enable trigger append_only`)
  }
  yield* run(sql`insert into ${live} select * from ${shadowTable(shadow, table)} where ${ofAccounts}`)
})

const run = (statement: RawBuilder<unknown>) =>
  Effect.flatMap(Database, (database) => Effect.asVoid(database.query((kysely) => statement.execute(kysely))))
