/** The sandbox's own side over HTTP, and answers as they stand on the wire. */
import { Effect, Exit } from "effect"
import { connect } from "node:net"
import NpmSigner from "mastercard-oauth1-signer"
import { describe, expect, it } from "vitest"
import { ACCOUNT, at, CONSUMER_KEY, inWorld, keys, lot, points } from "./world.ts"

const accounts = [{ userId: ACCOUNT, lots: [lot("A", "100"), lot("B", "7", "2026-01-10T00:00:00Z")] }]

const call = (base: URL, method: string, path: string, body?: string) =>
  Effect.promise(async () => {
    const response = await fetch(base.href + path, { method, ...(body === undefined ? {} : { body }) })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  })

const reasonOf = ({ body }: { readonly body: Record<string, unknown> }) =>
  (body as unknown as { Errors: { Error: ReadonlyArray<{ ReasonCode: string; Description: string }> } }).Errors.Error[0]

const redemption = { redemptionType: "TRAVEL", userId: ACCOUNT } as const

describe("the sandbox's own side", () => {
  it("sets, shows and removes faults, in the short form and as JSON, and leaves them where others are wrong", () =>
    inWorld({ accounts }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const admin = (method: string, body?: string) => call(sandbox.adminUrl, method, "/faults", body)
        const nothing = { seed: 0, rates: {}, script: [], historyLag: "0s" }
        expect(yield* admin("GET")).toEqual({ status: 200, body: nothing })
        const set = { ...nothing, seed: 3, rates: { refuse: { rate: 1, status: 422 } } }
        expect(yield* admin("PUT", "refuse=1:422,seed=3")).toEqual({ status: 200, body: set })
        expect(reasonOf(yield* admin("PUT", `{"rates":{"refuse":2}}`))).toMatchObject({
          ReasonCode: "INVALID_FAULTS",
          Description: "The faults cannot be used: rates.refuse.rate: a probability from 0 to 1 is expected"
        })
        expect((yield* admin("GET")).body).toEqual(set)
        expect(yield* Effect.flip(client.redeemer(redemption))).toMatchObject({ status: 422 })
        expect(yield* admin("DELETE")).toEqual({ status: 200, body: nothing })
        expect(yield* client.redeemer(redemption)).toMatchObject({ pointBalance: "100" })
      })
    ))

  it("shows truth and log of a credit whose answer was lost", () =>
    inWorld({ accounts, clock: () => at("2026-01-20T00:00:00Z") }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const { redemptionId } = yield* client.redeem({ ...redemption, processedBy: "E", points: points("40") })
        yield* sandbox.setFaults({ script: [{ call: "credit", fault: "dropAfter" }] })
        yield* Effect.flip(client.credit({ ...redemption, processedBy: "E", redemptionId, points: points("15.5") }))
        const truth = {
          redemptionId,
          userId: ACCOUNT,
          redemptionType: "TRAVEL",
          at: "2026-01-20T00:00:00.000Z",
          points: 40,
          credited: 15.5,
          remaining: 24.5,
          draws: [{ lotId: "A", points: 40 }],
          restorations: [{ lotId: "A", points: 15.5 }],
          credits: [
            {
              creditId: "5134721",
              at: "2026-01-20T00:00:00.000Z",
              points: 15.5,
              restorations: [{ lotId: "A", points: 15.5 }]
            }
          ]
        }
        expect((yield* call(sandbox.adminUrl, "GET", "/truth")).body).toEqual({ redemptions: [truth] })
        expect((yield* call(sandbox.adminUrl, "GET", `/truth/${redemptionId}`)).body).toEqual(truth)
        expect((yield* call(sandbox.adminUrl, "GET", "/truth/1")).status).toBe(404)
        const log = (yield* call(sandbox.adminUrl, "GET", "/log")).body["entries"] as ReadonlyArray<object>
        expect(log.at(-1)).toMatchObject({ kind: "credited", fault: "dropAfter", redemptionId, points: 15.5 })
        // The exchange that failed is there, without an answer.
        expect((yield* sandbox.exchanges).at(-5)).toMatchObject({ method: "POST", status: 0, responseBody: "" })
      })
    ))

  it("shows lots with their ages, households, and numbers that were replaced", () =>
    inWorld({ clock: () => at("2026-01-20T00:00:00Z") }, ({ sandbox }) =>
      Effect.gen(function* () {
        const admin = (method: string, path: string, body?: object) =>
          call(sandbox.adminUrl, method, path, body === undefined ? undefined : JSON.stringify(body))
        const lots = [
          { lotId: "A", earnedAt: "2025-01-10T00:00:00Z", expiresAt: null, points: 100 },
          { lotId: "B", earnedAt: "2025-01-19T12:00:00Z", expiresAt: "2026-01-10T00:00:00Z", points: 7 }
        ]
        expect((yield* admin("PUT", "/accounts/11", { household: "smith", lots })).body).toEqual({ pointBalance: 100 })
        expect((yield* admin("PUT", "/accounts/12", { household: "smith", lots: [] })).body).toEqual({
          pointBalance: 100
        })
        expect((yield* admin("PUT", "/replacements/11", { userId: "21" })).status).toBe(200)
        for (const number of ["11", "21"]) {
          expect((yield* admin("GET", `/accounts/${number}`)).body).toEqual({
            userId: "21",
            household: ["12", "21"],
            balance: 100,
            lots: [
              { ...lots[0], earnedAt: "2025-01-10T00:00:00.000Z", granted: 100, expired: false, ageDays: 375 },
              {
                ...lots[1],
                earnedAt: "2025-01-19T12:00:00.000Z",
                expiresAt: "2026-01-10T00:00:00.000Z",
                granted: 7,
                expired: true,
                ageDays: 365
              }
            ]
          })
        }
        expect((yield* admin("GET", "/accounts/99")).status).toBe(404)
        expect((yield* admin("PUT", "/replacements/11", { userId: "22" })).status).toBe(409)
        expect((yield* admin("PUT", "/replacements/11", {})).status).toBe(400)
      })
    ))

  it("shows and sets rules", () =>
    inWorld({}, ({ sandbox }) =>
      Effect.gen(function* () {
        const rules = (method: string, body?: string) => call(sandbox.adminUrl, method, "/rules", body)
        expect((yield* rules("GET")).body).toMatchObject({ restorationOrder: "reverse", duplicateWindow: 60_000 })
        expect((yield* rules("PUT", "restoration-order=draw")).body).toMatchObject({ restorationOrder: "draw" })
        expect((yield* rules("GET")).body).toMatchObject({ restorationOrder: "draw" })
        expect(reasonOf(yield* rules("PUT", "restoration-order=any"))?.ReasonCode).toBe("INVALID_RULES")
        expect((yield* sandbox.log).map(({ kind }) => kind)).toEqual(["rulesStored"])
      })
    ))

  it("moves a clock of its own, forward only, and only its own", () =>
    inWorld({ accounts, standingAt: at("2026-01-09T00:00:00Z") }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const clock = (body?: object) =>
          call(sandbox.adminUrl, body === undefined ? "GET" : "POST", "/clock", body && JSON.stringify(body))
        expect((yield* clock()).body).toEqual({ now: "2026-01-09T00:00:00.000Z" })
        expect((yield* client.redeemer(redemption)).pointBalance).toBe("107")
        expect((yield* clock({ by: "23h" })).body).toEqual({ now: "2026-01-09T23:00:00.000Z" })
        expect((yield* clock({ to: "2026-01-10T00:00:00Z" })).body).toEqual({ now: "2026-01-10T00:00:00.000Z" })
        expect((yield* client.redeemer(redemption)).pointBalance).toBe("100")
        for (const wrong of [{ to: "2026-01-09T00:00:00Z" }, { to: "soon" }, { by: "2d" }, {}]) {
          expect((yield* clock(wrong)).status).toBe(400)
        }
        yield* sandbox.advanceTo(at("2026-01-11T00:00:00Z"))
        expect(yield* sandbox.now).toBe(at("2026-01-11T00:00:00Z"))
        expect(Exit.isFailure(yield* Effect.exit(sandbox.advanceTo(at("2026-01-10T00:00:00Z"))))).toBe(true)
      })
    ))

  it("leaves a clock alone that is another's", () =>
    inWorld({ clock: () => at("2026-01-09T00:00:00Z") }, ({ sandbox }) =>
      Effect.gen(function* () {
        const { status } = yield* call(sandbox.adminUrl, "POST", "/clock", `{"by":"1s"}`)
        expect(status).toBe(409)
        expect((yield* Effect.flip(sandbox.advanceTo(at("2026-02-09T00:00:00Z")))).message).toContain("NO_CLOCK")
      })
    ))

  it("keeps as much of its log as it is told to, and counts the rest", () =>
    inWorld({ accounts, maximumLog: 2 }, ({ sandbox }) =>
      Effect.gen(function* () {
        for (let index = 0; index < 4; index++) {
          yield* sandbox.run({ _tag: "Redeem", userId: ACCOUNT, redemptionType: "TRAVEL", points: points("1") })
        }
        const { body } = yield* call(sandbox.adminUrl, "GET", "/log")
        expect(body).toMatchObject({
          entries: [{ redemptionId: "5134722" }, { redemptionId: "5134723" }],
          dropped: 3
        })
      })
    ))

  it("does not start with faults or rules that cannot be", async () => {
    const start = (options: object) => inWorld(options, () => Effect.void)
    await expect(start({ faults: { rates: { refuse: 2 } } })).rejects.toThrow(
      /The faults cannot be used: rates\.refuse/
    )
    await expect(start({ rules: { duplicates: "some" } })).rejects.toThrow(/The rules cannot be used: duplicates/)
  })

  it.each([
    ["POST", "/faults"],
    ["GET", "/faults/1"],
    ["GET", "/truth/1/2"],
    ["DELETE", "/log"],
    ["GET", "/nothing"]
  ])("has no %s %s", (method, path) =>
    inWorld({}, ({ sandbox }) =>
      Effect.map(call(sandbox.adminUrl, method, path), ({ status }) => expect(status).toBe(404))
    )
  )
})

