import { Effect, Redacted } from "effect"
import { mkdtemp, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import * as ApiKeys from "../../src/http/ApiKeys.ts"
import { commandLine } from "../support/Cli.ts"
import { httpServer } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const LOT = { lot: "A", points: "100", earnedAt: "2025-01-10" }

describe("who is let in", () => {
  const server = httpServer()

  it("a key does what its scopes say, and nothing else", async () => {
    const lots = `${PROGRAM}/accounts/1/lots`
    expect((await server.post(lots, LOT, { key: "reader" })).status).toBe(403)
    expect((await server.post(lots, LOT, { key: "writer" })).status).toBe(200)
    expect((await server.get(`${PROGRAM}/aging`, { key: "writer" })).status).toBe(403)
    expect((await server.get(`${PROGRAM}/aging`, { key: "reader" })).status).toBe(200)
    expect((await server.get("/metrics", { key: "reader" })).status).toBe(403)
    expect((await server.get("/metrics", { key: "watcher" })).status).toBe(200)
    expect((await server.post(`${PROGRAM}/settlement`, {}, { key: "writer" })).status).toBe(403)
  })

  it("a key is for its programs alone", async () => {
    expect((await server.post("/v1/programs/elsewhere/accounts/1/lots", LOT, { key: "elsewhere" })).status).toBe(200)
    const refused = await server.post(`${PROGRAM}/accounts/1/lots`, LOT, { key: "elsewhere" })
    expect(refused.status).toBe(403)
    expect(problemOf(refused)["detail"]).toBe("this key is for other programs")
    // The program of an address is what it is after its escapes are read.
    expect((await server.get("/v1/programs/progra%6d/aging", { key: "elsewhere" })).status).toBe(403)
  })

  it("the name of the key is the actor of what is recorded with it", async () => {
    await server.post(`${PROGRAM}/accounts/actor/lots`, LOT, { key: "writer" })
    const events = (await server.dump()).find(({ table }) => table === "events")!.rows
    expect(events.some((row) => row.includes('"actor":"writer"'))).toBe(true)
  })

  it("whoever sends too much waits for as long as it is told", async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => server.get(`${PROGRAM}/aging`, { key: "seldom" }))
    )
    const limited = answers.filter(({ status }) => status === 429)
    expect(limited).toHaveLength(2)
    for (const answer of limited) {
      problemOf(answer)
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0)
    }
  })
})

describe("the file of keys", () => {
  it("api-key makes an entry that lets its key in, and no other", async () => {
    const type = commandLine(() => "nowhere")
    const made = await type("api-key --name support --scope read --program program --json")
    const { entry, key } = JSON.parse(made.out) as { entry: object; key: string }
    expect(JSON.stringify(entry)).not.toContain(key)
    const file = join(await mkdtemp(join(tmpdir(), "pointback-keys-")), "keys.json")
    await writeFile(file, JSON.stringify({ keys: [entry] }))
    expect(await readFile(file, "utf8")).not.toContain(key)
    const find = ApiKeys.finder(await Effect.runPromise(ApiKeys.read(file)))
    expect(find(Redacted.make(key))).toMatchObject({ name: "support", scopes: ["read"], programs: ["program"] })
    expect(find(Redacted.make(`${key}x`))).toBeUndefined()
    expect(find(Redacted.make(""))).toBeUndefined()
  })

  it.each([
    ["is not there", undefined, "ENOENT"],
    ["is no JSON", "{", "JSON"],
    ["has no keys", '{"keys":[]}', "keys"],
    [
      "has a hash that is none",
      '{"keys":[{"name":"a","sha256":"x","scopes":["read"],"programs":["*"]}]}',
      "hexadecimal"
    ],
    [
      "has a scope that is none",
      `{"keys":[{"name":"a","sha256":"${"0".repeat(64)}","scopes":["all"],"programs":["*"]}]}`,
      "scopes"
    ]
  ])("a file that %s is refused by what is wrong with it", async (_name, text, problem) => {
    const file = join(await mkdtemp(join(tmpdir(), "pointback-keys-")), "keys.json")
    if (text !== undefined) await writeFile(file, text)
    const refused = await Effect.runPromise(Effect.flip(ApiKeys.read(file)))
    expect(refused._tag).toBe("ApiKeysUnusable")
    expect(refused.message).toContain(problem)
  })

  it("serve refuses to start without keys, or with a port that is none", async () => {
    const type = commandLine(() => "nowhere")
    expect(await type("serve")).toMatchObject({
      code: 2,
      err: expect.stringContaining("nobody is let in without a key")
    })
    expect(await type("serve --port 70000 --keys x")).toMatchObject({ code: 2 })
    expect(await type("serve --keys nowhere.json")).toMatchObject({
      code: 2,
      err: expect.stringContaining("nowhere.json")
    })
  })
})
