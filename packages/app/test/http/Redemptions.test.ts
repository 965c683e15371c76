/** The listing of an account's redemptions, over HTTP and on the command line, and what a key is told of itself. */
import { beforeAll, describe, expect, it } from "vitest"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { httpServer } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const ACCOUNT = `${PROGRAM}/accounts/1`

interface Page {
  readonly redemptions: ReadonlyArray<{ readonly redemption: string }>
  readonly next: string | null
}

describe("an account's redemptions", () => {
  const server = httpServer()
  const page = async (query = ""): Promise<Page> =>
    JSON.parse((await server.get(`${ACCOUNT}/redemptions${query}`, { key: "reader" })).text) as Page

  beforeAll(async () => {
    await server.post(`${ACCOUNT}/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10" })
    for (const [redemption, at] of [
      ["R1", "2025-12-01"],
      ["R2", "2025-12-02"],
      ["R3", "2025-12-02"]
    ])
      await server.post(`${ACCOUNT}/redemptions`, {
        redemption,
        points: "10.5",
        type: "TRAVEL",
        processedBy: "E1",
        at
      })
    const credit = { creditId: "c1", points: "4", at: "2026-01-20", local: true }
    expect((await server.post(`${ACCOUNT}/redemptions/R1/credits`, credit)).status).toBe(200)
    const full = { creditId: "c2", at: "2026-01-20", local: true }
    expect((await server.post(`${ACCOUNT}/redemptions/R2/credits`, full)).status).toBe(200)
  })

  it("are as they are now, the latest first", async () => {
    const one = { type: "TRAVEL", processedBy: "E1", points: "10.5", inFlight: "0", credit: null }
    expect(await page()).toEqual({
      program: "program",
      account: "1",
      redemptions: [
        {
          ...one,
          redemption: "R3",
          redeemedAt: "2025-12-02T00:00:00.000Z",
          credited: "0",
          remaining: "10.5",
          state: "outstanding"
        },
        {
          ...one,
          redemption: "R2",
          redeemedAt: "2025-12-02T00:00:00.000Z",
          credited: "10.5",
          remaining: "0",
          state: "fullyCredited"
        },
        {
          ...one,
          redemption: "R1",
          redeemedAt: "2025-12-01T00:00:00.000Z",
          credited: "4",
          remaining: "6.5",
          state: "outstanding"
        }
      ],
      next: null
    })
  })

  it("come page by page, each once", async () => {
    const first = await page("?limit=2")
    expect(first.redemptions.map(({ redemption }) => redemption)).toEqual(["R3", "R2"])
    const second = await page(`?limit=2&cursor=${first.next}`)
    expect(second.redemptions.map(({ redemption }) => redemption)).toEqual(["R1"])
    expect(second.next).toBeNull()
  })

  it("are refused of an unknown account or program, and with a cursor of something else", async () => {
    const unknown = await server.get(`${PROGRAM}/accounts/nobody/redemptions`)
    expect([unknown.status, problemOf(unknown)["type"]]).toEqual([404, "urn:pointback:problem:unknown-account"])
    const nowhere = await server.get("/v1/programs/nowhere/accounts/1/redemptions")
    expect([nowhere.status, problemOf(nowhere)["type"]]).toEqual([404, "urn:pointback:problem:unknown-program"])
    const other = Buffer.from('{"redeemedAt":1}').toString("base64url")
    expect((await server.get(`${ACCOUNT}/redemptions?cursor=${other}`)).status).toBe(400)
    expect((await server.get(`${ACCOUNT}/redemptions`, { key: "writer" })).status).toBe(403)
  })
})

describe("what a key is told of itself", () => {
  const server = httpServer()

  it("is its name, its scopes and its programs, whatever they are", async () => {
    expect(JSON.parse((await server.get("/v1/key", { key: "reader" })).text)).toEqual({
      name: "reader",
      scopes: ["read"],
      programs: ["*"]
    })
    expect(JSON.parse((await server.get("/v1/key", { key: "watcher" })).text)).toMatchObject({ scopes: ["metrics"] })
    const elsewhere = JSON.parse((await server.get("/v1/key", { key: "elsewhere" })).text) as object
    expect(elsewhere).toEqual({
      name: "elsewhere",
      scopes: ["read", "write", "decide", "admin"],
      programs: ["elsewhere"]
    })
    expect((await server.get("/v1/key", { key: null })).status).toBe(401)
    expect((await server.get("/v1/key", { key: "nobody" })).status).toBe(401)
  })
})

describe("pointback redemptions", () => {
  const type = commandLine(serverDatabase())
  const of = "--program p --account 1"

  beforeAll(async () => {
    await type(`earn ${of} --lot A --points 100 --earned-at 2025-01-10`)
    for (const [id, at] of [
      ["R1", "2025-12-01"],
      ["R2", "2025-12-02"]
    ])
      await type(`redeem ${of} --redemption ${id} --points 10.5 --type TRAVEL --processed-by E1 --at ${at}`)
    await type(`credit ${of} --redemption R1 --credit-id c1 --points 4 --at 2026-01-20 --local`)
  })

  it("lists them for people, as JSON and as CSV", async () => {
    expect((await type(`redemptions ${of}`)).out).toBe(
      [
        "redemption  redeemed           type    points  credited  remaining  in flight  state",
        "──────────  ─────────────────  ──────  ──────  ────────  ─────────  ─────────  ───────────",
        "R2          2025-12-02T00:00Z  TRAVEL    10.5         0       10.5             outstanding",
        "R1          2025-12-01T00:00Z  TRAVEL    10.5         4        6.5             outstanding"
      ].join("\n")
    )
    const json = JSON.parse((await type(`redemptions ${of} --limit 1 --json`)).out) as object
    expect(json).toMatchObject({ redemptions: [{ redemption: "R2", remaining: "10.5" }], more: true })
    expect((await type(`redemptions ${of} --limit 1`)).out).toContain("there are earlier ones")
    expect((await type(`redemptions ${of} --format csv`)).out.split("\n")[2]).toBe(
      "R1,2025-12-01T00:00:00.000Z,TRAVEL,E1,10.5,4,6.5,0,,outstanding"
    )
  })

  it("says what it does not know and what it does not take", async () => {
    expect((await type("redemptions --program p --account 2")).code).toBe(1)
    expect((await type("redemptions --program q --account 1")).code).toBe(1)
    expect((await type(`redemptions ${of} --limit 0`)).code).toBe(2)
  })
})
