import { Duration, Effect, Fiber, Redacted, type Scope } from "effect"
import { exportPKCS8, exportSPKI, generateKeyPair } from "jose"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import * as Mastercard from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import type { SandboxExtrasOptions } from "../../src/sandbox/SandboxExtrasOptions.ts"
import * as Sandbox from "../../src/sandbox/Sandbox.ts"
import { ACCOUNT, CONSUMER_KEY, keys, lot, points } from "../sandbox/world.ts"
import * as Misbehaving from "./misbehaving.ts"

const CLIENT_ID = "client-id-of-a-project"
const ask = { userId: ACCOUNT, redemptionType: "TRAVEL" } as const
const accounts = [{ userId: ACCOUNT, lots: [lot("A", "100")] }]

const settings = (url: URL, over: Partial<MastercardConfig.MastercardSettings> = {}) =>
  MastercardConfig.make({
    url,
    signingKey: Redacted.make(keys.privateKey),
    oauth2: {
      clientId: Redacted.make(CLIENT_ID),
      keyId: "key-1",
      tokenUrl: MastercardConfig.defaultTokenUrl(url),
      issuer: url.origin,
      scopes: ["loyalty:redemptions"]
    },
    answerLimit: Duration.seconds(5),
    ...over
  })

const withSandbox = <A, E>(
  extras: SandboxExtrasOptions,
  test: (sandbox: Sandbox.Sandbox["Service"]) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.make({
      consumerKey: Redacted.make(CONSUMER_KEY),
      publicKey: keys.publicKey,
      accounts,
      extras: { clientId: Redacted.make(CLIENT_ID), keyId: "key-1", ...extras }
    })
    return yield* test(sandbox)
  }).pipe(Effect.scoped, Effect.runPromise)

const seenPaths = (sandbox: Sandbox.Sandbox["Service"]) =>
  Effect.map(sandbox.exchanges, (exchanges) => exchanges.map(({ path, status }) => `${status} ${path.split("?")[0]}`))

describe("against the sandbox", () => {
  it("an RSA key (PS256): one token for many calls at once", () =>
    withSandbox({}, (sandbox) =>
      Effect.gen(function* () {
        const client = yield* Mastercard.make(settings(sandbox.url))
        const answers = yield* Effect.all(
          Array.from({ length: 20 }, () => client.redeemer(ask)),
          { concurrency: "unbounded" }
        )
        expect(new Set(answers.map(({ pointBalance }) => pointBalance))).toEqual(new Set(["100"]))
        const { redemptionId } = yield* client.redeem({ ...ask, processedBy: "E", points: points("60") })
        const { remaining } = yield* client.credit({ ...ask, processedBy: "E", redemptionId, points: points("10") })
        expect(remaining).toBe("50")
        const paths = yield* seenPaths(sandbox)
        expect(paths.filter((path) => path.endsWith("/oauth/token"))).toEqual(["200 /oauth/token"])
        expect(paths).toHaveLength(23)
      })
    ))

  it("a P-256 key (ES256)", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true })
    const signingKey = Redacted.make(await exportPKCS8(pair.privateKey))
    await withSandbox({ assertionKey: await exportSPKI(pair.publicKey) }, (sandbox) =>
      Effect.gen(function* () {
        const client = yield* Mastercard.make(settings(sandbox.url, { signingKey }))
        expect((yield* client.redeemer(ask)).pointBalance).toBe("100")
      })
    )
  })

  it("nonces: both servers ask for one, each call goes out once more, and the credit happens once", () =>
    withSandbox({ nonceLifetime: Duration.minutes(1) }, (sandbox) =>
      Effect.gen(function* () {
        yield* sandbox.run({
          _tag: "PutRedemption",
          redemptionId: "1",
          userId: ACCOUNT,
          redemptionType: "TRAVEL",
          points: points("60"),
          draws: undefined,
          at: 0n
        })
        const client = yield* Mastercard.make(settings(sandbox.url))
        const { remaining } = yield* client.credit({
          ...ask,
          processedBy: "E",
          redemptionId: "1",
          points: points("10")
        })
        expect(remaining).toBe("50")
        // Known from now on: nothing is asked twice again.
        yield* client.redeemer(ask)
        expect(yield* seenPaths(sandbox)).toEqual([
          "400 /oauth/token",
          "200 /oauth/token",
          "401 /loyalty/redemptions/1/credits",
          "200 /loyalty/redemptions/1/credits",
          `200 /loyalty/redeemers/${ACCOUNT}`
        ])
      })
    ))

  it("a token is asked for anew when it has run out", () =>
    withSandbox({ tokenLifetime: Duration.seconds(2) }, (sandbox) =>
      Effect.gen(function* () {
        const client = yield* Mastercard.make(settings(sandbox.url))
        yield* client.redeemer(ask)
        yield* client.redeemer(ask)
        // Half of so short a life is used, the other half is margin.
        yield* Effect.sleep("1200 millis")
        yield* client.redeemer(ask)
        expect((yield* seenPaths(sandbox)).filter((path) => path.endsWith("/oauth/token"))).toHaveLength(2)
      })
    ))

  it.each([
    ["another key id", { keyId: "key-2" }, /key id is not known/],
    ["another client", { clientId: Redacted.make("other") }, /client is not known/]
  ])("no token for %s: the credit was certainly not sent", (_title, over, why) =>
    withSandbox({}, (sandbox) =>
      Effect.gen(function* () {
        const { oauth2, ...rest } = settings(sandbox.url)
        const client = yield* Mastercard.make({ ...rest, oauth2: { ...oauth2!, ...over } })
        const error = yield* Effect.flip(client.credit({ ...ask, processedBy: "E", redemptionId: "1", points: 1n }))
        expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "tokenRefused" })
        expect(error.message).toMatch(why)
        expect(error.message).toMatch(/invalid_client/)
        expect(yield* seenPaths(sandbox)).toEqual(["401 /oauth/token"])
      })
    )
  )
})

