/** What `createPointback` is told: which database, which Mastercard, and what opens of it. */
import {
  type Database,
  EmbeddedDatabase,
  HostDatabase,
  Mastercard,
  MastercardConfig,
  Migrations,
  PostgresDatabase,
  Stores
} from "@pointback/adapters"
import { ConfigProvider, Context, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import * as SettleSettings from "../settle/SettleSettings.ts"
import { InvalidInput, invalid } from "./Errors.ts"
import { reader, type Services } from "./Method.ts"

/** A `Pool` of pg, as much of it as tells what it is: it need not be the copy of pg that Pointback has. */
export interface PgPool {
  readonly totalCount: number
  readonly idleCount: number
  readonly query: (...args: Array<never>) => unknown
  readonly connect: (...args: Array<never>) => unknown
}

/** A `Client` or `PoolClient` of pg. */
export interface PgClient {
  readonly query: (...args: Array<never>) => unknown
  readonly connect: (...args: Array<never>) => unknown
}

/** A kysely for PostgreSQL, of whatever driver. */
export interface HostKysely {
  readonly isTransaction: boolean
  readonly getExecutor: () => unknown
}

/** A transaction of yours: a pg client on which you sent `begin`, or a transaction of your kysely. */
export type HostTransaction = PgClient | (HostKysely & { readonly isTransaction: true })

/** A PostgreSQL server whose secrets come from elsewhere, say a vault. What the functions fail with is not told: log it there. */
export interface PostgresServer {
  /** A URL as above, or a function that fetches it, called once at the start. */
  readonly url: string | (() => string | Promise<string>)
  /**
   * Fetches the password of each new connection, in place of the URL's: for passwords that end after minutes, as those of clouds
   * do. A connection that waits for it longer than ten seconds fails.
   */
  readonly password?: (() => string | Promise<string>) | undefined
}

/**
 * The database:
 *
 * - a PostgreSQL URL such as `postgres://user:password@host:5432/database`;
 * - `{ url, password }`, where functions fetch the URL, or the password of each new connection;
 * - a folder, for an embedded database inside this process: for trying out, tests and small tools;
 * - your own `pg.Pool` or kysely for PostgreSQL, which stay yours and are never closed here;
 * - a transaction that you have open: everything is done in it, and nothing that calls Mastercard.
 */
export type PointbackDatabase = string | PostgresServer | PgPool | HostKysely | PgClient

/**
 * How Mastercard is called. Each setting is what the environment variable of its name holds, so `consumerKey` is
 * `POINTBACK_MASTERCARD_CONSUMER_KEY`; see docs/mastercard.md. Needed are `url`, `consumerKey` and `signingKey` for OAuth
 * 1.0a. Keys are PEM text, or paths of files. Secrets are never logged.
 */
export type MastercardSettings = { readonly [setting in keyof typeof MastercardConfig.VARIABLES]?: string | undefined }

/** How long what may take, as texts such as `"15 minutes"`; see docs/mastercard.md on settling. */
export type SettleLimits = { readonly [limit in keyof typeof SettleSettings.VARIABLES]?: string | undefined }

/** What `createPointback` is given. */
export interface PointbackOptions {
  readonly database: PointbackDatabase
  /**
   * How Mastercard is called: settings, a function that fetches them (from a vault), or `"environment"`. Without it
   * everything works but what calls Mastercard.
   */
  readonly mastercard?:
    | MastercardSettings
    | "environment"
    | (() => MastercardSettings | Promise<MastercardSettings>)
    | undefined
  /** The schema that holds our tables; `pointback` unless given. */
  readonly schema?: string | undefined
  /** Whether tables are made or upgraded at the start. Unless given: in a folder yes, elsewhere no. */
  readonly migrate?: boolean | undefined
  /** When settling may be certain. */
  readonly settle?: SettleLimits | undefined
}

/** The settings of settling that methods run with. */
export const CurrentSettleSettings = Context.Reference<SettleSettings.SettleSettings>(
  "@pointback/app/promise/CurrentSettleSettings",
  { defaultValue: () => SettleSettings.defaults }
)

type Pool = Parameters<typeof HostDatabase.layerPool>[0]["pool"]
type AnyKysely = Parameters<typeof HostDatabase.layerKysely>[0]["kysely"]

/** What a database is, by its looks: copies of pg and kysely other than ours are as good. */
type Kind =
  | { readonly _tag: "Url"; readonly url: Redacted.Redacted }
  | { readonly _tag: "Server"; readonly server: Record<string, unknown> }
  | { readonly _tag: "Folder"; readonly folder: string }
  | { readonly _tag: "Pool"; readonly pool: Pool }
  | { readonly _tag: "Kysely"; readonly kysely: AnyKysely }
  | { readonly _tag: "Transaction"; readonly transaction: HostDatabase.HostTransaction }

const EXPECTED_DATABASE =
  "a PostgreSQL URL, { url, password }, a folder, a pg.Pool, a kysely, or an open transaction (a pg client or kysely's) is expected"

const kindOf = (database: unknown): Kind | undefined => {
  if (typeof database === "string") {
    if (database.trim() === "") return undefined
    return /^[a-z][a-z0-9+.-]*:\/\//i.test(database)
      ? { _tag: "Url", url: Redacted.make(database) }
      : { _tag: "Folder", folder: database }
  }
  const transaction = transactionOf(database)
  if (transaction !== undefined) return { _tag: "Transaction", transaction }
  if (typeof database !== "object" || database === null) return undefined
  if ("getExecutor" in database) return { _tag: "Kysely", kysely: database as AnyKysely }
  if ("totalCount" in database) return { _tag: "Pool", pool: database as Pool }
  return "url" in database ? { _tag: "Server", server: { ...database } } : undefined
}

/** What can be a host's transaction, or undefined. */
export const transactionOf = (value: unknown): HostDatabase.HostTransaction | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if ("getExecutor" in value)
    return "isTransaction" in value && value.isTransaction === true ? (value as never) : undefined
  const isClient = "query" in value && "connect" in value && !("totalCount" in value)
  return isClient ? (value as HostDatabase.HostTransaction) : undefined
}

