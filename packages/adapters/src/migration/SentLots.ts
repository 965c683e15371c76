/**
 * An account's lots as lines that begin with instants as the server sends them. A database that was made before has the
 * function with other lines, which must not be read as these: hence a migration, though it changes no table.
 */
import { type Kysely, sql } from "kysely"
import type { Migration } from "kysely/migration"
import { guardedAccountLots, replacing } from "./Walls.ts"

export const sentLots: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    await sql.raw(replacing(guardedAccountLots)).execute(kysely)
  }
}