/** A server with a token endpoint that gives out any token, and an API that behaves as told. */
const serving = (token: (count: number) => string, api: (count: number) => string) => {
  const counts = { token: 0, api: 0 }
  const behave: Parameters<typeof Misbehaving.serve>[0] = {
    onRequest: (socket, request) =>
      void socket.end(request.startsWith("POST /oauth/token ") ? token(counts.token++) : api(counts.api++))
  }
  return { behave, counts }
}

const goodToken = () =>
  Misbehaving.answer(200, `{"access_token":"a-token-that-is-secret","token_type":"DPoP","expires_in":900}`)
const withHeaders = (status: number, headers: string, body = "{}") =>
  Misbehaving.answer(status, body).replace("\r\n\r\n", `\r\n${headers}\r\n\r\n`)
const challenge = withHeaders(401, `dpop-nonce: n-1\r\nwww-authenticate: DPoP error="use_dpop_nonce"`)
const credited = Misbehaving.answer(200, `{"pointBalance":1,"programName":"P","id":"1"}`)

const credit = (client: Mastercard.Mastercard["Service"]) =>
  client.credit({ ...ask, processedBy: "E", redemptionId: "1", points: 1n })

const against = <A, E>(
  { behave }: ReturnType<typeof serving>,
  test: (client: Mastercard.Mastercard["Service"], server: Misbehaving.Misbehaving) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.gen(function* () {
    const server = yield* Misbehaving.serve(behave)
    return yield* test(yield* Mastercard.make(settings(server.url)), server)
  }).pipe(Effect.scoped, Effect.runPromise)

describe("a credit under OAuth 2.0", () => {
  it("is sent once more for a nonce, and never a third time", async () => {
    const server = serving(goodToken, () => challenge)
    await against(server, (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(credit(client))
        expect(error).toMatchObject({ _tag: "MastercardRefused", status: 401 })
        expect(server.counts.api).toBe(2)
      })
    )
  })

  it.each([
    ["a 401 that asks for nothing", withHeaders(401, `www-authenticate: DPoP error="invalid_dpop_proof"`)],
    [
      "a 401 that names the error but gives no nonce",
      withHeaders(401, `www-authenticate: DPoP error="use_dpop_nonce"`)
    ],
    ["a 401 with a nonce for other reasons", withHeaders(401, `dpop-nonce: n-1`)],
    ["a 403 with everything", withHeaders(403, `dpop-nonce: n-1\r\nwww-authenticate: DPoP error="use_dpop_nonce"`)]
  ])("is not sent again after %s", async (_title, answer) => {
    const server = serving(goodToken, () => answer)
    await against(server, (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(credit(client))
        expect(error._tag).toBe("MastercardRefused")
        expect(server.counts.api).toBe(1)
      })
    )
  })

  it("is not sent again after a challenge when the second answer is lost: nobody knows", async () => {
    let calls = 0
    const server = serving(goodToken, () => (calls++ === 0 ? challenge : ""))
    await against(server, (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(credit(client))
        expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "connectionLost" })
        expect(server.counts.api).toBe(2)
      })
    )
  })

  it("the second proof carries the nonce and the hash of the token; no two proofs are the same", async () => {
    const server = serving(goodToken, (count) => (count === 0 ? challenge : credited))
    await against(server, (client, { requests }) =>
      Effect.gen(function* () {
        yield* credit(client)
        const proofs = requests.map((request) => /^dpop: (.+)$/im.exec(request)?.[1] ?? "")
        const claims = proofs.map(
          (proof) =>
            JSON.parse(Buffer.from(proof.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>
        )
        expect(claims.map(({ nonce }) => nonce)).toEqual([undefined, undefined, "n-1"])
        expect(claims.map(({ htm }) => htm)).toEqual(["POST", "POST", "POST"])
        expect(new Set(claims.map(({ jti }) => jti)).size).toBe(3)
        expect(claims[0]?.["ath"]).toBeUndefined()
        expect(claims[2]?.["ath"]).toMatch(/^[A-Za-z0-9_-]{43}$/)
        expect(
          proofs.every(
            (proof) =>
              !Buffer.from(proof.split(".")[0] ?? "", "base64url")
                .toString()
                .includes(`"d"`)
          )
        ).toBe(true)
      })
    )
  })

  it("a token that was taken back is not used again", async () => {
    const dead = withHeaders(401, `www-authenticate: DPoP error="invalid_token"`)
    const server = serving(goodToken, (count) => (count === 0 ? dead : credited))
    await against(server, (client) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(credit(client))).toMatchObject({ _tag: "MastercardRefused", status: 401 })
        expect(server.counts).toEqual({ token: 1, api: 1 })
        yield* credit(client)
        expect(server.counts).toEqual({ token: 2, api: 2 })
      })
    )
  })
})

