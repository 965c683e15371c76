import { Cause, Duration, Effect, Layer, Redacted, Schema, type Scope } from "effect"
import { Kysely, PostgresDialect, sql } from "kysely"
import pg from "pg"
import { columnParser } from "./ColumnTypes.ts"
import { Database, DEFAULT_SCHEMA, LOCK_TIMEOUT } from "./Database.ts"
import type { DatabaseError } from "./DatabaseError.ts"
import { PASSWORD_UNAVAILABLE } from "./DriverFailure.ts"
import { make as makeFromKysely } from "./KyselyDatabase.ts"
import { requireSchemaName, type SchemaNameInvalid } from "./SchemaName.ts"
import type { Tables } from "./Tables.ts"

/** PostgreSQL answers about as fast with 10 connections as with 50; more belong to a pooler. */
const POOL_SIZE = 10

/** Long enough for a failover's DNS change, short enough for a request to fail by itself. */
const CONNECT_TIMEOUT = Duration.seconds(10)

/** Our statements take milliseconds; the longest reports take seconds. */
const STATEMENT_TIMEOUT = Duration.seconds(60)

/** A transaction does nothing but its own statements, so a silent one has lost its process. */
const IDLE_IN_TRANSACTION_TIMEOUT = Duration.seconds(30)

/** How long closing waits for connections that are still in use. */
const CLOSE_PATIENCE = Duration.seconds(3)

/** The connection URL cannot be used. The message does not repeat it. */
export class DatabaseUrlInvalid extends Schema.TaggedError<DatabaseUrlInvalid>(
  "@pointback/adapters/DatabaseUrlInvalid"
)("DatabaseUrlInvalid", {}) {
  override get message(): string {
    return "The database URL cannot be read; it has the form postgres://user:password@host:5432/database"
  }
}

/** The password could not be had from whoever gives it. Never carries what that said: it may quote a secret. */
class PasswordUnavailable extends Error {
  override readonly name = "PasswordUnavailable"
  readonly code = PASSWORD_UNAVAILABLE
  constructor(cause: unknown) {
    super(`the password of the database could not be had (${cause instanceof Error ? cause.name : typeof cause})`)
  }
}

/** A PostgreSQL server, and how many connections to it for how long. */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; what its query sets (`sslmode`, timeouts ...) wins over the rest. */
  readonly url: Redacted.Redacted
  /**
   * Gives the password of each new connection, in place of the URL's: for passwords that end after minutes, as those of clouds
   * do. It has the time of `connectTimeout`; what it fails with is not told, so it should log that itself.
   */
  readonly password?: Effect.Effect<Redacted.Redacted, unknown>
  /** The schema that holds our tables; lower case letters, digits and `_`. Default: `pointback`. */
  readonly schema?: string
  /** The most connections to keep open. Default: 10. */
  readonly poolSize?: number
  /** Default: 10 seconds. */
  readonly connectTimeout?: Duration.Input
  /** The server ends a statement that takes longer. Default: 60 seconds. */
  readonly statementTimeout?: Duration.Input
  /** A statement that waits longer for a lock fails with `LockTimeout`. Default: 10 seconds. */
  readonly lockTimeout?: Duration.Input
  /** The server ends a connection whose transaction is silent for longer. Default: 30 seconds. */
  readonly idleInTransactionTimeout?: Duration.Input
  /** The name that `pg_stat_activity` shows. Default: `pointback`. */
  readonly applicationName?: string
}

/** What every session starts with, whatever the server's, the database's or the role's settings are. */
const sessionOptions = (schema: string): string =>
  [
    `search_path=${schema}`,
    "timezone=UTC",
    "datestyle=ISO",
    "bytea_output=hex",
    "default_transaction_isolation=read\\ committed"
  ]
    .map((setting) => `-c ${setting}`)
    .join(" ")

const withSessionOptions = (url: string, schema: string): string => {
  const parsed = new URL(url)
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    throw new Error("not a postgres URL")
  }
  // The URL's own options stay, and ours follow, so that ours hold.
  const own = parsed.searchParams.get("options")
  parsed.searchParams.set("options", [...(own === null ? [] : [own]), sessionOptions(schema)].join(" "))
  return parsed.href
}

// pg asks a function for the password of each connection, but takes what the URL says, be it nothing, before it.
const clientWith = (password: () => Promise<string>) =>
  class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config)
      Object.defineProperty(this, "password", {
        value: password,
        configurable: true,
        enumerable: false,
        writable: true
      })
    }
  }

const openPool = Effect.fnUntraced(function* (options: PostgresOptions, schema: string) {
  const connectionString = yield* Effect.try({
    try: () => withSessionOptions(Redacted.value(options.url), schema),
    // The error that was caught quotes the URL, so it must not become a cause.
    catch: () => new DatabaseUrlInvalid()
  })
  const context = yield* Effect.context()
  const { password } = options
  const given =
    password === undefined
      ? {}
      : {
          Client: clientWith(() =>
            Effect.runPromiseWith(context)(
              Effect.catchCause(Effect.map(password, Redacted.value), (cause) =>
                Effect.fail(new PasswordUnavailable(Cause.squash(cause)))
              )
            )
          )
        }
  const open = () =>
    new pg.Pool({
      connectionString,
      ...given,
      max: options.poolSize ?? POOL_SIZE,
      application_name: options.applicationName ?? "pointback",
      connectionTimeoutMillis: Duration.toMillis(options.connectTimeout ?? CONNECT_TIMEOUT),
      statement_timeout: Duration.toMillis(options.statementTimeout ?? STATEMENT_TIMEOUT),
      lock_timeout: Duration.toMillis(Duration.fromInputUnsafe(options.lockTimeout ?? LOCK_TIMEOUT)),
      idle_in_transaction_session_timeout: Duration.toMillis(
        options.idleInTransactionTimeout ?? IDLE_IN_TRANSACTION_TIMEOUT
      ),
      keepAlive: true,
      types: { getTypeParser: columnParser as never }
    })
  const pool = yield* Effect.acquireRelease(Effect.sync(open), (pool) =>
    // The pool waits for every connection that is still in use; one that hangs must not keep the process alive.
    Effect.timeoutOption(Effect.interruptible(Effect.ignore(Effect.tryPromise(() => pool.end()))), CLOSE_PATIENCE)
  )
  // Without listeners, a connection that the server closes would end the process: the pool's hears of idle ones, the
  // client's of those in a silent transaction. The pool drops either, and the next statement on it fails.
  pool.on("connect", (client) => client.on("error", () => undefined))
  pool.on("error", () => {
    Effect.runForkWith(context)(Effect.logWarning("An idle connection to the database was lost"))
  })
  return pool
})

/** Opens a pool and makes one connection, so that a wrong URL or password shows at the start. */
export const make = Effect.fnUntraced(function* (
  options: PostgresOptions
): Effect.fn.Return<Database["Service"], DatabaseError | DatabaseUrlInvalid | SchemaNameInvalid, Scope.Scope> {
  const schema = yield* requireSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const pool = yield* openPool(options, schema)
  const database = yield* makeFromKysely({
    kysely: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }),
    dialect: "postgres",
    schema,
    pool,
    connections: options.poolSize ?? POOL_SIZE,
    lockTimeout: options.lockTimeout ?? LOCK_TIMEOUT
  })
  yield* database.query((kysely, signal) => sql`select 1`.execute(kysely, { signal }))
  return database
})

/** `Database` on a PostgreSQL server. */
export const layer = (
  options: PostgresOptions
): Layer.Layer<Database, DatabaseError | DatabaseUrlInvalid | SchemaNameInvalid> =>
  Layer.effect(Database, make(options))
