/** Opens the database that the command line names. */
import {
  type AgingStore,
  Database,
  type DatabaseError,
  type DatabaseFolderUnusable,
  type DatabaseLocked,
  type DatabaseUrlInvalid,
  EmbeddedDatabase,
  type EventLog,
  type EventStore,
  Migrations,
  type PolicyStore,
  PostgresDatabase,
  type SchemaNameInvalid,
  SecretFile,
  Stores
} from "@pointback/adapters"
import { Config, Effect, Layer, Option, Redacted, Result } from "effect"
import { mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { DatabaseFlag } from "./GlobalFlags.ts"
import { InvalidInput } from "./Input.ts"

/** What names the database where the flag is not given; with `_FILE`, a file that holds it. */
const VARIABLE = "POINTBACK_DATABASE"

/** Where the embedded database is unless another place is named. */
export const DEFAULT_FOLDER = ".pointback/db"

/** A place that may be a URL with a password, and is kept from being printed. */
const place = Effect.gen(function* () {
  const flag = yield* DatabaseFlag
  if (Option.isSome(flag)) return Redacted.make(flag.value)
  // One that is set to nothing is a mistake, which a folder in its place would hide.
  const configured = yield* Config.option(Config.Redacted(VARIABLE))
  if (Option.isSome(configured) && Redacted.value(configured.value).trim() === "") return configured.value
  return (yield* SecretFile.secret(VARIABLE)) ?? Redacted.make(DEFAULT_FOLDER)
})

const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text)

/** Every way in which a database can fail to open. */
export type BackendError =
  | InvalidInput
  | Config.ConfigError
  | SecretFile.SecretUnreadable
  | DatabaseError
  | DatabaseFolderUnusable
  | DatabaseLocked
  | DatabaseUrlInvalid
  | SchemaNameInvalid
  | Migrations.MigrationFailed
  | Migrations.SchemaOutdated

const makeParent = (folder: string) =>
  Effect.tryPromise({
    try: () => mkdir(dirname(folder), { recursive: true }),
    catch: (cause) =>
      new InvalidInput({ flag: "database", value: folder, problem: cause instanceof Error ? cause.message : "" })
  })

const nowhere = new InvalidInput({ flag: "database", value: "", problem: "a PostgreSQL URL or a folder is expected" })

const databaseAt = (where: Redacted.Redacted): Layer.Layer<Database, BackendError> => {
  const text = Redacted.value(where)
  // An empty path would be the current folder itself.
  if (text.trim() === "") return Layer.effect(Database, Effect.fail(nowhere))
  return isUrl(text)
    ? PostgresDatabase.layer({ url: where })
    : Layer.unwrap(
        Effect.as(
          makeParent(text),
          EmbeddedDatabase.layer({ folder: text, prepare: Effect.asVoid(Migrations.migrate) })
        )
      )
}

type Settings = "effect/cli/GlobalFlag/database"

const databaseLayer: Layer.Layer<Database, BackendError, Settings> = Layer.unwrap(Effect.map(place, databaseAt))

// The schema of a server is upgraded by `migrate` alone, at a time that its operator chooses; an embedded one at once.
const currentSchema = Effect.gen(function* (): Effect.fn.Return<void, BackendError, Database> {
  const { dialect } = yield* Database
  const checked = yield* Effect.result(Migrations.requireCurrent)
  if (Result.isSuccess(checked)) return
  const failure = checked.failure
  const upgradable = dialect === "pglite" && failure._tag === "SchemaOutdated" && failure.unknown.length === 0
  if (!upgradable) return yield* failure
  yield* Migrations.migrate
})

/** Everything that commands ask of a database. */
export type Backend = Database | EventStore.EventStore | EventLog | PolicyStore | AgingStore

/** The database with the schema that this version works with, and the stores on it. */
export const layer: Layer.Layer<Backend, BackendError, Settings> = Stores.layer.pipe(
  Layer.merge(Layer.effectDiscard(currentSchema)),
  Layer.provideMerge(databaseLayer)
)

/**
 * Runs a command on the database, which is closed when the command has ended. The error is of any kind: whatever it is,
 * `Main` prints it, and nobody else looks at it.
 */
export const withBackend = <A, E, R>(
  command: Effect.Effect<A, E, R>
): Effect.Effect<A, unknown, Exclude<R, Backend> | Settings> => Effect.provide(command, layer)

/** Runs a command on the database as it is, whatever its schema. */
export const withDatabase = <A, E, R>(
  command: Effect.Effect<A, E, R>
): Effect.Effect<A, unknown, Exclude<R, Database> | Settings> => Effect.provide(command, databaseLayer)
