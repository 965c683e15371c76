import { Redacted } from "effect"
import { CamelCasePlugin, Kysely, PostgresDialect } from "kysely"
import pg from "pg"
import { afterAll, beforeAll } from "vitest"
import type { HostTransaction } from "../../src/database/HostDatabase.ts"
import { freshDatabase } from "./Postgres.ts"

/*
 * A host whose connections are as unlike ours as they can be: another search path, on which our tables' names mean
 * something else, other dates, another zone, and parsers that make every value but text useless.
 */

const SCHEMA = `
  create schema shop;
  create table shop.orders (id int primary key, placed_by text not null);
  create table shop.events (nothing int);
  create table shop.accounts (nothing int);
  create table shop.lots (nothing int);
  create table shop.programs (nothing int);
  create table shop.subscriptions (nothing int);
  create table shop.kysely_migration (nothing int);
  create function shop.current_instant() returns text language sql as 'select ''never'''`

/** name, text and varchar. */
const TEXTS = new Set([19, 25, 1043])

const types = {
  getTypeParser: (oid: number) => (text: string) => (TEXTS.has(oid) ? text : { oid, is: "not what you think" })
} as never

const session = [
  "search_path=shop",
  "datestyle=German",
  "timezone=Asia/Kolkata",
  "bytea_output=escape",
  "intervalstyle=sql_standard"
]
  .map((setting) => `-c ${setting}`)
  .join(" ")

/** Connections of each of the host's pools. */
const CONNECTIONS = 8

const poolOf = (url: Redacted.Redacted): pg.Pool =>
  new pg.Pool({ connectionString: Redacted.value(url), options: session, types, max: CONNECTIONS })

interface HostTables {
  readonly orders: { readonly id: number; readonly placedBy: string }
}

/** Writes a row of the host's in its transaction. */
export type Place = (id: number, placedBy: string) => Promise<unknown>

/** Begins a transaction, runs a body in it, and commits unless the body throws. */
export type Transact = (body: (transaction: HostTransaction, place: Place) => Promise<void>) => Promise<void>

export interface Host {
  readonly pool: pg.Pool
  readonly kysely: Kysely<HostTables>
  /** The ids of somebody's orders that are committed. */
  readonly ordersOf: (placedBy: string) => Promise<ReadonlyArray<number>>
}

/** A host with an empty database, for the surrounding file. */
export const hostileHost = (): Host => {
  const host = {
    pool: undefined as unknown as pg.Pool,
    kysely: undefined as unknown as Kysely<HostTables>,
    ordersOf: async (placedBy: string) => {
      const found = await host.pool.query<{ ids: string }>(
        "select coalesce(json_agg(id), '[]')::text as ids from orders where placed_by = $1",
        [placedBy]
      )
      return JSON.parse(found.rows[0]?.ids ?? "[]") as ReadonlyArray<number>
    }
  }
  beforeAll(async () => {
    const url = await freshDatabase()
    host.pool = poolOf(url)
    const dialect = new PostgresDialect({ pool: poolOf(url) })
    host.kysely = new Kysely<HostTables>({ dialect, plugins: [new CamelCasePlugin()] })
    await host.pool.query(SCHEMA)
  })
  afterAll(async () => {
    await host.pool.end()
    await host.kysely.destroy()
  })
  return host
}

/** The ways in which a host can have a transaction open. */
export const transactionsOf = (host: Host): Readonly<Record<string, Transact>> => ({
  "kysely's transaction": (body) =>
    host.kysely
      .transaction()
      .execute((trx) => body(trx, (id, placedBy) => trx.insertInto("orders").values({ id, placedBy }).execute())),
  "kysely's controlled transaction": async (body) => {
    const trx = await host.kysely.startTransaction().execute()
    try {
      await body(trx, (id, placedBy) => trx.insertInto("orders").values({ id, placedBy }).execute())
      await trx.commit().execute()
    } catch (error) {
      await trx.rollback().execute()
      throw error
    }
  },
  "a client that has begun": async (body) => {
    const client = await host.pool.connect()
    try {
      await client.query("begin")
      await body(client, (id, placedBy) => client.query("insert into orders values ($1, $2)", [id, placedBy]))
      await client.query("commit")
    } catch (error) {
      await client.query("rollback")
      throw error
    } finally {
      client.release()
    }
  }
})

/** The names of these ways. */
export const TRANSACTIONS = ["kysely's transaction", "kysely's controlled transaction", "a client that has begun"]
