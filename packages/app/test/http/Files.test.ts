/** Many credits of an uploaded file at the sandbox, numbers that are replaced, and numbers that are forgotten. */
import { beforeAll, describe, expect, it } from "vitest"
import { httpServer } from "../support/HttpServer.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const json = (answer: { readonly text: string }) => JSON.parse(answer.text) as Record<string, unknown>

describe("many credits over HTTP, with the sandbox", () => {
  const sandbox = sandboxServer()
  const server = httpServer(() => sandbox.client())
  const ACCOUNTS = Array.from({ length: 12 }, (_, n) => String(3_000_000 + n))
  const redemption = (account: string) => `R-${account}`
  const line = (account: string, n: number) => ({
    program: "program",
    account,
    redemption: redemption(account),
    creditId: `C-${account}-${n}`,
    points: String(10 * n)
  })
  const LINES = ACCOUNTS.flatMap((account) => [line(account, 1), line(account, 2)])
  const upload = (lines: ReadonlyArray<unknown>, query = "") =>
    server.ask("POST", `${PROGRAM}/credits${query}`, {
      key: "writer",
      headers: { "content-type": "application/x-ndjson" },
      body: lines.map((one) => JSON.stringify(one)).join("\n")
    })

  beforeAll(async () => {
    for (const account of ACCOUNTS) {
      await sandbox.knows([{ account, redemption: redemption(account), points: "100" }])
      const path = `${PROGRAM}/accounts/${account}`
      const lot = { lot: "A", points: "100", earnedAt: "2024-01-10" }
      expect((await server.post(`${path}/lots`, lot)).status).toBe(200)
      const spent = { redemption: redemption(account), points: "100", type: "MERCHANDISE", processedBy: "E078562" }
      expect((await server.post(`${path}/redemptions`, { ...spent, at: "2025-01-01" })).status).toBe(200)
    }
    const of = (n: number) => redemption(ACCOUNTS[n]!)
    await sandbox.misbehaves({
      script: [
        { call: "credit", nth: 1, redemption: of(0), fault: "refuse" },
        { call: "credit", nth: 1, redemption: of(1), fault: "dropAfter" }
      ]
    })
  })

  it("makes each once and says what became of it; sent again, it credits nothing", async () => {
    const first = await upload(LINES, "?inFlight=4")
    expect(first.status, first.text).toBe(200)
    const answer = json(first)
    expect(answer).toMatchObject({
      credits: 24,
      notBegun: 0,
      outcomes: { PartiallyCredited: 21, CreditDeclined: 1, CreditOutcomeUnknown: 1, waiting: 1 },
      replayed: 0,
      stopped: null,
      points: "320"
    })
    const results = answer["results"] as ReadonlyArray<{ line: number; creditId: string }>
    expect(results.map(({ creditId }) => creditId)).toEqual(LINES.map(({ creditId }) => creditId))
    const truth = await sandbox.credits()
    expect(truth.get(redemption(ACCOUNTS[0]!))).toEqual([200_000n])
    expect(truth.get(redemption(ACCOUNTS[1]!))).toEqual([100_000n])
    for (const account of ACCOUNTS.slice(2)) {
      expect(truth.get(redemption(account))?.toSorted()).toEqual([100_000n, 200_000n])
    }
    const again = json(await upload(LINES))
    expect(again).toMatchObject({
      outcomes: { PartiallyCredited: 21, CreditDeclined: 1, CreditOutcomeUnknown: 1, waiting: 1 },
      replayed: 23,
      points: "320"
    })
    expect(await sandbox.credits()).toEqual(truth)
    expect(json(await server.get(`${PROGRAM}/verification`))).toMatchObject({ count: 0 })
  })

  it("sends nothing of a file with a line that cannot be read, or of another program", async () => {
    const truth = await sandbox.credits()
    const [account] = ACCOUNTS.slice(-1) as [string]
    const wrong = [
      [line(account, 3), { ...line(account, 4), points: "many" }],
      [line(account, 3), { ...line(account, 4), program: "other" }]
    ]
    for (const lines of wrong) {
      const refused = await upload(lines)
      expect(refused.status, refused.text).toBe(400)
      problemOf(refused)
    }
    expect(await sandbox.credits()).toEqual(truth)
  })

  it("a number that was replaced is found by both; one that is taken is a conflict", async () => {
    const [old] = ACCOUNTS.slice(-1) as [string]
    const path = (account: string) => `${PROGRAM}/accounts/${account}`
    const renamed = await server.post(`${path(old)}/aliases`, { newAccount: "4000001" })
    expect(json(renamed), renamed.text).toEqual({
      program: "program",
      account: old,
      newAccount: "4000001",
      replayed: false
    })
    const again = await server.post(`${path(old)}/aliases`, { newAccount: "4000001" })
    expect(json(again)).toMatchObject({ replayed: true })
    expect(again.headers["idempotency-replayed"]).toBe("true")
    const taken = await server.post(`${path(old)}/aliases`, { newAccount: ACCOUNTS[0] })
    expect(taken.status).toBe(409)
    expect(problemOf(taken)["type"]).toBe("urn:pointback:problem:number-taken")
    for (const number of [old, "4000001"]) {
      const redeemed = json(await server.get(`${path(number)}/redemptions/${redemption(old)}`))
      expect(redeemed).toMatchObject({ credited: "30", remaining: "70" })
    }
  })

  it("an erased number is in no table, and found by nobody; its history counts on", async () => {
    const number = ACCOUNTS[5]!
    const path = `${PROGRAM}/accounts/${number}`
    const total = json(await server.get(`${PROGRAM}/aging`))["total"]
    const erased = await server.post(`${path}/erasure`, { reason: "asked for" })
    expect(json(erased)).toEqual({
      program: "program",
      account: expect.stringMatching(/^[0-9a-f-]{36}$/),
      erasedAt: expect.stringMatching(/Z$/)
    })
    for (const gone of [
      await server.get(`${path}/aging`),
      await server.post(`${path}/erasure`, { reason: "once more" }),
      await server.post(`${path}/redemptions/${redemption(number)}/credits`, { creditId: "late" })
    ]) {
      expect(gone.status, gone.text).toBe(404)
      expect(problemOf(gone)["type"]).toBe("urn:pointback:problem:unknown-account")
    }
    expect(json(await server.get(`${PROGRAM}/aging`))["total"]).toBe(total)
    const rows = (await server.dump()).filter(({ table }) => table !== "erasures")
    // The ids of the test's own making have the number in them; the number itself stands alone nowhere.
    const alone = new RegExp(`(?<![\\w-])${number}(?![\\w-])`)
    expect(rows.flatMap((one) => one.rows).filter((row) => alone.test(row))).toEqual([])
    expect(json(await server.get(`${PROGRAM}/verification`))).toMatchObject({ count: 0 })
  })
})
