import type pg from "pg"

/*
 * A dump and a restore in small: the rows of the schema's tables go as text from one server into the migrated schema of
 * another. The npm package of the test server has no pg_dump.
 */

const tablesOf = async (client: pg.Client): Promise<ReadonlyArray<string>> => {
  const found = await client.query<{ relname: string }>(
    `select relname from pg_class where relnamespace = 'pointback'::regnamespace and relkind in ('r', 'p')
      and not relispartition and relname not like 'kysely%' order by relname`
  )
  return found.rows.map(({ relname }) => relname)
}

/** Replaces the rows of the tables, all of them by default, with those of another server. */
export const copyTables = async (
  source: pg.Client,
  target: pg.Client,
  tables?: ReadonlyArray<string>
): Promise<void> => {
  await target.query("begin")
  // As a restore does: rows come without their triggers and in any order.
  await target.query("set local session_replication_role = replica")
  for (const table of tables ?? (await tablesOf(source))) {
    const { rows } = await source.query<{ rows: string }>(
      `select coalesce(json_agg(t), '[]')::text as rows from pointback.${table} t`
    )
    await target.query(`delete from pointback.${table}`)
    await target.query(
      `insert into pointback.${table} select * from json_populate_recordset(null::pointback.${table}, $1)`,
      [rows[0]?.rows]
    )
  }
  await target.query("commit")
}
