import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

describe("pointback serve", () => {
  const database = serverDatabase()
  const sandbox = sandboxServer()
  const folder = temporaryFolder()

  it("lets the key of api-key in, says where it listens, logs JSON and ends on SIGTERM", async () => {
    const made = await commandLine(database)("api-key --name ops --scope read --scope write --json")
    const { entry, key } = JSON.parse(made.out) as { entry: object; key: string }
    const keys = join(folder, "keys.json")
    writeFileSync(keys, JSON.stringify({ keys: [entry] }))
    const server = start(["serve", "--port", "0", "--keys", keys, "--database", database()], {
      environment: sandbox.environment()
    })
    await server.said("listening at http://127.0.0.1:")
    const url = /http:\S+/.exec(server.out())![0]
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    await server.said(`console at ${url}/console/`)
    expect((await fetch(`${url}/console/`)).status).toBe(200)
    const lots = `${url}/v1/programs/p/accounts/1/lots`
    const body = JSON.stringify({ lot: "A", points: "100", earnedAt: "2025-01-10" })
    const headers = { "content-type": "application/json" }
    expect((await fetch(lots, { method: "POST", headers, body })).status).toBe(401)
    const earned = await fetch(lots, { method: "POST", headers: { ...headers, authorization: `Bearer ${key}` }, body })
    expect(await earned.json()).toMatchObject({ lot: "A", points: "100" })
    server.signal("SIGTERM")
    expect(await server.ended).toBe(130)
    const lines = server.err().trim().split("\n")
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(["INFO", "INFO", "INFO", "INFO"])
    expect(server.err()).not.toContain(key)
  })

  it("leaves the console off where it is told to", async () => {
    const made = await commandLine(database)("api-key --name ops --scope read --json")
    const keys = join(folder, "other-keys.json")
    writeFileSync(keys, JSON.stringify({ keys: [(JSON.parse(made.out) as { entry: object }).entry] }))
    const server = start(["serve", "--port", "0", "--keys", keys, "--database", database(), "--no-console"], {
      environment: sandbox.environment()
    })
    await server.said("listening at http://127.0.0.1:")
    const url = /http:\S+/.exec(server.out())![0]
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    expect((await fetch(`${url}/console/`)).status).toBe(404)
    expect(server.out()).not.toContain("console")
    server.signal("SIGTERM")
    expect(await server.ended).toBe(130)
  })
})
