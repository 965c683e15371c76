/** What is asked of the whole database over HTTP: heads, their check, rebuilds. */
import { KeptHeads } from "@pointback/adapters"
import { Deferred, Effect, Result } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { beforeAll, describe, expect, it } from "vitest"
import { inTransaction, rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { httpServer, secret } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

const LOT = { lot: "A", points: "100", earnedAt: "2025-01-10" }

const json = (answer: { readonly text: string }) => JSON.parse(answer.text) as Record<string, unknown>

/** The lock that one rebuild at a time holds. */
const LOCK = "select pg_advisory_xact_lock(hashtextextended('pointback rebuild pointback', 0))"

describe("the whole database over HTTP", () => {
  const server = httpServer()
  beforeAll(async () => {
    for (const program of ["one", "two"]) {
      const lots = `/v1/programs/${program}/accounts/1/lots`
      expect((await server.post(lots, LOT)).status).toBe(200)
    }
  })

  it("is for keys of all programs alone", async () => {
    for (const [method, path] of [
      ["GET", "/v1/heads"],
      ["POST", "/v1/verification"],
      ["POST", "/v1/rebuild"]
    ] as const) {
      const headers = { "content-type": "application/json" }
      const body = method === "POST" ? { headers, body: "{}" } : {}
      const refused = await server.ask(method, path, { ...body, key: "elsewhere" })
      expect(refused.status, refused.text).toBe(403)
      expect(problemOf(refused)["detail"]).toBe("this key is not for all programs")
      expect((await server.ask(method, path, { ...body, key: "reader" })).status).toBe(403)
      expect((await server.ask(method, path, body)).status).toBe(200)
    }
  })

  it("heads are taken, kept, and verified against; a log that was cut back is found out", async () => {
    const heads = json(await server.get("/v1/heads")) as unknown as KeptHeads.KeptHeads
    expect(heads.heads.reduce((events, { position }) => events + position, 0)).toBe(2)
    const good = json(await server.post("/v1/verification", { heads }))
    expect(good).toMatchObject({ count: 0, accounts: 2, hashed: 2, heads: heads.takenAt, differences: [] })
    // What the command line prints is the same document.
    const printed = Result.getOrThrow(KeptHeads.parse(KeptHeads.print(heads)))
    expect(printed).toEqual(heads)

    const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" }
    })
    const signed = Result.getOrThrow(KeptHeads.signed(heads, privateKey))
    expect(json(await server.post("/v1/verification", { heads: signed, publicKey }))).toMatchObject({ count: 0 })
    const forged = json(await server.post("/v1/verification", { heads, publicKey }))
    expect(forged["count"]).toBe(1)
    const ahead = { ...heads, heads: heads.heads.map((head) => ({ ...head, position: 9, hash: "0".repeat(64) })) }
    const cut = json(await server.post("/v1/verification", { heads: ahead }))
    expect(cut["count"]).toBeGreaterThan(0)
    expect(cut["differences"]).toContainEqual(expect.objectContaining({ check: "heads" }))
  })

  it("a key without heads, and one that is none, is a wrong request", async () => {
    const none = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    const heads = json(await server.get("/v1/heads"))
    const torn = { ...heads, heads: [{ partition: 0, position: 3, recordedAt: null, hash: "" }] }
    for (const [body, field] of [
      [{ publicKey: none }, "publicKey"],
      [{ publicKey: none, heads }, "publicKey"],
      [{ heads: torn }, "heads"]
    ] as const) {
      const answer = await server.post("/v1/verification", body)
      expect(answer.status, answer.text).toBe(400)
      expect(problemOf(answer)["errors"]).toMatchObject([{ path: ["body", field] }])
    }
  })

  it("a rebuild says what differed, and puts it right unless it only checks", async () => {
    await server.run(rows("update lots set booked = booked + 1 where program = 'two'"))
    const found: Array<unknown> = []
    for (const body of [{ check: true }, {}, { check: true }]) {
      const answer = await server.post("/v1/rebuild", body)
      expect(answer.status, answer.text).toBe(200)
      found.push(json(answer))
    }
    const difference = { table: "lots", program: "two", place: "A", problem: expect.stringMatching(/^booked is/) }
    const wrong = { differing: 1, tables: { lots: { rows: 2, differing: 1, differences: [difference] } } }
    expect(found).toMatchObject([
      { check: true, ...wrong },
      { check: false, ...wrong },
      { check: true, differing: 0, tables: { lots: { rows: 2, differing: 0, differences: [] } } }
    ])
  })

  it("whoever stops waiting for another rebuild leaves nothing in the queue", async () => {
    const waiting = () =>
      server.run(
        rows(`select pid from pg_stat_activity where datname = current_database()
          and query like '%pg_try_advisory_xact_lock%' and state = 'idle in transaction'`)
      )
    const held = Deferred.makeUnsafe<void>()
    const goOn = Deferred.makeUnsafe<void>()
    const holder = server.run(
      inTransaction(
        Effect.gen(function* () {
          yield* rows(LOCK)
          yield* Deferred.succeed(held, undefined)
          yield* Deferred.await(goOn)
        })
      )
    )
    await Effect.runPromise(Deferred.await(held))
    const controller = new AbortController()
    const asked = fetch(`${server.url()}/v1/rebuild`, {
      method: "POST",
      signal: controller.signal,
      headers: { authorization: `Bearer ${secret("all")}`, "content-type": "application/json" },
      body: "{}"
    }).then(
      () => "answered",
      () => "hung up"
    )
    await expect.poll(async () => (await waiting()).length).toBe(1)
    controller.abort()
    expect(await asked).toBe("hung up")
    await expect.poll(async () => (await waiting()).length).toBe(0)
    await Effect.runPromise(Deferred.succeed(goOn, undefined))
    await holder
    expect((await server.post("/v1/rebuild", {})).status).toBe(200)
  })
})
