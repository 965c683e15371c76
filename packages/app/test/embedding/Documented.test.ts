import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Redacted } from "effect"
import { assert, describe, it } from "vitest"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { freshDatabase } from "../../../adapters/test/support/Postgres.ts"

const page = readFileSync(new URL("../../../../docs/embedding-database.md", import.meta.url), "utf8")

const example = (): string => {
  const block = /```ts\n([\s\S]*?)```/.exec(page)?.[1]
  if (block === undefined) throw new Error("docs/embedding-database.md has no example")
  return block
}

const table = (): string => {
  const statement = /`(create table [^`]*)`/.exec(page)?.[1]
  if (statement === undefined) throw new Error("docs/embedding-database.md does not say which table it needs")
  return statement
}

describe("docs/embedding-database.md", () => {
  it("has an example that runs, and commits our events with the host's row", async () => {
    const url = Redacted.value(await freshDatabase())
    await asAdministrator(url, (client) => client.query(table()))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", example()],
      // Where its imports are found.
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), env: { ...process.env, DATABASE_URL: url } }
    )
    assert.strictEqual(stdout.trim(), "FullyCredited")
    const counted = await asAdministrator(url, (client) =>
      client.query<{ orders: number; events: number }>(
        `select (select count(*)::int from cancelled_orders) as orders,
          (select count(*)::int from loyalty_points.events) as events`
      )
    )
    assert.deepStrictEqual(counted.rows, [{ orders: 1, events: 3 }])
  })
})
