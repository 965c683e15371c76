import { Redacted } from "effect"
import { afterAll, beforeAll } from "vitest"
import { asAdministrator } from "./Databases.ts"
import { type PostgresServer, startEmbeddedServer } from "./PostgresServer.ts"

/** A PostgreSQL of its own, for the surrounding file, whose user `app` needs a password. */
export interface PasswordServer {
  /** The URL of `app`, with this password or without any. */
  readonly url: (password?: string) => Redacted.Redacted
  readonly administer: (statement: string) => Promise<unknown>
}

export const passwordServer = (): PasswordServer => {
  let server: PostgresServer
  const administer = (statement: string) => asAdministrator(server.url, (client) => client.query(statement))
  beforeAll(async () => {
    server = await startEmbeddedServer()
    await administer("create user app superuser")
    const file = await asAdministrator(server.url, async (client) => {
      const { rows } = await client.query<{ hba_file: string }>("show hba_file")
      return rows[0]?.hba_file
    })
    await administer(
      `copy (values ('host all app all scram-sha-256'), ('host all all all trust'), ('local all all trust')) to '${file}'`
    )
    await administer("select pg_reload_conf()")
  })
  afterAll(() => server.stop())
  const url = (password?: string) => {
    const parsed = new URL(server.url)
    parsed.username = "app"
    if (password !== undefined) parsed.password = password
    return Redacted.make(parsed.href)
  }
  return { url, administer }
}
