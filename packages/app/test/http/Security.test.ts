import { beforeAll, describe, expect, it } from "vitest"
import { httpServer } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"

/** Texts that have done harm elsewhere, and are text here. */
const HOSTILE = [
  "'; drop table events; --",
  '" or 1=1 --',
  "$1); select pg_sleep(9); --",
  "../../../../etc/passwd",
  "..%2f..%2fetc",
  "=cmd|' /C calc'!A0",
  "<script>alert(1)</script>",
  "${jndi:ldap://example.invalid/a}",
  "%s%s%n",
  "constructor",
  "__proto__"
]

describe("hostile texts", () => {
  const server = httpServer()
  beforeAll(async () => {
    await server.post(`${PROGRAM}/accounts/1/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10" })
  })

  it.each(HOSTILE)("%s is an identifier as any other, in every place that takes one", async (text) => {
    const escaped = encodeURIComponent(text)
    const path = `/v1/programs/${escaped}/accounts/${escaped}`
    const earned = await server.post(`${path}/lots`, { lot: text, points: "10", earnedAt: "2025-01-10", source: text })
    expect(earned.status, earned.text).toBe(200)
    expect(JSON.parse(earned.text)).toMatchObject({ program: text, account: text, lot: text })
    const redeemed = await server.post(`${path}/redemptions`, {
      redemption: text,
      points: "5",
      type: "TRAVEL",
      processedBy: text,
      at: "2025-02-01"
    })
    expect(redeemed.status, redeemed.text).toBe(200)
    const credited = await server.post(`${path}/redemptions/${escaped}/credits`, {
      creditId: text,
      at: "2025-03-01",
      local: true
    })
    expect(JSON.parse(credited.text)).toMatchObject({ creditId: text, outcome: "FullyCredited", live: "5" })
    const lots = await server.get(`/v1/programs/${escaped}/lots?account=${escaped}`)
    expect(JSON.parse(lots.text)).toMatchObject({ lots: [{ lot: text, points: "10" }] })
  })

  it.each(HOSTILE)("%s in a question is refused or finds nothing", async (text) => {
    const escaped = encodeURIComponent(text)
    for (const query of [`asOf=${escaped}`, `cursor=${escaped}`, `account=${escaped}`, `limit=${escaped}`]) {
      const answer = await server.get(`${PROGRAM}/lots?${query}`)
      expect([400, 404], answer.text).toContain(answer.status)
      problemOf(answer)
    }
  })

  it("no text makes a line of the log or a header of its own", async () => {
    const before = server.logged.length
    const crlf = encodeURIComponent("x\r\nset-cookie: a=b\r\n{}")
    const answers = [
      await server.get(`/v1/programs/${crlf}/aging`),
      await server.get(`/${crlf}`),
      await server.get(`${PROGRAM}/lots?cursor=${crlf}`),
      await server.post(`${PROGRAM}/accounts/${crlf}/lots`, { lot: "x\r\ny", points: "1", earnedAt: "2025-01-10" })
    ]
    for (const answer of answers) {
      problemOf(answer)
      expect(answer.headers["set-cookie"]).toBeUndefined()
    }
    const lines = server.logged.slice(before)
    expect(lines).toHaveLength(answers.length)
    for (const line of lines) expect(line).not.toMatch(/[\r\n]|set-cookie/)
  })

  it("no account number and no key is in the log", async () => {
    const number = "220094110178641288073796026652"
    await server.post(`${PROGRAM}/accounts/${number}/lots`, { lot: "A", points: "1", earnedAt: "2025-01-10" })
    await server.post(`${PROGRAM}/accounts/${number}/lots`, { lot: "A", points: "2", earnedAt: "2025-01-10" })
    await server.get(`${PROGRAM}/accounts/${number}/aging`)
    await server.get(`${PROGRAM}/lots?account=${number}`)
    expect(server.logged.length).toBeGreaterThan(3)
    const log = server.logged.join("\n")
    expect(log).not.toContain(number)
    expect(log).not.toContain("pbk_of_")
    expect(log).toContain('"key":"all"')
  })

  it("a body that does not say how long it is, is read up to the limit and no further", async () => {
    const body = JSON.stringify({ lot: "A", points: "1", earnedAt: "2025-01-10", source: "x".repeat(400_000) })
    const answer = await server.ask("POST", `${PROGRAM}/accounts/1/lots`, {
      headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
      body
    })
    expect(answer.status, answer.text).toBe(413)
    expect(problemOf(answer)["type"]).toBe("urn:pointback:problem:too-large")
  })

  it("no address that a request names is ever called: there is no such field", async () => {
    for (const field of ["url", "callback", "mastercardUrl", "host"]) {
      const body = { creditId: "C", local: true, [field]: "http://127.0.0.1:1/" }
      expect((await server.post(`${PROGRAM}/accounts/1/redemptions/R/credits`, body)).status).toBe(400)
    }
  })

  it("every answer forbids caches, frames, sniffing and scripts", async () => {
    for (const path of ["/health", "/nowhere", `${PROGRAM}/aging`, "/openapi.json"]) {
      expect((await server.get(path)).headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'"
      })
    }
  })
})
