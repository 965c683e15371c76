/** Holds the live tables against the shadow tables, row by row, and lists the accounts that differ. */
import { Effect } from "effect"
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import * as Rows from "../database/Rows.ts"
import { liveTable, type ReadModel, READ_MODELS, type Shadow, shadowTable } from "./Shadow.ts"

/** Differences that are named of each table of a partition; one with more has one cause, and the others are counted. */
const NAMED = 10

/** A row that is not as the events give it. */
export interface RowDifference {
  readonly table: ReadModel
  readonly program: string
  /** The account's opaque key. */
  readonly account: string
  /** A lot, a redemption, a position and line. */
  readonly place: string
  readonly problem: string
}

/** What a comparison came to, of one table. */
export interface TableComparison {
  /** Rows that the events give. */
  readonly rows: number
  /** Rows that are missing, are no event's, or have other values. */
  readonly differing: number
  readonly named: ReadonlyArray<RowDifference>
}

export type Comparison = Readonly<Record<ReadModel, TableComparison>>

interface Keys {
  readonly key: ReadonlyArray<string>
  /** The place as SQL over `k`, which has the key. */
  readonly place: string
  readonly columns: ReadonlyArray<string>
}

const KEYS: Record<ReadModel, Keys> = {
  postings: {
    key: ["account_key", "program", "position", "line"],
    place: "'position ' || k.position || ' line ' || k.line",
    columns: ["recorded_at", "debit", "credit", "lot_id", "redemption_id", "points", "occurred_at", "total", "restored"]
  },
  lots: {
    key: ["account_key", "program", "lot_id"],
    place: "k.lot_id",
    columns: [
      "earned_at",
      "expires_at",
      "opened_at",
      "total",
      "granted",
      "restored",
      "booked",
      "swept",
      "last_at",
      "late"
    ]
  },
  redemptions: {
    key: ["account_key", "program", "redemption_id"],
    place: "k.redemption_id",
    columns: [
      "redemption_type",
      "processed_by",
      "redeemed_at",
      "version",
      "points",
      "credited",
      "pending",
      "pending_credit",
      "state",
      "lot_ids",
      // json has no equality of its own; the text is the same wherever the row comes from.
      "draws::text",
      "request::text"
    ]
  }
}

const row = (alias: string, columns: ReadonlyArray<string>): string =>
  `(${columns.map((column) => `${alias}.${column}`).join(", ")})`

const comparing = (shadow: Shadow, table: ReadModel): RawBuilder<Rows.TextRow> => {
  const { columns, key, place } = KEYS[table]
  const problem = `case when s.account_key is null then 'no event gives it' when l.account_key is null then 'is missing'
    else (select string_agg(name || ' is ' || coalesce(has, 'null') || ', the events give ' || coalesce(gives, 'null'), '; ')
      from (values ${columns
        .map((column) => `('${column.replace("::text", "")}', l.${column}::text, s.${column}::text)`)
        .join(", ")}) as v (name, has, gives) where has is distinct from gives) end`
  return sql<Rows.TextRow>`
    with differing as materialized (
      select k.account_key, k.program, ${sql.raw(place)} as place, ${sql.raw(problem)} as problem
      from ${shadowTable(shadow, table)} s full join ${liveTable(shadow, table)} l using (${sql.raw(key.join(", "))})
      cross join lateral (select ${sql.raw(
        key.map((column) => `coalesce(s.${column}, l.${column}) as ${column}`).join(", ")
      )}) as k
      where s.account_key is null or l.account_key is null
        or ${sql.raw(row("s", columns))} is distinct from ${sql.raw(row("l", columns))}
    ), listed as (
      insert into ${shadowTable(shadow, "differing")} (account_key, program, read_model)
      select distinct account_key, program, ${table}::text from differing
    )
    select json_build_object(
      'rows', (select count(*) from ${shadowTable(shadow, table)}),
      'differing', (select count(*) from differing),
      'named', coalesce((select json_agg(n) from (
        select ${table}::text as table, program, account_key as account, place, problem from differing
        order by program, account_key, place limit ${NAMED}
      ) as n), '[]')
    )::text as row`
}

/** Compares the tables of one partition, and lists the accounts of those that differ. */
export const compare = Effect.fnUntraced(function* (shadow: Shadow) {
  const database = yield* Database
  const tables: Array<readonly [ReadModel, TableComparison]> = []
  for (const table of READ_MODELS) {
    const found = yield* database.query((kysely, signal) => comparing(shadow, table).execute(kysely, { signal }))
    const [compared] = Rows.read<TableComparison>(found)
    tables.push([table, compared ?? NO_ROWS])
  }
  return Object.fromEntries(tables) as Comparison
})

/** Two comparisons as one. */
export const together = (a: Comparison, b: Comparison): Comparison => ({
  postings: both(a.postings, b.postings),
  lots: both(a.lots, b.lots),
  redemptions: both(a.redemptions, b.redemptions)
})

const both = (a: TableComparison, b: TableComparison): TableComparison => ({
  rows: a.rows + b.rows,
  differing: a.differing + b.differing,
  named: [...a.named, ...b.named].slice(0, NAMED)
})

const NO_ROWS: TableComparison = { rows: 0, differing: 0, named: [] }

/** A comparison of nothing. */
export const NOTHING: Comparison = { postings: NO_ROWS, lots: NO_ROWS, redemptions: NO_ROWS }
