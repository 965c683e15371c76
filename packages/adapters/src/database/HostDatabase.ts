/**
 * `Database` in a host's program: over its kysely, over its pool, or inside a transaction that it has open, so that its
 * rows and our events are committed together.
 *
 * Nothing is expected of the host's connections: statements name our schema, rows come as text that we read ourselves,
 * and waiting for locks is limited by the statements that wait. The host keeps its pool: it is never closed here.
 */
import { type Duration, Effect, Layer } from "effect"
import { Kysely, PostgresDialect, type PostgresPoolClient } from "kysely"
import type pg from "pg"
import { columnParser } from "./ColumnTypes.ts"
import { Database, DEFAULT_SCHEMA, LOCK_TIMEOUT } from "./Database.ts"
import type { DatabaseError } from "./DatabaseError.ts"
import { make as makeFromKysely } from "./KyselyDatabase.ts"
import { requireSchemaName, type SchemaNameInvalid } from "./SchemaName.ts"
import type { Tables } from "./Tables.ts"

/** Connections that are used at a time unless another number is asked for: what a `pg.Pool` has by default. */
const CONNECTIONS = 10

/** How Pointback behaves on connections that belong to the host. */
export interface HostOptions {
  /** The schema that holds our tables; lower case letters, digits and `_`. Default: `pointback`. */
  readonly schema?: string
  /** Connections that we use at a time at most; not more than the pool has. Default: the pool's `max`, or 10. */
  readonly connections?: number
  /** How long an append waits for a log partition that somebody else holds, then `LockTimeout`. Default: 10 seconds. */
  readonly lockTimeout?: Duration.Input
}

// The host's tables are nobody's business here, nor is what its plugins do to names and rows.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyKysely = Kysely<any>

const ours = (kysely: AnyKysely): Kysely<Tables> => kysely.withoutPlugins()

const layerOf = (kysely: Kysely<Tables>, options: HostOptions, connections: number, pool?: pg.Pool) =>
  Layer.effect(
    Database,
    Effect.flatMap(requireSchemaName(options.schema ?? DEFAULT_SCHEMA), (schema) =>
      makeFromKysely({
        kysely,
        dialect: "postgres",
        schema,
        connections: options.connections ?? connections,
        lockTimeout: options.lockTimeout ?? LOCK_TIMEOUT,
        ...(pool === undefined ? {} : { pool })
      })
    )
  )

/** `Database` over the host's kysely, of whatever driver for PostgreSQL. Its plugins do not see our statements. */
export const layerKysely = (
  options: HostOptions & { readonly kysely: AnyKysely }
): Layer.Layer<Database, SchemaNameInvalid> => layerOf(ours(options.kysely), options, CONNECTIONS)

/** `Database` over the host's `pg.Pool`. What the host set for types does not touch what `Database.query` gives. */
export const layerPool = (
  options: HostOptions & { readonly pool: pg.Pool }
): Layer.Layer<Database, SchemaNameInvalid> =>
  layerOf(overPool(options.pool), options, options.pool.options.max, options.pool)

const overPool = (pool: pg.Pool): Kysely<Tables> =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: {
        connect: async () => withOurTypes(await pool.connect(), (client, destroy) => client.release(destroy)),
        end: () => Promise.resolve(),
        options: pool.options
      }
    })
  })

const types = { getTypeParser: columnParser as never }

const withOurTypes = <Client extends pg.ClientBase>(
  client: Client,
  release: (client: Client, destroy: boolean | undefined) => void
): PostgresPoolClient =>
  ({
    query: (text: string, values: ReadonlyArray<unknown>) => client.query({ text, values: [...values], types }),
    release: (destroy?: boolean) => release(client, destroy)
  }) as unknown as PostgresPoolClient

/** A transaction that the host has open: kysely's, controlled or not, or a client on which it has sent `begin`. */
export type HostTransaction = AnyKysely | pg.ClientBase

/**
 * Runs `self` in the host's transaction. What it appends is committed with the host's rows or not at all; where it fails,
 * what it did is undone and the rest of the host's transaction stands. Do this last in the transaction: the account's log
 * partition stays locked until the host commits, and everybody else who appends to it waits.
 *
 * Several commands should come in ascending order of their partitions (`EventStore.find` tells them). One that comes out
 * of order and finds its partition locked does not wait: it fails with `LockTimeout` at once.
 */
export const inTransaction =
  (transaction: HostTransaction) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseError, R | Database> =>
    Database.use((database) => database.within(handle(transaction))(self))

/**
 * `Database` for a program that has nothing but a transaction. Run what uses it by `inTransaction` of the same
 * transaction, whose connection is the only one there is.
 */
export const layerTransaction = (
  options: HostOptions & { readonly transaction: HostTransaction }
): Layer.Layer<Database, SchemaNameInvalid> =>
  Layer.unwrap(Effect.sync(() => layerOf(handle(options.transaction), options, 1)))

/** What stands for a transaction; the same each time that it is handed in. */
const handles = new WeakMap<HostTransaction, Kysely<Tables>>()

const handle = (transaction: HostTransaction): Kysely<Tables> => {
  const known = handles.get(transaction)
  if (known !== undefined) return known
  const made = "getExecutor" in transaction ? ours(requireOpen(transaction)) : overClient(transaction)
  handles.set(transaction, made)
  return made
}

const requireOpen = (kysely: AnyKysely): AnyKysely => {
  if (!kysely.isTransaction) throw new TypeError("a kysely transaction is expected, not a kysely that has a pool")
  return kysely
}

const overClient = (client: pg.ClientBase): Kysely<Tables> =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: {
        connect: () => Promise.resolve(withOurTypes(client, () => undefined)),
        end: () => Promise.resolve(),
        options: {}
      }
    })
  })