it("a call that only reads goes out once more with a new token when the old one was taken back", async () => {
  const dead = withHeaders(401, `www-authenticate: DPoP error="invalid_token"`)
  const server = serving(goodToken, (count) => (count === 1 ? dead : Misbehaving.answer(200, `{"pointBalance":7}`)))
  await against(server, (client) =>
    Effect.gen(function* () {
      yield* client.redeemer(ask)
      expect((yield* client.redeemer(ask)).pointBalance).toBe("7")
      expect(server.counts).toEqual({ token: 2, api: 3 })
    })
  )
})

it("a token that comes too late is not used: the credit was not sent, and never will be", async () => {
  let late: (() => void) | undefined
  const behave: Parameters<typeof Misbehaving.serve>[0] = {
    onRequest: (socket) => void (late = () => socket.end(goodToken()))
  }
  await Effect.gen(function* () {
    const server = yield* Misbehaving.serve(behave)
    const client = yield* Mastercard.make(settings(server.url, { startLimit: Duration.millis(200) }))
    const call = yield* Effect.forkChild(Effect.flip(credit(client)))
    yield* Effect.sleep("400 millis")
    late?.()
    expect(yield* Fiber.join(call)).toMatchObject({ _tag: "MastercardNotSent", cause: "notInTime" })
    expect(server.requests).toHaveLength(1)
  }).pipe(Effect.scoped, Effect.runPromise)
})

describe("no token", () => {
  it.each([
    ["a failing server", Misbehaving.answer(503, "{}"), "tokenUnavailable", /status 503/],
    ["garbage", Misbehaving.answer(200, "<html>"), "tokenUnavailable", /no JSON/],
    [
      "a bearer token",
      Misbehaving.answer(200, `{"access_token":"abc","token_type":"Bearer","expires_in":900}`),
      "tokenUnavailable",
      /missing or wrong: token_type/
    ],
    [
      "a token that would break the header",
      Misbehaving.answer(200, `{"access_token":"a\\r\\nb","token_type":"DPoP","expires_in":900}`),
      "tokenUnavailable",
      /missing or wrong: access_token/
    ],
    [
      "a token without an end",
      Misbehaving.answer(200, `{"access_token":"abc","token_type":"DPoP"}`),
      "tokenUnavailable",
      /missing or wrong: expires_in/
    ],
    ["a connection that is lost", "", "tokenUnavailable", /UND_ERR_SOCKET/],
    [
      "a nonce again and again",
      withHeaders(400, "dpop-nonce: n", `{"error":"use_dpop_nonce"}`),
      "tokenRefused",
      /use_dpop_nonce/
    ]
  ])("%s: the credit was certainly not sent, and the next one asks again", async (_title, answer, cause, why) => {
    const server = serving(
      () => answer,
      () => credited
    )
    await against(server, (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(credit(client))
        expect(error).toMatchObject({ _tag: "MastercardNotSent", cause })
        expect(error.message).toMatch(why)
        const asked = server.counts.token
        yield* Effect.flip(credit(client))
        expect(server.counts).toEqual({ token: 2 * asked, api: 0 })
      })
    )
  })

  it("many calls at once share one failure", async () => {
    const server = serving(
      () => Misbehaving.answer(503, "{}"),
      () => credited
    )
    await against(server, (client) =>
      Effect.gen(function* () {
        yield* Effect.all(
          Array.from({ length: 10 }, () => Effect.flip(credit(client))),
          { concurrency: "unbounded" }
        )
        expect(server.counts).toEqual({ token: 1, api: 0 })
      })
    )
  })

  it("a refusal that quotes the assertion does not bring it into the error", async () => {
    let assertion = ""
    const behave: Parameters<typeof Misbehaving.serve>[0] = {
      onRequest: (socket, request) => {
        assertion = new URLSearchParams(request.split("\r\n\r\n")[1]).get("client_assertion") ?? ""
        const body = JSON.stringify({ error: "invalid_client", error_description: `bad assertion ${assertion}` })
        socket.end(Misbehaving.answer(401, body))
      }
    }
    await against({ behave, counts: { token: 0, api: 0 } }, (client) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(credit(client))
        expect(assertion.split(".")).toHaveLength(3)
        expect(error.message).toContain("invalid_client: bad assertion …")
        for (const part of assertion.split(".")) expect(inspect(error, { depth: 9 })).not.toContain(part)
      })
    )
  })
})
