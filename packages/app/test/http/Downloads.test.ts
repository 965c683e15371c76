/** Ledgers, tables and pages over HTTP: what the command line writes, whole or recognisably not, with a bounded cursor. */
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync } from "node:fs"
import { request, type ClientRequest, type IncomingMessage } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { Instant } from "@pointback/domain"
import { afterEach, beforeAll, describe, expect, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { exportProgram } from "../../src/export/ExportProgram.ts"
import { LONG_JOBS } from "../../src/http/Limits.ts"
import { httpServer, secret } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const LEDGER = `${PROGRAM}/export/ledger?format=hledger`

/** Lots of the program whose ledger is more than any buffer on its way holds, and more than a page of the cursor. */
const MANY = 12_000

/** The table of the greatest export, which a socket's buffers cannot hold. */
const LARGE = `${PROGRAM}/export/tables/events`

describe("downloads", () => {
  const server = httpServer()
  const open: Array<ClientRequest> = []
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy()
  })

  beforeAll(async () => {
    const line = (n: number) =>
      JSON.stringify({
        type: "earned",
        program: "program",
        account: String(n % 300),
        lot: `L${n}`,
        points: "1.25",
        earnedAt: "2025-01-10",
        expiresAt: null,
        source: "x".repeat(900)
      })
    const headers = { "content-type": "application/x-ndjson" }
    const body = Array.from({ length: MANY }, (_, n) => line(n)).join("\n")
    const imported = await server.ask("POST", `${PROGRAM}/import`, { headers, body })
    expect(imported.status, imported.text).toBe(200)
    await server.post(`${PROGRAM}/accounts/1/redemptions`, {
      redemption: "R1",
      points: "2.5",
      type: "TRAVEL",
      processedBy: "E1",
      at: "2025-03-01"
    })
    await server.post("/v1/programs/small/accounts/1/lots", { lot: "A", points: "1", earnedAt: "2025-01-10" })
  })

  /** Asks for a download and reads no byte of its body. */
  const begin = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url())
      const headers = { authorization: `Bearer ${secret("all")}` }
      const sent = request({ hostname, port, path, headers, agent: false }, resolve)
      open.push(sent.on("error", reject))
      sent.end()
    })

  /** Connections that hold a cursor open. */
  const cursors = () =>
    server.run(
      rows<{ pid: number }>(`select pid from pg_stat_activity where datname = current_database()
        and query ~ '^(declare|fetch|close).*pointback_cursor' and state <> 'idle'`)
    )

  it("every file is, byte for byte, what the command line writes of the same instant", async () => {
    const first = await server.get(LEDGER)
    expect(first.status, first.text.slice(0, 300)).toBe(200)
    expect(first.headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": 'attachment; filename="ledger.journal"',
      "pointback-known-at": expect.stringMatching(/^\d{4}-.*Z$/),
      "x-content-type-options": "nosniff"
    })
    const knownAt = first.headers["pointback-known-at"] as string
    const folder = mkdtempSync(join(tmpdir(), "pointback-export-"))
    const base = { program: "program" as never, knownAt: Instant.fromStringUnsafe(knownAt), overwrite: false }
    await server.run(
      Effect.forEach(["hledger", "beancount", "csv"] as const, (format) =>
        exportProgram({ ...base, format, numbers: true, out: join(folder, format) })
      )
    )
    const read = (...parts: ReadonlyArray<string>) => readFileSync(join(folder, ...parts), "utf8")
    for (const format of ["hledger", "beancount"]) {
      const answer = await server.get(`${PROGRAM}/export/ledger?format=${format}&numbers=true&knownAt=${knownAt}`)
      expect(answer.headers["pointback-known-at"]).toBe(knownAt)
      expect(answer.text.length, format).toBeGreaterThan(MANY * 100)
      expect(sum(answer.text), format).toBe(sum(read(format)))
    }
    for (const table of ["journal", "lots", "events", "accounts"]) {
      const answer = await server.get(`${PROGRAM}/export/tables/${table}?knownAt=${knownAt}`)
      expect(answer.headers["content-type"]).toMatch(/^text\/csv/)
      expect(answer.text.split("\n").length, table).toBeGreaterThan(table === "accounts" ? 300 : MANY)
      expect(sum(answer.text), table).toBe(sum(read("csv", `${table}.csv`)))
    }
  })

  it("what cannot be exported is a problem before the first byte", async () => {
    const wrong: ReadonlyArray<readonly [string, number, string]> = [
      ["/v1/programs/none/export/ledger?format=hledger", 404, "unknown-program"],
      [`${PROGRAM}/export/ledger`, 400, "invalid-request"],
      [`${PROGRAM}/export/ledger?format=csv`, 400, "invalid-request"],
      [`${PROGRAM}/export/tables/secrets`, 400, "invalid-request"],
      [`${LEDGER}&knownAt=never`, 400, "invalid-request"],
      [`${LEDGER}&knownAt=2999-01-01`, 422, "known-at-not-safe"]
    ]
    for (const [path, status, type] of wrong) {
      const answer = await server.get(path)
      expect(answer.status, answer.text).toBe(status)
      expect(problemOf(answer)["type"]).toBe(`urn:pointback:problem:${type}`)
    }
    expect((await server.get(LEDGER, { key: "reader" })).status).toBe(403)
  })

  it("whoever hangs up closes the cursor, and frees the place of his download", async () => {
    for (let round = 0; round < LONG_JOBS + 1; round++) {
      const answer = await begin(LARGE)
      expect(answer.statusCode).toBe(200)
      // The cursor waits for whoever does not read.
      await expect.poll(async () => (await cursors()).length).toBe(1)
      answer.destroy()
      await expect.poll(async () => (await cursors()).length).toBe(0)
    }
    await expect.poll(() => server.logged.filter((line) => line.includes("broken off by its caller")).length).toBe(3)
    expect((await server.get(`${PROGRAM}/verification`)).status).toBe(200)
  })

  it("whoever reads slowly gets it whole, and the server holds a few pages of it", async () => {
    const answer = await begin(LARGE)
    const before = process.memoryUsage().rss
    let most = 0
    let bytes = 0
    for await (const chunk of answer) {
      bytes += (chunk as Buffer).length
      if (bytes % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      most = Math.max(most, process.memoryUsage().rss)
    }
    expect(answer.complete).toBe(true)
    expect(bytes).toBeGreaterThan(MANY * 900)
    expect(most - before).toBeLessThan(200 * 1024 * 1024)
  })

  it("a database that fails in the middle cuts the answer off, so that nobody takes it for whole", async () => {
    const answer = await begin(LARGE)
    await expect.poll(async () => (await cursors()).length).toBe(1)
    const [cursor] = await cursors()
    await server.run(rows(`select pg_terminate_backend(${cursor!.pid})`))
    const ended = new Promise((resolve) => {
      answer.on("end", () => resolve("whole"))
      answer.on("error", () => resolve("cut off"))
    })
    answer.resume()
    expect(await ended).toBe("cut off")
    expect(answer.complete).toBe(false)
    await expect.poll(() => server.logged.some((line) => line.includes("ended before its end"))).toBe(true)
  })

  it("only a few run at once: the next one is told to come again, and can when one has ended", async () => {
    const downloads = await Promise.all(Array.from({ length: LONG_JOBS }, () => begin(LARGE)))
    expect(downloads.map(({ statusCode }) => statusCode)).toEqual(downloads.map(() => 200))
    const refused = await server.get(LEDGER)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0)
    expect(problemOf(refused)["type"]).toBe("urn:pointback:problem:too-busy")
    expect((await server.get(`${PROGRAM}/verification`)).status).toBe(503)
    // Everybody else is served.
    expect((await server.get(`${PROGRAM}/aging`)).status).toBe(200)
    downloads[0]!.destroy()
    await expect
      .poll(async () => (await server.get("/v1/programs/small/export/ledger?format=hledger")).status)
      .toBe(200)
  })

  it("the page of an account and of a program, with a policy that lets a browser run nothing", async () => {
    const account = await server.get(`${PROGRAM}/accounts/1/report?asOf=2025-06-01&from=2025-01-01`)
    expect(account.status, account.text.slice(0, 500)).toBe(200)
    expect(account.text).toMatch(/^<!doctype html>/i)
    expect(account.text).toContain("Points of account")
    expect(account.headers["content-type"]).toBe("text/html; charset=utf-8")
    const policy = account.headers["content-security-policy"] as string
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'.*frame-ancestors 'none'$/)
    const [, css] = /<style>([^]*?)<\/style>/.exec(account.text)!
    expect(policy).toContain(createHash("sha256").update(css!).digest("base64"))
    const program = await server.get(`${PROGRAM}/report`, { key: "reader" })
    expect(program.text).toContain("Points of program")
    const none = await server.get(`${PROGRAM}/accounts/none/report`)
    expect(none.status).toBe(404)
    expect(problemOf(none)["type"]).toBe("urn:pointback:problem:unknown-account")
    expect((await server.get(`${PROGRAM}/report?from=2026-01-01&asOf=2025-01-01`)).status).toBe(400)
  })
})

const sum = (text: string): string => createHash("sha256").update(text).digest("hex")
