/** Secrets that functions and files give. */
import { ConfigProvider, Console, Effect, Redacted } from "effect"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { assert, describe, it } from "vitest"
import { passwordServer } from "../../../adapters/test/support/PasswordServer.ts"
import { run } from "../../src/cli/Main.ts"
import { createPointback, type PointbackDatabase } from "../../src/promise.ts"
import { temporaryFolder, writeNew } from "../support/Files.ts"

const SECRET = "token-of-the-vault"

const server = passwordServer()

const failure = async (database: unknown) => {
  const error = await createPointback({ database: database as PointbackDatabase }).then(
    () => assert.fail("it was opened"),
    (cause: Error) => cause
  )
  const told = inspect(error, { depth: 9, showHidden: true }) + error.message + JSON.stringify(error)
  assert.notInclude(told, SECRET)
  return error as Error & { readonly _tag: string; readonly field?: string }
}

describe("createPointback", () => {
  it("fetches the URL once, and the password for each connection", async () => {
    await server.administer("alter user app password 'fetched'")
    const asked = { url: 0, password: 0 }
    const pointback = await createPointback({
      database: {
        url: () => {
          asked.url++
          return Promise.resolve(Redacted.value(server.url()))
        },
        password: () => {
          asked.password++
          return Promise.resolve("fetched")
        }
      },
      migrate: true
    })
    try {
      const earned = (account: string) =>
        pointback.earn({ program: "rewards", account, lot: "A", points: "100", earnedAt: "2025-01-10" })
      await Promise.all(["2200941101786412", "2200941101786413", "2200941101786414"].map(earned))
    } finally {
      await pointback.close()
    }
    assert.strictEqual(asked.url, 1)
    const { rows } = (await server.administer(
      "select sessions::int as sessions from pg_stat_database where datname = 'postgres'"
    )) as { rows: ReadonlyArray<{ sessions: number }> }
    assert.isAtLeast(asked.password, 1)
    assert.isAtMost(asked.password, rows[0]?.sessions ?? 0)
  })

  it("tells what a function failed with by its name alone, and by its field", async () => {
    const reject = () => Promise.reject(new RangeError(SECRET))
    assert.deepInclude(await failure({ url: reject }), { _tag: "InvalidInput", field: "database.url" })
    assert.include((await failure({ url: reject })).message, "RangeError")
    assert.deepInclude(await failure({ url: () => 5 }), { _tag: "InvalidInput", field: "database.url" })
    const url = Redacted.value(server.url())
    assert.deepInclude(await failure({ url, password: reject }), { _tag: "DatabaseError" })
    assert.deepInclude(await failure({ url, password: () => ({ SECRET }) }), { _tag: "DatabaseError" })
    assert.deepInclude(await failure({ url, password: () => `${SECRET}!` }), { _tag: "DatabaseError" })
    assert.deepInclude(await failure({ url, password: SECRET }), { _tag: "InvalidInput", field: "database.password" })
    assert.deepInclude(await failure({ url: `nonsense ${SECRET}` }), { _tag: "DatabaseUrlInvalid" })
    assert.deepInclude(await failure({ url, user: SECRET }), { _tag: "InvalidInput", field: "database.user" })
  })
})

describe("the command line", () => {
  const folder = temporaryFolder()
  const type = async (environment: Record<string, string>) => {
    const err: Array<string> = []
    const error = (...parts: ReadonlyArray<unknown>) => void err.push(parts.join(" "))
    const code = await run(["program", "set", "rewards", "--json"]).pipe(
      Effect.provideService(Console.Console, { ...globalThis.console, log: () => undefined, error }),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: environment })),
      Effect.runPromise
    )
    assert.notInclude(err.join("\n"), SECRET)
    return { code, err: err.join("\n") }
  }

  it("reads where the database is from a file, line end and all", async () => {
    await server.administer(`alter user app password '${SECRET}'`)
    const file = writeNew(folder, `${Redacted.value(server.url(SECRET))}\n`)
    const { code, err } = await type({ POINTBACK_DATABASE_FILE: file })
    assert.strictEqual(code, 0, err)
  })

  it("refuses a file that is missing, empty or too large, and a secret that is given twice, and shows none of them", async () => {
    const large = join(folder, "large")
    writeFileSync(large, SECRET.repeat(10_000))
    chmodSync(large, 0o600)
    for (const [environment, variable, problem] of [
      [{ POINTBACK_DATABASE_FILE: `/nowhere/${SECRET}` }, "POINTBACK_DATABASE_FILE", "ENOENT"],
      [{ POINTBACK_DATABASE_FILE: writeNew(folder, "\n") }, "POINTBACK_DATABASE_FILE", "the file is empty"],
      [{ POINTBACK_DATABASE_FILE: large }, "POINTBACK_DATABASE_FILE", "more than 65536 bytes"],
      [{ POINTBACK_DATABASE_FILE: large, POINTBACK_DATABASE: SECRET }, "POINTBACK_DATABASE", "given once"]
    ] as const) {
      const { code, err } = await type(environment)
      assert.strictEqual(code, 2, err)
      assert.deepInclude((JSON.parse(err) as { error: object }).error, { _tag: "SecretUnreadable", variable })
      assert.include(err, problem)
    }
  })
})
