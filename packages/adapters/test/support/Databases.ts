import pg from "pg"

/*
 * Databases on the test server. Names are made by the tests, so they are quoted and nothing more.
 */

/** Runs statements as the server's administrator, on a connection of its own. */
export const asAdministrator = async <A>(url: string, run: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  // Whoever waits for an answer is told; without a listener, a connection that breaks besides ends the test run.
  client.on("error", () => undefined)
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** The URL of another database on the same server. */
export const urlOf = (url: string, database: string): string => {
  const parsed = new URL(url)
  parsed.pathname = `/${database}`
  return parsed.href
}

/** Drops a database, whoever is connected. */
export const dropDatabase = (url: string, name: string): Promise<unknown> =>
  asAdministrator(url, (client) => client.query(`drop database if exists "${name}" with (force)`))

/** Drops every database whose name begins with the prefix. */
export const dropDatabasesOf = (url: string, prefix: string): Promise<void> =>
  asAdministrator(url, async (client) => {
    const found = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [prefix]
    )
    for (const { datname } of found.rows) {
      await client.query(`drop database if exists "${datname}" with (force)`)
    }
  })
