/**
 * Reads an answer of any length with flat memory: PostgreSQL keeps it, and gives it out page by page. It lasts as long as
 * its transaction, so all of it is one picture of the database.
 */
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { Database } from "./Database.ts"
import type { DatabaseError } from "./DatabaseError.ts"
import * as Rows from "./Rows.ts"

/** Rows in a page: some hundred kilobytes, and a thousand times fewer round trips than rows. */
export const PAGE = 1000

/** One cursor is open in a transaction at a time. */
const NAME = "pointback_cursor"

/** Asks a question, which must be a plain `select` with an order, and hands its rows on, page by page. */
export const forEachPage = <Row, E, R>(
  question: (schema: string) => RawBuilder<unknown>,
  each: (page: ReadonlyArray<Row>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | DatabaseError, R | Database> =>
  Effect.flatMap(Database, (database) =>
    database.transaction(
      Effect.gen(function* () {
        // A plan for all rows: one for the first tenth, which is the default, may take a hundred times as long for the rest.
        yield* database.query((kysely) => sql`set local cursor_tuple_fraction = 1`.execute(kysely))
        yield* database.query((kysely) =>
          sql`declare ${sql.id(NAME)} no scroll cursor for
            select row_to_json(q)::text as row from (${question(database.schema)}) as q`.execute(kysely)
        )
        for (;;) {
          const page = yield* database.query(async (kysely) =>
            Rows.read<Row>(await sql<Rows.TextRow>`fetch ${sql.lit(PAGE)} from ${sql.id(NAME)}`.execute(kysely))
          )
          if (page.length > 0) yield* each(page)
          if (page.length < PAGE) break
        }
        yield* database.query((kysely) => sql`close ${sql.id(NAME)}`.execute(kysely))
      })
    )
  )
