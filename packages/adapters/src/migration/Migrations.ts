/** Creates and upgrades the schema. Forward only: a migration that was released is never changed. */
import { Effect, Schema } from "effect"
import { sql } from "kysely"
import { Migrator } from "kysely/migration"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import { foundation } from "./Foundation.ts"
import { partitioned } from "./Partitioned.ts"
import { subscriptions } from "./Subscriptions.ts"

const migrations = {
  "0001_foundation": foundation,
  "0002_partitioned": partitioned,
  "0003_subscriptions": subscriptions
}

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

const makeSchema = (database: Database["Service"]): Effect.Effect<void, DatabaseError> =>
  database
    .query((kysely) => sql`create schema if not exists ${sql.id(database.schema)}`.execute(kysely))
    .pipe(
      Effect.retry({
        times: 1,
        while: ({ reason }) => reason._tag === "UniqueViolation" && reason.constraint === SCHEMA_NAMES
      }),
      Effect.asVoid
    )

/** Brings the schema up to date and returns the names of the migrations that ran. Safe to run from several processes. */
export const migrate: Effect.Effect<ReadonlyArray<string>, DatabaseError | MigrationFailed, Database> = Effect.gen(
  function* () {
    const database = yield* Database
    yield* makeSchema(database)
    const outcome = yield* database.query(async (kysely) => {
      return await new Migrator({
        db: kysely,
        provider: { getMigrations: () => Promise.resolve(migrations) },
        migrationTableSchema: database.schema
      }).migrateToLatest()
    })
    const results = outcome.results ?? []
    if (outcome.error !== undefined) {
      const failed = results.find((result) => result.status === "Error")
      return yield* new MigrationFailed({ migration: failed?.migrationName ?? "(none)", cause: outcome.error })
    }
    return results.map((result) => result.migrationName)
  }
)

/** Fails unless the schema is exactly the one that this version works with. */
export const requireCurrent: Effect.Effect<void, DatabaseError | SchemaOutdated, Database> = Effect.gen(function* () {
  const database = yield* Database
  const known = Object.keys(migrations)
  const applied = yield* database.query(async (kysely, signal) => {
    const table = await sql<{ name: string | null }>`select to_regclass('kysely_migration')::text as name`.execute(
      kysely,
      { signal }
    )
    if (table.rows[0]?.name === null) return []
    const rows = await sql<{ name: string }>`select name from kysely_migration`.execute(kysely, { signal })
    return rows.rows.map((row) => row.name)
  })
  const missing = known.filter((name) => !applied.includes(name))
  const unknown = applied.filter((name) => !known.includes(name))
  if (missing.length > 0 || unknown.length > 0) return yield* new SchemaOutdated({ missing, unknown })
})