const options = reader(
  Schema.Struct({
    database: Schema.Unknown,
    mastercard: Schema.optional(Schema.Unknown),
    schema: Schema.optional(Schema.String),
    migrate: Schema.optional(Schema.Boolean),
    settle: Schema.optional(Schema.Struct(textsOf(SettleSettings.VARIABLES)))
  }),
  "options"
)

function textsOf<Names extends Record<string, string>>(names: Names) {
  return Object.fromEntries(Object.keys(names).map((name) => [name, Schema.optional(Schema.String)])) as {
    readonly [Name in keyof Names]: Schema.optional<typeof Schema.String>
  }
}

const readSettings = reader(Schema.Struct(textsOf(MastercardConfig.VARIABLES)), "mastercard")

/** What was opened of the options. */
export interface Opening {
  readonly layer: Layer.Layer<Services, unknown>
  readonly hasMastercard: boolean
  /** The transaction in which everything is done, where there is nothing else. */
  readonly transaction: HostDatabase.HostTransaction | undefined
}

/** Reads the options, and the settings for Mastercard from where they are. Opens nothing: the layer does. */
export const opening = Effect.fnUntraced(function* (given: unknown): Effect.fn.Return<Opening, unknown> {
  const read = yield* Effect.fromResult(options(given))
  const kind = kindOf(read.database)
  if (kind === undefined) return yield* invalid("database", EXPECTED_DATABASE)
  const limits = yield* settleSettings(read.settle ?? {})
  const mastercard = yield* mastercardOf(read.mastercard, limits)
  const schema = read.schema === undefined ? {} : { schema: read.schema }
  const database = Layer.provideMerge(
    Layer.effectDiscard(schemaFor(read.migrate ?? kind._tag === "Folder", kind)),
    yield* databaseOf(kind, schema)
  )
  return {
    layer: Layer.mergeAll(
      Layer.provideMerge(Stores.layer, database),
      mastercard,
      Layer.succeed(CurrentSettleSettings, limits)
    ),
    hasMastercard: read.mastercard !== undefined,
    transaction: kind._tag === "Transaction" ? kind.transaction : undefined
  }
})

/** A secret that a function gives. */
const fetchedText = (fetch: () => unknown): Effect.Effect<Redacted.Redacted, unknown> =>
  Effect.flatMap(Effect.tryPromise({ try: async () => fetch(), catch: (cause) => cause }), (text) =>
    typeof text === "string" && text !== "" ? Effect.succeed(Redacted.make(text)) : Effect.fail(new NoText())
  )

/** A function gave something else than a text. */
class NoText extends Error {
  override readonly name = "NoText"
}

const serverOf = Effect.fnUntraced(function* (
  { password, url, ...rest }: Record<string, unknown>,
  schema: { readonly schema?: string }
): Effect.fn.Return<Layer.Layer<Database, unknown>, InvalidInput> {
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return yield* invalid(`database.${unknown}`, "url and password are expected")
  const fetchUrl = typeof url === "string" ? () => url : url
  if (typeof fetchUrl !== "function") return yield* invalid("database.url", "a text or a function is expected")
  if (password !== undefined && typeof password !== "function") {
    return yield* invalid("database.password", "a function is expected; a password that stays stands in the URL")
  }
  const secret = yield* Effect.mapError(fetchedText(fetchUrl as () => unknown), (cause) =>
    invalid("database.url", `the function failed (${cause instanceof Error ? cause.name : typeof cause})`)
  )
  const fetched = password === undefined ? {} : { password: fetchedText(password as () => unknown) }
  return PostgresDatabase.layer({ url: secret, ...fetched, ...schema })
})