describe("what stands on the wire", () => {
  /** All that comes back on a connection that the client closes last. */
  const raw = (url: URL): Effect.Effect<string> =>
    Effect.promise(
      () =>
        new Promise((resolve) => {
          const authorization = NpmSigner.getAuthorizationHeader(url.href, "GET", "", CONSUMER_KEY, keys.privateKey)
          const socket = connect(Number(url.port), "127.0.0.1")
          let text = ""
          socket.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk))
          socket.on("close", () => resolve(text)).on("error", () => {})
          socket.write(
            `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n` +
              `authorization: ${authorization}\r\nconnection: close\r\n\r\n`
          )
        })
    )

  const under = (fault: "answerTwice" | "cutAnswer" | "dropAfter" | "garbage") =>
    inWorld({ accounts, faults: { script: [{ fault }] } }, ({ sandbox }) =>
      raw(new URL(`${sandbox.url.href}/redeemers/${ACCOUNT}?user_id_type=RANAC&redemptionType=TRAVEL`))
    )

  it("answerTwice: two whole answers", async () => {
    const text = await under("answerTwice")
    expect(text.slice(0, text.length / 2)).toBe(text.slice(text.length / 2))
    expect(text.match(/"pointBalance": 1?0[07]/g)).toHaveLength(2)
  })

  it("cutAnswer: the head, and half of what it promises", async () => {
    const [head = "", body = ""] = (await under("cutAnswer")).split("\r\n\r\n")
    const promised = Number(/content-length: (\d+)/i.exec(head)?.[1])
    expect(head).toMatch(/^HTTP\/1\.1 200/)
    expect(body).toHaveLength(promised >> 1)
  })

  it("dropAfter: nothing", async () => {
    expect(await under("dropAfter")).toBe("")
  })

  it("garbage: a whole answer that is no JSON", async () => {
    const [head = "", body = ""] = (await under("garbage")).split("\r\n\r\n")
    expect(head).toMatch(/^HTTP\/1\.1 200/)
    expect(() => JSON.parse(body) as unknown).toThrow()
    expect(body).toHaveLength(Number(/content-length: (\d+)/i.exec(head)?.[1]))
  })
})
