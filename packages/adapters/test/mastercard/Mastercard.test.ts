import { Instant } from "@pointback/domain"
import { Duration, Effect, Exit, Redacted, type Scope } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import * as Assumptions from "../../src/mastercard/Assumptions.ts"
import { Mastercard, READ_REPEATS } from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import type { MastercardError } from "../../src/mastercard/MastercardError.ts"
import { MAXIMUM_ANSWER_BYTES } from "../../src/mastercard/Transport.ts"
import * as Misbehaving from "./misbehaving.ts"

const signingKey = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
}).privateKey

const ACCOUNT = "220094110178641288073796026652"

const config = (url: URL, limits: Partial<MastercardConfig.MastercardConfig> = {}) =>
  MastercardConfig.make({
    url,
    consumerKey: Redacted.make("consumer!key"),
    signingKey: Redacted.make(signingKey),
    answerLimit: Duration.seconds(5),
    ...limits
  })

const credit = Mastercard.use((mastercard) =>
  mastercard.credit({
    redemptionId: "5134720",
    processedBy: "E078562",
    redemptionType: "MERCHANDISE",
    userId: ACCOUNT,
    points: 30_000n
  })
)
const redeemer = Mastercard.use((mastercard) => mastercard.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" }))

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

/** Makes a call against a server that behaves so, and gives how it failed and what the server saw. */
const failureOf = (
  behave: Parameters<typeof Misbehaving.serve>[0],
  call: Effect.Effect<unknown, MastercardError, Mastercard> = credit,
  limits: Partial<MastercardConfig.MastercardConfig> = {}
) =>
  run(
    Effect.gen(function* () {
      const server = yield* Misbehaving.serve(behave)
      const error = yield* Effect.flip(Effect.provide(call, Mastercard.layer(config(server.url, limits))))
      if (error._tag === "MastercardConfigInvalid") return yield* Effect.die(error)
      // Nothing of a call outlives it: neither a socket nor a timer that keeps the process.
      yield* Effect.promise(() => server.allClosed())
      return { error, requests: server.requests, connections: server.connections() }
    })
  )

const answering = (status: number, body: string) => ({
  onRequest: (socket: { end: (text: string) => unknown }) => void socket.end(Misbehaving.answer(status, body))
})

const documented = JSON.stringify({
  Errors: {
    Error: [
      {
        Source: "digital-redemptions-api",
        ReasonCode: "SOME_CODE",
        Description: `No redemption for ${ACCOUNT}`,
        Recoverable: "false",
        Details: "null"
      },
      { Source: "Gateway", ReasonCode: "OTHER", Description: "d", Recoverable: true, Details: { a: 1 } }
    ]
  }
})

describe("a failure before a byte left", () => {
  it("connection refused", async () => {
    const error = await run(
      Effect.gen(function* () {
        const closed = yield* Effect.scoped(Misbehaving.serve({}))
        return yield* Effect.flip(Effect.provide(credit, Mastercard.layer(config(closed.url))))
      })
    )
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "connectionRefused", detail: "ECONNREFUSED" })
  })

  it("a host that does not exist", async () => {
    const url = new URL("https://nowhere.invalid/loyalty")
    const error = await run(Effect.flip(Effect.provide(credit, Mastercard.layer(config(url)))))
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "hostNotFound" })
  })

  it("no connection within its limit, TLS included: the handshake is never answered", async () => {
    const server = { onConnection: () => {} }
    const error = await run(
      Effect.gen(function* () {
        const { url } = yield* Misbehaving.serve(server)
        const tls = new URL(url.href.replace("http:", "https:"))
        const limits = { connectLimit: Duration.millis(300) }
        return yield* Effect.flip(Effect.provide(credit, Mastercard.layer(config(tls, limits))))
      })
    )
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "connectTimeout" })
  })

  it("the limit of the whole call passes while there is no connection yet", async () => {
    const error = await run(
      Effect.gen(function* () {
        const { url } = yield* Misbehaving.serve({})
        const tls = new URL(url.href.replace("http:", "https:"))
        return yield* Effect.flip(
          Effect.provide(credit, Mastercard.layer(config(tls, { answerLimit: Duration.millis(300) })))
        )
      })
    )
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "connectTimeout", detail: "time limit" })
  })

  it("the connection is reset during the TLS handshake", async () => {
    const error = await run(
      Effect.gen(function* () {
        const { url } = yield* Misbehaving.serve({ onConnection: (socket) => void socket.resetAndDestroy() })
        const tls = new URL(url.href.replace("http:", "https:"))
        return yield* Effect.flip(Effect.provide(credit, Mastercard.layer(config(tls))))
      })
    )
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "connectFailed" })
  })

  it.each([
    [{ redemptionId: "..", points: 1n }, "redemptionId"],
    [{ redemptionId: "", points: 1n }, "redemptionId"],
    [{ redemptionId: "1", points: 0n }, "points"],
    [{ redemptionId: "1", points: -1n }, "points"],
    [{ redemptionId: "1", points: 10n ** 19n }, "points"]
  ])("a request that must not be made: %o", async (fields, detail) => {
    const call = Mastercard.use((mastercard) =>
      mastercard.credit({ processedBy: "E", redemptionType: "TRAVEL", userId: ACCOUNT, ...fields })
    )
    const { connections, error } = await failureOf({}, call)
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "invalidRequest", detail })
    expect(connections).toBe(0)
  })
})

