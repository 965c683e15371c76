import { type CreditAnswer, Mastercard, MastercardNotSent, MastercardRefused } from "@pointback/adapters"
import { Deferred, Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { BODY_BYTES } from "../../src/http/Limits.ts"
import { credited, unknownOutcome } from "../support/FakeMastercard.ts"
import { httpServer } from "../support/HttpServer.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const account = (number: string) => `${PROGRAM}/accounts/${number}`

const LOTS = [
  { lot: "A", points: "100", earnedAt: "2025-01-10", expiresAt: "2026-01-10" },
  { lot: "B", points: "100", earnedAt: "2025-03-10", expiresAt: "2026-03-10" }
]

/** The account of the reference scenario, with its redemption. */
const redeemed = async (server: ReturnType<typeof httpServer>, number: string): Promise<void> => {
  for (const lot of LOTS) expect((await server.post(`${account(number)}/lots`, lot)).status).toBe(200)
  const spent = await server.post(`${account(number)}/redemptions`, {
    redemption: "R1",
    points: "150",
    type: "MERCHANDISE",
    processedBy: "E078562",
    at: "2025-12-01T00:00:00Z"
  })
  expect(spent.status, spent.text).toBe(200)
}

const json = (answer: { readonly text: string }) => JSON.parse(answer.text) as Record<string, unknown>

describe("credits over HTTP, with the sandbox", () => {
  const sandbox = sandboxServer()
  const server = httpServer(() => sandbox.client())

  it("the reference scenario, by the typed client; a repetition is marked as one and does nothing", async () => {
    await sandbox.knows([{ account: "220094110178641288073796026652", redemption: "R1", points: "150" }])
    const number = "220094110178641288073796026652"
    await redeemed(server, number)
    const client = await server.client()
    const path = { params: { program: "program", account: number, redemption: "R1" } as never, headers: {} }
    const first = await Effect.runPromise(
      client.credits.credit({ ...path, payload: { creditId: "C1" as never, points: 700_000n, at: "2026-01-20" } })
    )
    expect(first).toMatchObject({ outcome: "PartiallyCredited", live: "50", expired: "20", remaining: "80" })
    const credits = `${account(number)}/redemptions/R1/credits`
    const second = await server.post(
      credits,
      { creditId: "C2", at: "2026-02-01" },
      { headers: { "idempotency-key": "C2" } }
    )
    expect(json(second)).toMatchObject({ outcome: "FullyCredited", live: "0", expired: "80", remaining: "0" })
    expect(second.headers["idempotency-replayed"]).toBeUndefined()
    const again = await server.post(credits, { creditId: "C2", at: "2026-02-01" })
    expect(json(again)).toEqual({ ...json(second), replayed: true })
    expect(again.headers["idempotency-replayed"]).toBe("true")
    expect((await sandbox.credits()).get("R1")).toEqual([700_000n, 800_000n])
    const aging = await server.get(`${account(number)}/aging?asOf=2026-02-02&basis=to-expiry`)
    expect(json(aging)).toMatchObject({ total: "100" })
  })

  it("another content under the same key is a conflict; a header that names another key is a wrong request", async () => {
    const lots = `${account("7")}/lots`
    expect((await server.post(lots, LOTS[0])).status).toBe(200)
    const conflict = await server.post(lots, { ...LOTS[0], points: "99" })
    expect(conflict.status).toBe(409)
    expect(problemOf(conflict)).toMatchObject({
      type: "urn:pointback:problem:key-conflict",
      error: { _tag: "KeyConflict", fields: ["points"] }
    })
    const wrong = await server.post(lots, LOTS[1], { headers: { "idempotency-key": "other" } })
    expect(wrong.status).toBe(400)
    expect(problemOf(wrong)["errors"]).toMatchObject([{ path: ["headers", "idempotency-key"] }])
    const adjust = { lot: "A", points: "-1", reason: "r", at: "2025-02-01" }
    expect((await server.post(`${account("7")}/adjustments`, adjust)).status).toBe(400)
    const headers = { "idempotency-key": "by-header" }
    expect(json(await server.post(`${account("7")}/adjustments`, adjust, { headers }))).toMatchObject({
      key: "by-header",
      replayed: false
    })
  })

  it("pages of lots follow each other, at one instant, and a cursor that was made up is refused", async () => {
    for (const lot of ["a", "b", "c", "d", "e"]) {
      await server.post(`${account("9")}/lots`, { lot, points: "1", earnedAt: "2025-01-10" })
    }
    const seen: Array<unknown> = []
    let cursor = ""
    for (;;) {
      const page = json(await server.get(`${PROGRAM}/lots?account=9&limit=2${cursor}`))
      seen.push(...(page["lots"] as ReadonlyArray<{ lot: string }>).map(({ lot }) => lot))
      if (page["next"] === null) break
      cursor = `&cursor=${page["next"] as string}`
    }
    expect(seen).toEqual(["a", "b", "c", "d", "e"])
    const madeUp = Buffer.from('{"asOf":1,"from":-5}').toString("base64url")
    expect((await server.get(`${PROGRAM}/lots?cursor=${madeUp}`)).status).toBe(400)
  })

  it("many credits of a file, with what became of each; a foreign program's line refuses the whole file", async () => {
    await redeemed(server, "11")
    const line = { program: "program", account: "11", redemption: "R1", creditId: "M1", points: "10" }
    const headers = { "content-type": "application/x-ndjson" }
    const body = [line, { ...line, creditId: "M2", points: "1000" }].map((one) => JSON.stringify(one)).join("\n")
    const answer = json(await server.ask("POST", `${PROGRAM}/credits?local=true`, { headers, body }))
    expect(answer).toMatchObject({ credits: 2, notBegun: 0, points: "10", stopped: null })
    expect(answer["results"]).toMatchObject([
      { line: 1, outcome: "PartiallyCredited" },
      { line: 2, outcome: "refused", error: { _tag: "ExceedsRedeemed" } }
    ])
    const foreign = JSON.stringify({ ...line, program: "elsewhere", creditId: "M3" })
    const refused = await server.ask("POST", `${PROGRAM}/credits?local=true`, { headers, body: foreign })
    expect(refused.status).toBe(400)
    expect(problemOf(refused)["error"]).toMatchObject({ _tag: "ForeignProgram", line: 1 })
  })

  it("a history is imported, and named lines refuse it as a whole", async () => {
    const record = { type: "earned", program: "program", account: "12", ...LOTS[0] }
    const headers = { "content-type": "application/x-ndjson" }
    const good = await server.ask("POST", `${PROGRAM}/import`, { headers, body: JSON.stringify(record) })
    expect(json(good)).toMatchObject({ records: 1, accounts: 1, imported: 1, refusedAccounts: 0 })
    // Files may be larger than other bodies.
    const long = { ...record, account: "13", source: "x".repeat(900) }
    const many = Array.from({ length: 400 }, (_, n) => JSON.stringify({ ...long, lot: `L${n}` })).join("\n")
    expect(many.length).toBeGreaterThan(BODY_BYTES)
    const large = await server.ask("POST", `${PROGRAM}/import`, { headers, body: many })
    expect(json(large), large.text).toMatchObject({ records: 400, imported: 400 })
    const bad = await server.ask("POST", `${PROGRAM}/import`, {
      headers,
      body: `${JSON.stringify(record)}\n{"type":1}`
    })
    expect(bad.status).toBe(400)
    expect(problemOf(bad)["error"]).toMatchObject({ _tag: "UnreadableLines", file: "body", lines: [{ line: 2 }] })
  })

  it("the tables of finance, of the reference scenario", async () => {
    const number = "220094110178641288073796026652"
    const months = "from=2025-12-01&to=2026-03-01"
    const forward = json(await server.get(`${PROGRAM}/roll-forward?${months}&account=${number}`))
    expect(forward["rows"]).toMatchObject([
      { period: "2025-12", opening: "200", redeemed: "150", closing: "50" },
      { period: "2026-01", creditedLive: "50", creditedExpired: "20", expiredOnReversal: "20", closing: "100" },
      { period: "2026-02", creditedLive: "0", creditedExpired: "80", expiredOnReversal: "80", closing: "100" }
    ])
    const cell = `${PROGRAM}/roll-forward/events?${months}&account=${number}&period=2025-12&column=redeemed`
    expect(json(await server.get(cell))).toMatchObject({ points: "150", events: [{ lot: "A" }, { lot: "B" }] })
    const statement = json(await server.get(`${account(number)}/statement?${months}`))
    expect(statement).toMatchObject({ opening: "200", closing: "100", lines: [{ points: "-150" }, {}, {}] })
    const schedule = await server.get(`${PROGRAM}/schedule?account=${number}&asOf=2026-02-02`)
    expect(json(schedule)).toMatchObject({ total: "100", rows: [{ date: "2026-03-10", points: "100" }] })
    expect((await server.get(`${PROGRAM}/triangle?${months}&measure=redeemed`)).status).toBe(200)
    const past = "knownFrom=2025-01-01&knownTo=2025-06-01&asOf=2025-06-01"
    expect(json(await server.get(`${PROGRAM}/restatement?${past}`))).toMatchObject({ lots: [], events: [] })
    const backwards = await server.get(`${PROGRAM}/roll-forward?from=2026-01-01&to=2025-01-01`)
    expect(backwards.status).toBe(400)
    expect(problemOf(backwards)["error"]).toMatchObject({ _tag: "InvalidInterval" })
  })

  it("the timelines of an account, and what a reconciliation found", async () => {
    const number = "220094110178641288073796026652"
    const clock = "asOf=2026-02-02"
    const lot = json(await server.get(`${account(number)}/lots/A?${clock}`))
    expect(lot).toMatchObject({ lot: "A", holds: "0" })
    const redemption = json(await server.get(`${account(number)}/redemptions/R1?${clock}`))
    expect(redemption).toMatchObject({ credited: "150", remaining: "0", draws: [{ lot: "A" }, { lot: "B" }] })
    const series = json(await server.get(`${account(number)}/history?from=2025-12-01&to=2026-02-02`))
    expect((series["points"] as ReadonlyArray<unknown>).length).toBeGreaterThan(2)
    expect((await server.get(`${account(number)}/lots/none`)).status).toBe(404)

    const headers = { "content-type": "application/x-ndjson" }
    const window = { kind: "statement", program: "program", from: "2025-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" }
    const path = `${PROGRAM}/reconciliations/statement?run=r1&at=2026-06-01`
    const ran = await server.ask("POST", path, { headers, body: `${JSON.stringify(window)}\n` })
    expect(ran.status, ran.text).toBe(200)
    expect(json(ran)).toMatchObject({ run: "r1", matched: 0 })
    const page = json(await server.get(`${PROGRAM}/breaks?limit=1&run=r1`))
    const [first] = page["breaks"] as ReadonlyArray<{ readonly id: string }>
    expect(first).toMatchObject({ state: "open", type: "missingThere" })
    expect(page["next"]).not.toBeNull()
    expect((await server.get(`${PROGRAM}/breaks?limit=1&run=r1&cursor=${page["next"] as string}`)).status).toBe(200)
    const metrics = (await server.get("/metrics")).text
    expect(metrics).toMatch(/pointback_open_breaks\{type="missingThere"\} [1-9]/)
    expect(metrics).toMatch(/pointback_open_breaks_oldest_seconds\{type="missingThere"\} [1-9]/)
    expect(metrics).toContain('pointback_open_breaks{type="late"} 0')
    const elsewhere = `/v1/programs/elsewhere/breaks/${first!.id}`
    expect((await server.get(elsewhere)).status).toBe(404)
    expect((await server.post(`${elsewhere}/acceptance`, { reason: "no" })).status).toBe(404)
    const accepted = await server.post(
      `${PROGRAM}/breaks/${first!.id}/acceptance`,
      { reason: "known" },
      { key: "decider" }
    )
    expect(json(accepted)).toMatchObject({ state: "accepted", actor: "decider" })
    expect(json(await server.get(`${PROGRAM}/breaks/${first!.id}`))).toMatchObject({ state: "accepted" })
  })

  it("the policy, an alias, the sweep, an erasure and the verification", async () => {
    expect(json(await server.get(`${PROGRAM}/policy`))).toMatchObject({ version: 0, scale: 2, zone: "UTC" })
    expect(
      json(await server.post(`${PROGRAM}/policy`, { creditWindowDays: null, zone: "Europe/Berlin" }))
    ).toMatchObject({
      zone: "Europe/Berlin"
    })
    await server.post(`${PROGRAM}/policy`, { zone: "UTC" })
    expect(json(await server.post(`${account("9")}/aliases`, { newAccount: "10" }))).toMatchObject({ replayed: false })
    expect((await server.post(`${PROGRAM}/expiry`, { asOf: "2027-01-01" })).status).toBe(200)
    expect((await server.post(`${account("9")}/erasure`, { reason: "asked for" })).status).toBe(200)
    expect((await server.get(`${account("9")}/aging`)).status).toBe(404)
    expect(json(await server.get(`${PROGRAM}/verification`))).toMatchObject({ count: 0, differences: [] })
  })
})

describe("credits over HTTP whose outcome is another", () => {
  const answers: Array<() => Effect.Effect<CreditAnswer, unknown>> = []
  const mastercard = Layer.mock(Mastercard, {
    credit: () => (answers.shift() as () => Effect.Effect<CreditAnswer, never>)()
  })
  const server = httpServer(() => mastercard)
  const ask = (number: string, creditId: string) =>
    server.post(`${account(number)}/redemptions/R1/credits`, { creditId, points: "10", at: "2025-12-02" })

  it("unknown: 202, listed with its remedy, counted; a further credit is a conflict until it is decided", async () => {
    await redeemed(server, "1")
    answers.push(() => Effect.fail(unknownOutcome))
    const unknown = await ask("1", "U1")
    expect(unknown.status).toBe(202)
    expect(json(unknown)).toMatchObject({ outcome: "CreditOutcomeUnknown", cause: "timeout", points: "10" })
    const further = await ask("1", "U2")
    expect(further.status).toBe(409)
    expect(problemOf(further)["error"]).toMatchObject({ _tag: "CreditInFlight", creditId: "U1" })
    const listed = json(await server.get(`${PROGRAM}/credits/in-flight`))
    expect(listed).toMatchObject({ credits: [{ creditId: "U1", state: "unknown", points: "10" }], next: null })
    const metrics = (await server.get("/metrics", { key: "watcher" })).text
    expect(metrics).toContain('pointback_credits_in_flight{state="unknown"} 1')
    expect(metrics).toMatch(/pointback_credits\{outcome="CreditOutcomeUnknown"\} [1-9]/)
    expect(metrics).toContain('route="/v1/programs/:program/accounts/:account/redemptions/:redemption/credits"')
    // It was only just asked for.
    const early = await server.post(`${account("1")}/credits/U1/decision`, { decision: "release", reason: "looked" })
    expect(early.status).toBe(409)
    expect(problemOf(early)["error"]).toMatchObject({ _tag: "CallMayBeUnderWay" })
  })

  it("declined: 422 with Mastercard's reasons; never sent: 503. Either way nothing was credited", async () => {
    await redeemed(server, "2")
    const reasons = [
      { source: "Gateway", reasonCode: "NOPE", description: "no", recoverable: false, details: undefined }
    ]
    answers.push(() => Effect.fail(new MastercardRefused({ call: "POST", status: 400, reasons, body: undefined })))
    const declined = await ask("2", "D1")
    expect(declined.status, declined.text).toBe(422)
    expect(problemOf(declined)).toMatchObject({
      type: "urn:pointback:problem:credit-declined",
      error: { credit: { outcome: "CreditDeclined", points: "0", reasons: [{ reasonCode: "NOPE" }] } }
    })
    answers.push(() =>
      Effect.fail(new MastercardNotSent({ call: "POST", cause: "connectionRefused", detail: "ECONNREFUSED" }))
    )
    const unsent = await ask("2", "D2")
    expect(unsent.status, unsent.text).toBe(503)
    expect(json(await server.get(`${PROGRAM}/lots?account=2&asOf=2025-12-03`))["lots"]).toMatchObject([
      { lot: "B", points: "50" }
    ])
  })

  it("whoever hangs up, or stops the server, breaks off no credit", async () => {
    await redeemed(server, "3")
    const begun = Deferred.makeUnsafe<void>()
    const goOn = Deferred.makeUnsafe<void>()
    answers.push(() =>
      Deferred.succeed(begun, undefined).pipe(Effect.andThen(Deferred.await(goOn)), Effect.as(credited()))
    )
    const controller = new AbortController()
    const asked = fetch(`${server.url()}${account("3")}/redemptions/R1/credits`, {
      method: "POST",
      signal: controller.signal,
      headers: { authorization: "Bearer pbk_of_all", "content-type": "application/json" },
      body: JSON.stringify({ creditId: "H1", points: "10", at: "2025-12-02" })
    }).then(
      () => "answered",
      () => "hung up"
    )
    await Effect.runPromise(Deferred.await(begun))
    controller.abort()
    expect(await asked).toBe("hung up")
    // Long enough for an interruption to arrive, had there been one.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await Effect.runPromise(Deferred.succeed(goOn, undefined))
    await expect
      .poll(async () => json(await ask("3", "H1")))
      .toMatchObject({ outcome: "PartiallyCredited", replayed: true })
  })
})

describe("a server that is stopped", () => {
  const begun = Deferred.makeUnsafe<void>()
  const goOn = Deferred.makeUnsafe<void>()
  const mastercard = Layer.mock(Mastercard, {
    credit: () => Deferred.succeed(begun, undefined).pipe(Effect.andThen(Deferred.await(goOn)), Effect.as(credited()))
  })
  const server = httpServer(() => mastercard)

  it("answers what it was carrying out, and takes nothing more", async () => {
    await redeemed(server, "4")
    const asked = server.post(`${account("4")}/redemptions/R1/credits`, {
      creditId: "S1",
      points: "10",
      at: "2025-12-02"
    })
    await Effect.runPromise(Deferred.await(begun))
    const stopped = server.stop()
    await expect
      .poll(() =>
        server.get("/health").then(
          (answer) => answer.status,
          () => "closed"
        )
      )
      .toBe("closed")
    await Effect.runPromise(Deferred.succeed(goOn, undefined))
    const answer = await asked
    expect(answer.status, answer.text).toBe(200)
    expect(json(answer)).toMatchObject({ outcome: "PartiallyCredited", remaining: "140" })
    await stopped
  })
})
