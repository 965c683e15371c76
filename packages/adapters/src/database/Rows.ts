/**
 * Rows that mean the same on every connection. A host's connection has parsers, a time zone and a date style of its own,
 * so a row comes as PostgreSQL's JSON in one column of text.
 *
 * In JSON, `numeric` and integers beyond 2^53 must be selected as text, instants as `utc`; the rest is what it looks like.
 */
import type { Kysely, RawBuilder } from "kysely"
import { sql } from "kysely"
import type { Tables } from "./Tables.ts"

/** One row as text. */
export interface TextRow {
  readonly row: string
}

/** Asks a question, which must be a plain `select`, and reads its rows. */
export const ask = async <Row>(
  kysely: Kysely<Tables>,
  question: RawBuilder<unknown>,
  signal?: AbortSignal
): Promise<ReadonlyArray<Row>> => {
  const statement = sql<TextRow>`select row_to_json(q)::text as row from (${question}) as q`
  return read(await statement.execute(kysely, signal === undefined ? undefined : { signal }))
}

/** Reads the rows of a statement that answers `row_to_json(…)::text as row` itself, as one that writes must. */
export const read = <Row>({ rows }: { readonly rows: ReadonlyArray<TextRow> }): ReadonlyArray<Row> =>
  rows.map(({ row }) => JSON.parse(row) as Row)

/** An instant as `Instant.fromStringUnsafe` reads it, whatever the zone of the session; null where it is infinite. */
export const utc = (instant: string): RawBuilder<string | null> =>
  sql`case when isfinite(${sql.ref(instant)})
    then to_char(${sql.ref(instant)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end`
