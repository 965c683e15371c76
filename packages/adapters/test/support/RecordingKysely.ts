import { Redacted } from "effect"
import { Kysely, PostgresDialect } from "kysely"
import pg from "pg"
import { afterAll, beforeAll } from "vitest"
import { freshDatabase } from "./Postgres.ts"

/** A kysely on an empty database that keeps the text of every statement that is sent, for the surrounding `describe`. */
export const recordingKysely = () => {
  const statements: Array<string> = []
  let kysely: Kysely<unknown>
  beforeAll(async () => {
    const pool = new pg.Pool({ connectionString: Redacted.value(await freshDatabase()) })
    kysely = new Kysely({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => void statements.push(query.sql)
    })
  })
  afterAll(() => kysely.destroy())
  return { statements, kysely: () => kysely }
}
