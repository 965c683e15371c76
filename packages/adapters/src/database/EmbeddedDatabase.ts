import { randomUUID } from "node:crypto"
import { renameSync } from "node:fs"
import type { PGlite } from "@electric-sql/pglite"
import { Duration, Effect, Layer, Option, type Scope } from "effect"
import { Kysely, PGliteDialect } from "kysely"
import { columnParsers } from "./ColumnTypes.ts"
import { Database, DEFAULT_SCHEMA, LOCK_TIMEOUT } from "./Database.ts"
import { canonicalFolder, DatabaseFolderUnusable, draftFolder, inspectFolder, removeDrafts } from "./DatabaseFolder.ts"
import { type DatabaseLocked, type FolderLock, holdFolder } from "./FolderLock.ts"
import { make as makeFromKysely } from "./KyselyDatabase.ts"
import { requireSchemaName, type SchemaNameInvalid } from "./SchemaName.ts"
import type { Tables } from "./Tables.ts"

/** PGlite is one backend. */
const CONNECTIONS = 1

/** How long closing waits for a statement that still runs. */
const CLOSE_PATIENCE = Duration.seconds(3)

/** What a new database needs before anybody may see it: the migrations. */
type Prepare<E> = Effect.Effect<void, E, Database>

/** An embedded database that lives in a folder. One process at a time opens it. */
export interface EmbeddedOptions<E = never> {
  /** Where the database lives; made on the first start. Two files of the same name beside it: `.lock` and `.new-*`. */
  readonly folder: string
  /** The schema that holds our tables; lower case letters, digits and `_`. Default: `pointback`. */
  readonly schema?: string
  /**
   * Runs once, on a new database, which stands in its place only when this has succeeded. A process that is killed
   * meanwhile leaves nothing.
   */
  readonly prepare?: Prepare<E>
  /** What a new database starts from, as PGlite's `dumpDataDir` wrote it; without it the first start takes seconds. */
  readonly image?: Blob
}

/** An embedded database that lives in memory and is gone with its layer. */
export interface MemoryOptions<E = never> {
  /** Default: `pointback`. */
  readonly schema?: string
  /** Runs on the new database before anybody gets it. */
  readonly prepare?: Prepare<E>
  /** What to start from, as PGlite's `dumpDataDir` wrote it; without it the start takes seconds. */
  readonly image?: Blob
}

const engineOptions = (defaultStartParams: ReadonlyArray<string>, schema: string) => ({
  parsers: Object.fromEntries(columnParsers),
  startParams: [...defaultStartParams, "-c", `search_path=${schema}`, "-c", "timezone=UTC", "-c", "datestyle=ISO"]
})

const openEngine = async (schema: string, options: { dataDir?: string; loadDataDir?: Blob }): Promise<PGlite> => {
  // Whoever has a server need not load it.
  const { PGlite } = await import("@electric-sql/pglite")
  const engine = await PGlite.create({ ...options, ...engineOptions(PGlite.defaultStartParams, schema) })
  // PGlite puts its own parsers of arrays in place when it starts.
  Object.assign(engine.parsers, Object.fromEntries(columnParsers))
  return engine
}

/** A Database over an engine; closing the scope closes the engine, or calls `onStuck` if it does not close. */
const serve = Effect.fnUntraced(function* <E>(
  schema: string,
  open: Effect.Effect<PGlite, E>,
  onStuck: () => void
): Effect.fn.Return<Database["Service"], E, Scope.Scope> {
  const engine = yield* Effect.acquireRelease(open, (engine) =>
    Effect.tryPromise(() => engine.close()).pipe(
      Effect.ignore,
      Effect.interruptible,
      Effect.timeoutOption(CLOSE_PATIENCE),
      Effect.tap((closed) => Effect.sync(() => (Option.isNone(closed) ? onStuck() : undefined)))
    )
  )
  return yield* makeFromKysely({
    kysely: new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: engine }) }),
    dialect: "pglite",
    schema,
    connections: CONNECTIONS,
    lockTimeout: LOCK_TIMEOUT
  })
})

const imageOption = (image: Blob | undefined) => (image === undefined ? {} : { loadDataDir: image })

const unusable = (folder: string) => (cause: unknown) =>
  cause instanceof DatabaseFolderUnusable
    ? cause
    : new DatabaseFolderUnusable({ folder, problem: "see the cause", cause })

const serveFolder = (folder: string, schema: string, lock: FolderLock, image?: Blob) =>
  serve(
    schema,
    Effect.tryPromise({
      try: () => openEngine(schema, { dataDir: folder, ...imageOption(image) }),
      catch: unusable(folder)
    }),
    lock.keepUntilExit
  )

/** Makes the database ready beside its place, closes it, and moves it there in one step. */
const create = Effect.fnUntraced(function* <E>(
  folder: string,
  schema: string,
  options: EmbeddedOptions<E>,
  lock: FolderLock
): Effect.fn.Return<void, DatabaseFolderUnusable | E> {
  const draft = draftFolder(folder, randomUUID().slice(0, 8))
  yield* Effect.scoped(
    Effect.flatMap(serveFolder(draft, schema, lock, options.image), (database) =>
      Effect.provideService(options.prepare ?? Effect.void, Database, database)
    )
  )
  yield* Effect.try({ try: () => renameSync(draft, folder), catch: unusable(folder) })
})

/**
 * Opens the database in a folder, and makes it first if there is none.
 *
 * Fails with `DatabaseLocked` while another process has it open, with `DatabaseFolderUnusable` when the folder holds
 * something else or the disk refuses, with the error of `prepare`, and with `SchemaNameInvalid`.
 */
export const make = Effect.fnUntraced(function* <E = never>(
  options: EmbeddedOptions<E>
): Effect.fn.Return<Database["Service"], DatabaseLocked | DatabaseFolderUnusable | SchemaNameInvalid | E, Scope.Scope> {
  const schema = yield* requireSchemaName(options.schema ?? DEFAULT_SCHEMA)
  const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: unusable(options.folder) })
  const folder = yield* attempt(() => canonicalFolder(options.folder))
  const lock = yield* holdFolder(folder, unusable(folder))
  yield* attempt(() => removeDrafts(folder))
  if ((yield* attempt(() => inspectFolder(folder))) === "nothing") {
    yield* Effect.ensuring(create(folder, schema, options, lock), Effect.ignore(attempt(() => removeDrafts(folder))))
  }
  return yield* serveFolder(folder, schema, lock)
})

/** `Database` in a folder, inside this process. For trying out and small tools: it does not wait for the disk. */
export const layer = <E = never>(
  options: EmbeddedOptions<E>
): Layer.Layer<Database, DatabaseLocked | DatabaseFolderUnusable | SchemaNameInvalid | E> =>
  Layer.effect(Database, make(options))

/** `Database` in memory, inside this process, gone when it closes. */
export const layerMemory = <E = never>(options: MemoryOptions<E> = {}): Layer.Layer<Database, SchemaNameInvalid | E> =>
  Layer.effect(
    Database,
    Effect.gen(function* () {
      const schema = yield* requireSchemaName(options.schema ?? DEFAULT_SCHEMA)
      const open = Effect.promise(() => openEngine(schema, imageOption(options.image)))
      const database = yield* serve(schema, open, () => undefined)
      yield* Effect.provideService(options.prepare ?? Effect.void, Database, database)
      return database
    })
  )