describe("a certain refusal", () => {
  it("404 with the documented structure", async () => {
    const { error } = await failureOf(answering(404, documented))
    expect(error).toMatchObject({
      _tag: "MastercardRefused",
      call: "POST /redemptions/5134720/credits",
      status: 404,
      reasons: [
        {
          source: "digital-redemptions-api",
          reasonCode: "SOME_CODE",
          description: "No redemption for …6652",
          recoverable: false,
          details: undefined
        },
        { source: "Gateway", reasonCode: "OTHER", description: "d", recoverable: true, details: '{"a":1}' }
      ],
      body: undefined
    })
    expect(error.message).toBe(
      "Mastercard refused POST /redemptions/5134720/credits with 404: SOME_CODE: No redemption for …6652 " +
        "(digital-redemptions-api); OTHER: d (Gateway)"
    )
  })

  it("400 with a body that nobody knows: the text is kept, cut and masked", async () => {
    const { error } = await failureOf(answering(400, `<html>${ACCOUNT}${"x".repeat(9000)}`))
    expect(error).toMatchObject({ _tag: "MastercardRefused", status: 400, reasons: [] })
    const body = error._tag === "MastercardRefused" ? error.body : undefined
    expect(body).toMatch(/^<html>…6652x+$/)
    expect(body).toHaveLength(500)
  })

  it("400 without a body", async () => {
    const { error } = await failureOf(answering(400, ""))
    expect(error.message).toMatch(/no reason was given$/)
  })

  it("409 whose body is cut off: the status says it all", async () => {
    const { error } = await failureOf({
      onRequest: (socket) => void socket.end("HTTP/1.1 409 X\r\ncontent-length: 100\r\n\r\n{")
    })
    expect(error).toMatchObject({ _tag: "MastercardRefused", status: 409, body: "{" })
  })

  it("429 to a credit is not repeated", async () => {
    const { error, requests } = await failureOf(answering(429, "{}"))
    expect(error).toMatchObject({ _tag: "MastercardRefused", status: 429 })
    expect(requests).toHaveLength(1)
  })
})

