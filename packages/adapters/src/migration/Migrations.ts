/** Creates and upgrades the schema. Forward only: a migration that was released is never changed. */
import { Effect, Schema } from "effect"
import { type Kysely, sql } from "kysely"
import { type Migration, Migrator } from "kysely/migration"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import * as ProgramRoles from "../program/ProgramRoles.ts"
import { exclusively, rebuildAll } from "../rebuild/Rebuild.ts"
import { aliases } from "./Aliases.ts"
import { erasures } from "./Erasures.ts"
import { foundation } from "./Foundation.ts"
import { partitioned } from "./Partitioned.ts"
import { questions } from "./Questions.ts"
import { reconciliations } from "./Reconciliations.ts"
import * as Roles from "./Roles.ts"
import { sentLots } from "./SentLots.ts"
import { subscriptions } from "./Subscriptions.ts"
import { walls } from "./Walls.ts"

const migrations = {
  "0001_foundation": foundation,
  "0002_partitioned": partitioned,
  "0003_subscriptions": subscriptions,
  "0004_erasures": erasures,
  "0005_roles": Roles.roles,
  "0006_aliases": aliases,
  "0007_questions": questions,
  "0008_reconciliation": reconciliations,
  "0009_walls": walls,
  "0010_sent_lots": sentLots
}

/**
 * The version of the read models: it counts up where the same events give other rows, and `migrate` makes them anew where
 * `settings.read_models` is behind.
 */
const READ_MODELS = 1

/** A migration failed; everything it did was rolled back. */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  migration: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `migration ${this.migration} failed and was rolled back: ${String(this.cause)}`
  }
}

/** The schema lacks a migration, or has one that this version does not know. */
export class SchemaOutdated extends Schema.TaggedError<SchemaOutdated>()("SchemaOutdated", {
  missing: Schema.Array(Schema.String),
  unknown: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.unknown.length > 0
      ? `the database was upgraded by a newer version of Pointback (${this.unknown.join(", ")}); upgrade this one`
      : `the database lacks ${this.missing.join(", ")}; run \`pointback migrate\``
  }
}

/** The index that two processes meet in which make the schema at once: `if not exists` does not see the other one. */
const SCHEMA_NAMES = "pg_namespace_nspname_index"

// Looked for first: whoever owns the schema may lack the right to make one.
const makeSchema = (database: Database["Service"]): Effect.Effect<void, DatabaseError> =>
  database
    .query(async (kysely) => {
      const found = await Rows.ask(kysely, sql`select from pg_namespace where nspname = ${database.schema}`)
      if (found.length === 0) await sql`create schema if not exists ${sql.id(database.schema)}`.execute(kysely)
    })
    .pipe(
      Effect.retry({
        times: 1,
        while: ({ reason }) => reason._tag === "UniqueViolation" && reason.constraint === SCHEMA_NAMES
      })
    )

/**
 * The migrations with our schema as the one that their statements mean, whatever the connection's is. Functions keep this
 * path; `pg_temp` stands last in it, so that nobody puts a temporary table in a table's place.
 */
const inSchema = (schema: string): Record<string, Migration> =>
  Object.fromEntries(
    Object.entries(migrations).map(([name, { up }]) => [
      name,
      {
        up: async (kysely: Kysely<unknown>) => {
          await sql`set local search_path to ${sql.id(schema)}, pg_temp`.execute(kysely)
          await up(kysely)
        }
      }
    ])
  )

const readModels = Effect.gen(function* () {
  const { query, schema } = yield* Database
  const found = yield* query((kysely, signal) =>
    Rows.ask<{ version: number }>(kysely, sql`select read_models as version from ${sql.id(schema, "settings")}`, signal)
  )
  return (found[0] as { version: number }).version
})

// The setting follows the rows, so that what was killed in between is done again.
const updateReadModels = Effect.gen(function* () {
  if ((yield* readModels) >= READ_MODELS) return
  const { query, schema } = yield* Database
  yield* rebuildAll({}).pipe(
    Effect.catchTag("HistoryUnreadable", (cause) => new MigrationFailed({ migration: "of the read models", cause }))
  )
  yield* query((kysely) => sql`update ${sql.id(schema, "settings")} set read_models = ${READ_MODELS}`.execute(kysely))
})

/** Brings schema and read models up to date and returns the names of the migrations that ran. Safe to run from several processes. */
export const migrate: Effect.Effect<ReadonlyArray<string>, DatabaseError | MigrationFailed, Database> = Effect.gen(
  function* () {
    const database = yield* Database
    yield* makeSchema(database)
    const outcome = yield* database.query(async (kysely) => {
      return await new Migrator({
        db: kysely,
        provider: { getMigrations: () => Promise.resolve(inSchema(database.schema)) },
        migrationTableSchema: database.schema
      }).migrateToLatest()
    })
    const results = outcome.results ?? []
    if (outcome.error !== undefined) {
      const failed = results.find((result) => result.status === "Error")
      return yield* new MigrationFailed({ migration: failed?.migrationName ?? "(none)", cause: outcome.error })
    }
    yield* Roles.ensure(database)
    yield* ProgramRoles.ensure
    // Who finds them current need not wait for whoever rebuilds for other reasons.
    if ((yield* readModels) < READ_MODELS) yield* exclusively(updateReadModels)
    return results.map((result) => result.migrationName)
  }
)

/** Fails unless the schema is exactly the one that this version works with. */
export const requireCurrent: Effect.Effect<void, DatabaseError | SchemaOutdated, Database> = Effect.gen(function* () {
  const database = yield* Database
  const known = Object.keys(migrations)
  const applied = yield* database.query(async (kysely, signal) => {
    const table = `${database.schema}.kysely_migration`
    const [found] = await Rows.ask<{ made: boolean }>(
      kysely,
      sql`select to_regclass(${table}::text) is not null as made`,
      signal
    )
    if (found?.made !== true) return []
    const rows = await Rows.ask<{ name: string }>(
      kysely,
      sql`select name from ${sql.id(database.schema, "kysely_migration")}`,
      signal
    )
    return rows.map((row) => row.name)
  })
  const missing = known.filter((name) => !applied.includes(name))
  const unknown = applied.filter((name) => !known.includes(name))
  if (missing.length > 0 || unknown.length > 0) return yield* new SchemaOutdated({ missing, unknown })
  const version = yield* readModels
  if (version < READ_MODELS) yield* new SchemaOutdated({ missing: [`read models ${READ_MODELS}`], unknown })
  if (version > READ_MODELS) yield* new SchemaOutdated({ missing, unknown: [`read models ${version}`] })
})
