import { randomBytes } from "node:crypto"
import { Redacted } from "effect"
import { afterAll } from "vitest"
import { applicationRole } from "../../src/migration/Roles.ts"
import { asAdministrator } from "./Databases.ts"

/** A user who may log in to the database and has nothing but the role of a schema's applications; returns his URL. */
export const applicationUser = async (
  database: Redacted.Redacted,
  schema = "pointback"
): Promise<Redacted.Redacted> => {
  const name = `pointback_test_${randomBytes(6).toString("hex")}`
  const administrator = Redacted.value(database)
  await asAdministrator(administrator, async (client) => {
    await client.query(`create user ${name} password '${name}'`)
    await client.query(`grant ${applicationRole(schema)} to ${name}`)
  })
  const server = new URL(administrator)
  server.pathname = "/postgres"
  afterAll(() => asAdministrator(server.href, (client) => client.query(`drop user ${name}`)))
  const url = new URL(administrator)
  url.username = name
  url.password = name
  return Redacted.make(url.href)
}
