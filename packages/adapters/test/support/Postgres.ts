import { randomBytes } from "node:crypto"
import { Redacted } from "effect"
import { afterAll, inject } from "vitest"
import { asAdministrator, dropDatabase, urlOf } from "./Databases.ts"
// For the type of what globalSetup provides.
import type {} from "./globalSetup.ts"

/** How a template database is made ready. */
export interface Template {
  /** Part of the template's name; another text means another template. Lower case letters, digits and `_`. */
  readonly name: string
  /** Runs once in a test run, on an empty database, before the first test that asks for this template. */
  readonly prepare: (url: Redacted.Redacted) => Promise<void>
}

/** The lock that workers of one run share while one of them makes a template. Any number, the same for all. */
const TEMPLATE_LOCK = 4_611_686

const server = () => inject("postgres")

/** Makes the template unless another worker has: the last step is its rename, so that it is there whole or not. */
const requireTemplate = (template: Template): Promise<string> =>
  asAdministrator(server().url, async (client) => {
    const name = `${server().prefix}template_${template.name}`
    // Held until this connection ends.
    await client.query("select pg_advisory_lock($1)", [TEMPLATE_LOCK])
    const found = await client.query("select 1 from pg_database where datname = $1", [name])
    if (found.rowCount === 0) {
      const draft = `${name}_draft`
      await client.query(`drop database if exists "${draft}" with (force)`)
      await client.query(`create database "${draft}" template template0`)
      await template.prepare(Redacted.make(urlOf(server().url, draft)))
      await client.query(`alter database "${draft}" rename to "${name}"`)
    }
    return name
  })

/**
 * A new database on the run's real PostgreSQL server, empty or a copy of a template, dropped after the file or the
 * `describe` that asked for it. Returns its URL.
 */
export const freshDatabase = async (template?: Template): Promise<Redacted.Redacted> => {
  const source = template === undefined ? "template0" : await requireTemplate(template)
  const name = `${server().prefix}${randomBytes(6).toString("hex")}`
  await asAdministrator(server().url, (client) => client.query(`create database "${name}" template "${source}"`))
  afterAll(() => dropDatabase(server().url, name))
  return Redacted.make(urlOf(server().url, name))
}