describe("an outcome that nobody knows", () => {
  const cases: ReadonlyArray<[string, Parameters<typeof Misbehaving.serve>[0], object]> = [
    ["408", answering(408, "{}"), { cause: "timeout", status: 408 }],
    ["500", answering(500, documented), { cause: "serverError", status: 500 }],
    ["503 without a body", answering(503, ""), { cause: "serverError", status: 503 }],
    ["302", answering(302, ""), { cause: "unreadableAnswer", status: 302 }],
    ["200 with garbage", answering(200, "<html>"), { cause: "unreadableAnswer", status: 200 }],
    ["200 with nothing", answering(200, ""), { cause: "unreadableAnswer", status: 200 }],
    [
      "200 with missing fields",
      answering(200, `{"id":"5134720"}`),
      { cause: "unreadableAnswer", status: 200, detail: "missing or wrong: pointBalance, programName" }
    ],
    [
      "200 with a list",
      answering(200, "[]"),
      { cause: "unreadableAnswer", status: 200, detail: "missing or wrong: the whole" }
    ],
    [
      "200 with a body that is cut off",
      { onRequest: (socket) => void socket.end("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{") },
      { cause: "connectionLost", status: 200 }
    ],
    [
      "200 with more than the limit",
      answering(200, " ".repeat(MAXIMUM_ANSWER_BYTES + 1)),
      { cause: "unreadableAnswer", status: 200, detail: "the answer is too long" }
    ],
    [
      "the connection is reset before an answer",
      { onRequest: (socket) => void socket.resetAndDestroy() },
      { cause: "connectionLost", status: undefined }
    ],
    [
      "the connection is closed before an answer",
      { onRequest: (socket) => void socket.end() },
      { cause: "connectionLost", status: undefined }
    ],
    [
      "an answer that is not HTTP",
      { onRequest: (socket) => void socket.end("SSH-2.0\r\n\r\n") },
      { cause: "connectionLost", status: undefined }
    ]
  ]

  it.each(cases)("%s", async (_title, behave, expected) => {
    const { connections, error, requests } = await failureOf(behave)
    expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", ...expected })
    expect(error.message).toMatch(/do not send it again/)
    expect(requests.length).toBeLessThanOrEqual(1)
    expect(connections).toBe(1)
  })

  it("a connection that is reset as soon as it stands: whichever side of it we saw, nothing is sent twice", async () => {
    const { connections, error } = await failureOf({ onConnection: (socket) => void socket.resetAndDestroy() })
    expect([
      ["MastercardNotSent", "connectFailed"],
      ["MastercardOutcomeUnknown", "connectionLost"]
    ]).toContainEqual([error._tag, "cause" in error ? error.cause : undefined])
    expect(connections).toBe(1)
  })

  it("no answer within the limit", async () => {
    const { error, requests } = await failureOf({}, credit, { answerLimit: Duration.millis(300) })
    expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "timeout", status: undefined })
    expect(requests).toHaveLength(1)
  })

  it("a body that never ends within the limit", async () => {
    const { error } = await failureOf(
      { onRequest: (socket) => void socket.write("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{") },
      credit,
      { answerLimit: Duration.millis(300) }
    )
    expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "timeout", status: 200 })
  })

  it("keeps what a failing server says", async () => {
    const { error } = await failureOf(answering(500, documented))
    expect(error.message).toContain("SOME_CODE: No redemption for …6652")
  })
})

describe("an answer", () => {
  it("is read exactly, whatever else it carries", async () => {
    const body =
      `{"new":{"a":[1]},"id":5134720,"pointBalance":9.617382788E7,"partialCreditPointBalRemain":"0.10",` +
      `"programName":"Pay With Points API"}`
    const result = await run(
      Effect.gen(function* () {
        const server = yield* Misbehaving.serve(answering(200, body))
        const result = yield* Effect.provide(credit, Mastercard.layer(config(server.url)))
        yield* Effect.promise(() => server.allClosed())
        return { result, request: server.requests[0] ?? "" }
      })
    )
    expect(result.result).toEqual({
      pointBalance: "96173827.88",
      remaining: "0.1",
      programName: "Pay With Points API",
      id: "5134720"
    })
    expect(result.request).toContain("POST /loyalty/redemptions/5134720/credits HTTP/1.1\r\n")
    expect(result.request).toContain("connection: close")
    expect(result.request).not.toContain("traceparent")
    expect(result.request.split("\r\n\r\n")[1]).toBe(
      `{"processedBy":"E078562","redemptionType":"MERCHANDISE","userId":"${ACCOUNT}","userIdType":"RANAC",` +
        `"partialCreditPoints":3}`
    )
  })
})

describe("a credit of an account whose number was replaced", () => {
  it.each([
    ["present", "330094110178641288073796026653"],
    ["given", ACCOUNT]
  ] as const)("is asked for under the %s number, as is assumed", async (creditNumber, expected) => {
    const request = await run(
      Effect.gen(function* () {
        const server = yield* Misbehaving.serve(answering(400, documented))
        const asked = Effect.flatMap(Mastercard, (mastercard) =>
          mastercard.credit({
            redemptionId: "5134720",
            processedBy: "E078562",
            redemptionType: "MERCHANDISE",
            userId: ACCOUNT,
            replacedBy: "330094110178641288073796026653",
            points: undefined
          })
        )
        const settings = { ...config(server.url), assumptions: { ...Assumptions.defaults, creditNumber } }
        yield* Effect.flip(Effect.provide(asked, Mastercard.layer(settings)))
        return server.requests[0] ?? ""
      })
    )
    expect(JSON.parse(request.split("\r\n\r\n")[1] ?? "")).toMatchObject({ userId: expected })
  })
})

