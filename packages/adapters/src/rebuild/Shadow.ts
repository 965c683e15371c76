/**
 * The tables that a rebuild fills beside the live ones, one set for each log partition. They are not logged, since they
 * are read once and dropped; a run's token is part of their names, so that no run ever meets another one's.
 */
import type { RawBuilder } from "kysely"
import { sql } from "kysely"
import { partitionTable } from "../migration/Partitioned.ts"

/** The tables that are derived from the events. */
export const READ_MODELS = ["postings", "lots", "redemptions"] as const
/** A table whose rows follow from the events. */
export type ReadModel = (typeof READ_MODELS)[number]

/** The shadow tables of one log partition. */
export interface Shadow {
  readonly schema: string
  readonly partition: number
  /** Eight hexadecimal digits. */
  readonly token: string
}

/** `folded`: the accounts that are in the shadow tables, each with its version; `differing`: those to be exchanged. */
type Table = ReadModel | "folded" | "differing"

/** Names of shadow tables, for the next run to find what one that was killed has left. */
export const LEFTOVERS = "_rebuild_[0-9a-f]{8}_p[0-9]+$"

const nameOf = ({ partition, token }: Shadow, table: Table): string =>
  partitionTable(`${table}_rebuild_${token}`, partition)

/** A shadow table. */
export const shadowTable = (shadow: Shadow, table: Table): RawBuilder<unknown> =>
  sql.id(shadow.schema, nameOf(shadow, table))

/** The live table of the partition. */
export const liveTable = ({ partition, schema }: Shadow, table: ReadModel | "accounts" | "events") =>
  sql.id(schema, partitionTable(table, partition))

const accountColumns = sql`account_key text collate "C" not null, program text collate "C" not null`

/** Makes the tables. */
export const create = (shadow: Shadow): ReadonlyArray<RawBuilder<unknown>> => [
  ...READ_MODELS.map(
    (table) => sql`create unlogged table ${shadowTable(shadow, table)} (like ${liveTable(shadow, table)})`
  ),
  sql`create unlogged table ${shadowTable(shadow, "folded")}
    (${accountColumns}, version bigint not null, primary key (account_key, program))`,
  sql`create unlogged table ${shadowTable(shadow, "differing")}
    (${accountColumns}, read_model text not null, primary key (account_key, program, read_model))`
]

/** Makes the accounts' rows easy to find, where that was not done before. */
export const index = (shadow: Shadow): ReadonlyArray<RawBuilder<unknown>> =>
  READ_MODELS.map(
    (table) =>
      sql`create index if not exists ${sql.id(`${nameOf(shadow, table)}_key`)} on ${shadowTable(shadow, table)} (account_key)`
  )

/** Drops the tables, where they are still there. */
export const drop = (shadow: Shadow): RawBuilder<unknown> =>
  sql`drop table if exists ${sql.join(
    [...READ_MODELS, "folded" as const, "differing" as const].map((table) => shadowTable(shadow, table))
  )}`
