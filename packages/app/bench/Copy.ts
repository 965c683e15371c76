/** The physical baseline of bulk writing: COPY of rows that are there, into the same tables of another database. */
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import pg from "pg"
import * as copy from "pg-copy-streams"

/** Rows of a table, as COPY writes them. */
export interface CopiedTable {
  readonly table: string
  readonly chunks: ReadonlyArray<Buffer>
}

const connected = async <A>(url: string, run: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** Reads the rows of tables of the schema `pointback` into memory. */
export const read = (url: string, tables: ReadonlyArray<string>): Promise<ReadonlyArray<CopiedTable>> =>
  connected(url, async (client) => {
    const copied: Array<CopiedTable> = []
    for (const table of tables) {
      const chunks: Array<Buffer> = []
      for await (const chunk of client.query(copy.to(`copy (select * from pointback.${table}) to stdout`))) {
        chunks.push(chunk as Buffer)
      }
      copied.push({ table, chunks })
    }
    return copied
  })

/** Writes them, every table on a connection of its own, all at once; without triggers, with keys and indexes. */
export const write = async (url: string, tables: ReadonlyArray<CopiedTable>): Promise<void> => {
  await Promise.all(
    tables.map(({ chunks, table }) =>
      connected(url, async (client) => {
        await client.query("set session_replication_role = replica")
        await pipeline(Readable.from(chunks), client.query(copy.from(`copy pointback.${table} from stdin`)))
      })
    )
  )
}

/** Databases of a benchmark, whose names begin with a prefix: copies of one that is migrated. */
export const databases = (url: string, prefix = "bench") => {
  let made = 0
  const urlOf = (name: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href
  return {
    urlOf,
    /** Makes a database, empty or as another is, and answers its URL. */
    make: async (template = "template0"): Promise<string> => {
      const name = `${prefix}_${++made}`
      await connected(url, (client) => client.query(`create database ${name} template ${template}`))
      return urlOf(name)
    },
    drop: (made: string): Promise<unknown> =>
      connected(url, (client) => client.query(`drop database ${new URL(made).pathname.slice(1)} with (force)`))
  }
}