describe("a call that only reads", () => {
  it("is repeated, signed anew each time, and not for ever", async () => {
    const { error, requests } = await failureOf(answering(503, ""), redeemer)
    expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "serverError" })
    expect(error.message).toMatch(/Ask again\.$/)
    expect(requests).toHaveLength(1 + READ_REPEATS)
    expect(new Set(requests.map((text) => /oauth_nonce="(\w+)"/.exec(text)?.[1])).size).toBe(1 + READ_REPEATS)
  })

  it("succeeds when a repeat does", async () => {
    let calls = 0
    const result = await run(
      Effect.gen(function* () {
        const server = yield* Misbehaving.serve({
          onRequest: (socket) =>
            void (++calls < 2 ? socket.resetAndDestroy() : socket.end(Misbehaving.answer(200, `{"pointBalance":1.5}`)))
        })
        return yield* Effect.provide(redeemer, Mastercard.layer(config(server.url)))
      })
    )
    expect(result).toEqual({ pointBalance: "1.5", programName: undefined })
  })

  it("is not repeated after a refusal", async () => {
    const { requests } = await failureOf(answering(404, documented), redeemer)
    expect(requests).toHaveLength(1)
  })
})

describe("the history", () => {
  const entry = (id: number) => ({ id: `${id}`, transactionType: "CREDIT", points: 1, transactionDate: "2026-01-20" })
  const history = Mastercard.use((mastercard) =>
    mastercard.redemptions({
      userId: ACCOUNT,
      from: Instant.fromStringUnsafe("2026-01-10T12:00:00Z"),
      to: Instant.fromStringUnsafe("2026-01-20T12:00:00Z")
    })
  )
  const offsetOf = (request: string) => Number(/[?&]offset=(\d+)/.exec(request)?.[1])

  /** A server whose history has these ids, newest first, and pages of two entries however many are asked for. */
  const paged = (ids: (call: number) => ReadonlyArray<number>) => {
    let call = 0
    return {
      onRequest: (socket: { end: (text: string) => unknown }, request: string) => {
        const offset = offsetOf(request)
        const redemptions = ids(call++)
          .slice(offset, offset + 2)
          .map(entry)
        socket.end(Misbehaving.answer(200, JSON.stringify({ redemptions })))
      }
    }
  }
  const listing = (behave: Parameters<typeof Misbehaving.serve>[0]) =>
    run(
      Effect.gen(function* () {
        const server = yield* Misbehaving.serve(behave)
        const entries = yield* Effect.provide(history, Mastercard.layer(config(server.url)))
        return { ids: entries.map(({ id }) => Number(id)), requests: server.requests }
      })
    )

  it("is read to its end, whatever the size of a page", async () => {
    const { ids, requests } = await listing(paged(() => [5, 4, 3, 2, 1]))
    expect(ids).toEqual([5, 4, 3, 2, 1])
    expect(requests.map(offsetOf)).toEqual([0, 2, 4, 5, 0])
    expect(requests[0]).toContain(
      `GET /loyalty/redemptions?user_id=${ACCOUNT}&user_id_type=RANAC&from_date=2026-01-09&to_date=2026-01-21&offset=0`
    )
  })

  it("begins anew when an entry is added while it is read", async () => {
    const { ids } = await listing(paged((call) => (call === 0 ? [3, 2, 1] : [4, 3, 2, 1])))
    expect(ids).toEqual([4, 3, 2, 1])
  })

  it("fails rather than having gaps", async () => {
    const { error } = await failureOf(
      paged((call) => Array.from({ length: 5 }, (_, i) => 9 + call - i)),
      history
    )
    expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "unreadableAnswer" })
    expect(error.message).toContain("kept changing")
  })

  it("fails when the server does not understand the paging", async () => {
    const { error } = await failureOf(answering(200, JSON.stringify({ redemptions: [entry(2), entry(1)] })), history)
    expect(error.message).toContain("the same page came twice")
  })

  it("fails on an entry of an unknown kind: it might be a credit", async () => {
    const { error } = await failureOf(
      answering(200, JSON.stringify({ redemptions: [{ ...entry(1), transactionType: "REFUND" }] })),
      history
    )
    expect(error.message).toContain("missing or wrong: 0.kind")
  })
})

describe("secrets", () => {
  it("are in no failure, and the account is masked", async () => {
    for (const behave of [answering(404, documented), answering(500, ACCOUNT), { onConnection: () => {} }]) {
      const { error } = await failureOf(behave, credit, { answerLimit: Duration.millis(300) })
      const printed = inspect(error, { depth: 20 }) + JSON.stringify(error) + error.message + String(Exit.fail(error))
      expect(printed).not.toContain(ACCOUNT)
      expect(printed).not.toContain("consumer!key")
      expect(printed).not.toContain("PRIVATE")
    }
  })
})