const databaseOf = (
  kind: Kind,
  schema: { readonly schema?: string }
): Effect.Effect<Layer.Layer<Database, unknown>, InvalidInput> =>
  kind._tag === "Server" ? serverOf(kind.server, schema) : Effect.succeed(layerOf(kind, schema))

const layerOf = (
  kind: Exclude<Kind, { readonly _tag: "Server" }>,
  schema: { readonly schema?: string }
): Layer.Layer<Database, unknown> => {
  switch (kind._tag) {
    case "Url":
      return PostgresDatabase.layer({ url: kind.url, ...schema })
    case "Folder":
      return EmbeddedDatabase.layer({ folder: kind.folder, prepare: Effect.asVoid(Migrations.migrate), ...schema })
    case "Pool":
      return HostDatabase.layerPool({ pool: kind.pool, ...schema })
    case "Kysely":
      return HostDatabase.layerKysely({ kysely: kind.kysely, ...schema })
    case "Transaction":
      return HostDatabase.layerTransaction({ transaction: kind.transaction, ...schema })
  }
}

// A folder that a newer version has written must not be touched, and a current one need not be.
const upgraded = Effect.catchIf(
  Migrations.requireCurrent,
  (failure) => failure._tag === "SchemaOutdated" && failure.unknown.length === 0,
  () => Effect.asVoid(Migrations.migrate)
)

const schemaFor = (migrate: boolean, kind: Kind): Effect.Effect<void, unknown, Database> => {
  const wanted: Effect.Effect<void, unknown, Database> = migrate ? upgraded : Migrations.requireCurrent
  return kind._tag === "Transaction" ? HostDatabase.inTransaction(kind.transaction)(wanted) : wanted
}

const settleSettings = (limits: SettleLimits): Effect.Effect<SettleSettings.SettleSettings, InvalidInput> => {
  const given = Object.entries(limits).filter(([, text]) => text !== undefined)
  const wrong = given.find(([, text]) => !Option.exists(Duration.fromInput(text as never), SettleSettings.isLimit))
  if (wrong !== undefined) return Effect.fail(invalid(`settle.${wrong[0]}`, 'a time such as "15 minutes" is expected'))
  const times = given.map(([name, text]) => [name, Duration.fromInputUnsafe(text as never)])
  return Effect.succeed({ ...SettleSettings.defaults, ...Object.fromEntries(times) })
}

/** The client. Fails where a credit could still happen after settling by these limits had released its points. */
const mastercardOf = Effect.fnUntraced(function* (
  given: unknown,
  limits: SettleSettings.SettleSettings
): Effect.fn.Return<Layer.Layer<Mastercard, unknown>, unknown> {
  // Whoever calls it is refused before.
  if (given === undefined) return Layer.mock(Mastercard, {})
  const config = given === "environment" ? yield* MastercardConfig.fromEnvironment : yield* configOf(given)
  yield* Effect.mapError(Effect.fromResult(SettleSettings.checked(limits, config)), ({ longestCall }) =>
    invalid(
      "settle.longestProcessing",
      `more than a call can take by the client's own limits, ${longestCall}, is expected`
    )
  )
  return Mastercard.layer(config)
})

const configOf = Effect.fnUntraced(function* (
  given: unknown
): Effect.fn.Return<MastercardConfig.MastercardConfig, unknown> {
  const fetched = typeof given === "function" ? yield* fetchedBy(given as () => unknown) : given
  const settings = yield* Effect.mapError(Effect.fromResult(readSettings(fetched)), withoutValues)
  const provider = ConfigProvider.fromEnv({ env: environmentOf(settings) })
  return yield* MastercardConfig.fromEnvironment.pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, provider),
    Effect.mapError(({ problem, variable }) => invalid(`mastercard.${settingOf(variable)}`, problem))
  )
})

const fetchedBy = (fetch: () => unknown): Effect.Effect<unknown, InvalidInput> =>
  Effect.tryPromise({
    try: async () => fetch(),
    catch: (cause) =>
      invalid("mastercard", `the function failed: ${cause instanceof Error ? cause.message : "no error"}`)
  })

// What was given in a secret's place may be the secret.
const withoutValues = ({ problems }: InvalidInput): InvalidInput => {
  const named = problems.map(({ field }) => ({
    field: field === "mastercard" ? field : `mastercard.${field}`,
    problem: "a text is expected, of a setting that docs/mastercard.md names"
  }))
  return new InvalidInput({ field: named[0]?.field ?? "mastercard", problems: named })
}

const environmentOf = (settings: MastercardSettings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([name, text]) =>
      text === undefined ? [] : [[MastercardConfig.VARIABLES[name as keyof MastercardSettings], text]]
    )
  )

const settingOf = (variable: string): string =>
  Object.entries(MastercardConfig.VARIABLES).find(([, name]) => name === variable)?.[0] ?? variable
