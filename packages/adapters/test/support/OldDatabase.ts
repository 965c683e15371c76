/** A database as an earlier version left it: the schema of its last migration, with a history of every kind. */
import { Effect } from "effect"
import { sql } from "kysely"
import { Migrator } from "kysely/migration"
import { readFileSync } from "node:fs"
import { Database } from "../../src/database/Database.ts"
import { foundation } from "../../src/migration/Foundation.ts"

/** Versions of the schema that a release had, by their last migration. */
const RELEASED = { "0001": { "0001_foundation": foundation } } as const

export type Release = keyof typeof RELEASED

/** Every released version of the schema. */
export const releases = Object.keys(RELEASED) as ReadonlyArray<Release>

const fixture = (name: string): string =>
  readFileSync(new URL(`../migration/fixtures/${name}`, import.meta.url), "utf8")

/** A command line, and what it answered then. */
export interface Answer {
  readonly line: string | ReadonlyArray<string>
  readonly code: number
  readonly out: unknown
  readonly err: unknown
}

/** What the version answered to questions, and to commands that it had heard before. */
export const answersOf = (release: Release): ReadonlyArray<Answer> =>
  JSON.parse(fixture(`${release}.json`)) as ReadonlyArray<Answer>

/** Makes the schema as the version did, in the database as it is, and fills it. */
export const makeOld = Effect.fnUntraced(function* (release: Release) {
  const database = yield* Database
  yield* database.query(async (kysely) => {
    await sql`create schema if not exists ${sql.id(database.schema)}`.execute(kysely)
    const { error } = await new Migrator({
      db: kysely,
      provider: { getMigrations: () => Promise.resolve(RELEASED[release]) },
      migrationTableSchema: database.schema
    }).migrateToLatest()
    if (error !== undefined) throw error
    for (const statement of fixture(`${release}.sql`).split(/;\n/)) {
      if (statement.trim() !== "") await sql.raw(statement).execute(kysely)
    }
  })
})
