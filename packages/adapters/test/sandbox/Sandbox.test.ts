import { Effect, Layer, Logger, Redacted, Tracer } from "effect"
import NpmSigner from "mastercard-oauth1-signer"
import { request } from "node:http"
import { createServer } from "node:net"
import { describe, expect, it } from "vitest"
import * as Json from "../../src/json/Json.ts"
import { Mastercard } from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import * as SandboxKeys from "../../src/sandbox/SandboxKeys.ts"
import { ACCOUNT, at, clientOf, CONSUMER_KEY, inWorld, keys, lot, makeKeys, points } from "./world.ts"

const FULL = { processedBy: "E078562", redemptionType: "MERCHANDISE", userId: ACCOUNT } as const

/** Sends a request as it is and gives the status and the body as text. */
const send = (
  method: string,
  url: URL,
  options: { readonly headers?: Record<string, string>; readonly body?: string } = {}
) =>
  Effect.promise(
    () =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const outgoing = request(url, { method, headers: options.headers ?? {}, agent: false }, (incoming) => {
          let text = ""
          incoming.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
          incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }))
        })
        outgoing.on("error", reject).end(options.body ?? "")
      })
  )

const under = (base: URL, path: string) => new URL(base.href + path)

/** Signs with the published package and sends. */
const sendSigned = (
  method: string,
  url: URL,
  body = "",
  sign: { readonly body?: string; readonly url?: string } = {}
) =>
  send(method, url, {
    body,
    headers: {
      authorization: NpmSigner.getAuthorizationHeader(
        sign.url ?? url.href,
        method,
        sign.body ?? body,
        CONSUMER_KEY,
        keys.privateKey
      )
    }
  })

const reasonOf = (text: string): unknown => (JSON.parse(text) as { Errors: { Error: Array<object> } }).Errors.Error[0]

describe("Mastercard's page, to the letter", () => {
  const body = (extra = "") =>
    `{
  "processedBy":"E078562",
  "redemptionType":"MERCHANDISE",
  "userId":"${ACCOUNT}",
  "userIdType":"RANAC"${extra}
}`

  it("scenario 1: full credit", () =>
    inWorld({ accounts: [{ userId: ACCOUNT, lots: [lot("A", "96173827.88")] }] }, ({ sandbox }) =>
      Effect.gen(function* () {
        const made = yield* sendSigned("POST", under(sandbox.url, "/redemptions"), body(`,"points":1234.5`))
        expect(made).toEqual({
          status: 200,
          text: `{\n  "redemptionId": "5134720",\n  "pointBalance": 96172593.38\n}`
        })
        const credited = yield* sendSigned("POST", under(sandbox.url, "/redemptions/5134720/credits"), body())
        expect(credited).toEqual({
          status: 200,
          text: `{
  "pointBalance": 96173827.88,
  "programName": "Pay With Points API",
  "id": "5134720"
}`
        })
      })
    ))

  it("scenario 2: partial credit", () =>
    inWorld({ accounts: [{ userId: ACCOUNT, lots: [lot("A", "96383541.64")] }] }, ({ sandbox }) =>
      Effect.gen(function* () {
        yield* sandbox.run({ _tag: "PutAccount", userId: ACCOUNT, lots: [lot("B", "3")] })
        yield* sandbox.run({
          _tag: "PutRedemption",
          redemptionId: "4979670",
          userId: ACCOUNT,
          redemptionType: "MERCHANDISE",
          points: points("3"),
          draws: undefined,
          at: at("2026-01-01T00:00:00Z")
        })
        const credited = yield* sendSigned(
          "POST",
          under(sandbox.url, "/redemptions/4979670/credits"),
          body(`,\n  "partialCreditPoints":3`)
        )
        expect(credited).toEqual({
          status: 200,
          text: `{
  "pointBalance": 96383544.64,
  "partialCreditPointBalRemain": 0,
  "programName": "Pay With Points API",
  "id": "4979670"
}`
        })
      })
    ))
})

describe("the client", () => {
  const seeded = { accounts: [{ userId: ACCOUNT, lots: [lot("A", "100.25"), lot("B", "50")] }] }

  it("redeems, credits in parts and in full, and asks for balance and history", () =>
    inWorld(seeded, ({ client }) =>
      Effect.gen(function* () {
        const redeemed = yield* client.redeem({ ...FULL, points: points("120.25") })
        expect(redeemed).toEqual({ redemptionId: "5134720", pointBalance: "30" })
        const { redemptionId } = redeemed
        const partial = yield* client.credit({ ...FULL, redemptionId, points: points("0.25") })
        expect(partial).toEqual({
          pointBalance: "30.25",
          remaining: "120",
          programName: "Pay With Points API",
          id: redemptionId
        })
        // A full credit after partial ones credits the rest.
        const rest = yield* client.credit({ ...FULL, redemptionId, points: undefined })
        expect(rest).toEqual({
          pointBalance: "150.25",
          remaining: undefined,
          programName: "Pay With Points API",
          id: redemptionId
        })
        expect(yield* client.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" })).toEqual({
          pointBalance: "150.25",
          programName: "Pay With Points API"
        })
        const now = BigInt(Date.now()) * 1000n
        const history = yield* client.redemptions({ userId: ACCOUNT, from: now, to: now })
        expect(history.map(({ creditOf, id, kind, points }) => ({ kind, id, points, creditOf }))).toEqual([
          { kind: "credit", id: "5134722", points: "120", creditOf: redemptionId },
          { kind: "credit", id: "5134721", points: "0.25", creditOf: redemptionId },
          { kind: "redemption", id: redemptionId, points: "120.25", creditOf: undefined }
        ])
      })
    ))

  it("reads a history of many pages, newest first, within its dates", () =>
    inWorld(seeded, ({ client, sandbox }) =>
      Effect.gen(function* () {
        for (let day = 1; day <= 28; day++) {
          for (const half of ["00", "12"]) {
            yield* sandbox.run({
              _tag: "PutRedemption",
              redemptionId: `${day}-${half}`,
              userId: ACCOUNT,
              redemptionType: "TRAVEL",
              points: 1n,
              draws: undefined,
              at: at(`2026-02-${`${day}`.padStart(2, "0")}T${half}:00:00Z`)
            })
          }
        }
        const listed = yield* client.redemptions({
          userId: ACCOUNT,
          from: at("2026-02-01T05:00:00Z"),
          to: at("2026-02-27T05:00:00Z")
        })
        expect(listed).toHaveLength(56)
        expect(listed[0]).toMatchObject({ id: "28-12", at: "2026-02-28T12:00:00.000Z", redemptionType: "TRAVEL" })
        expect(listed.at(-1)).toMatchObject({ id: "1-00", points: "0.0001" })
        const some = yield* client.redemptions({
          userId: ACCOUNT,
          from: at("2026-02-10T00:00:00Z"),
          to: at("2026-02-10T00:00:00Z")
        })
        expect(some.map(({ id }) => id)).toEqual(["11-12", "11-00", "10-12", "10-00", "9-12", "9-00"])
      })
    ))

  const redeemed = (client: Mastercard["Service"], redemptionType: "CASHBACK" | "TRAVEL" = "TRAVEL") =>
    client.redeem({ ...FULL, redemptionType, points: points("40") })
  const credits = {
    processedBy: "E078562",
    redemptionType: "TRAVEL",
    redemptionId: "5134720",
    userId: ACCOUNT
  } as const

  it.each([
    ["an unknown redemption", { redemptionId: "1" }, 404, "REDEMPTION_NOT_FOUND"],
    ["another account's redemption", { userId: "220094110178641288073796026653" }, 403, "AUTHORIZATION_ERROR"],
    ["another type", { redemptionType: "MERCHANDISE" as const }, 400, "REDEMPTION_TYPE_MISMATCH"],
    ["CASHBACK", { redemptionType: "CASHBACK" as const }, 400, "INVALID_FIELD_VALUE_REDEMPTIONTYPE"],
    ["more than was redeemed", { points: points("40.0001") }, 400, "PARTIAL_CREDIT_EXCEEDS_REDEEMED"]
  ])("is refused a credit of %s", (_title, fields, status, reasonCode) =>
    inWorld(seeded, ({ client, sandbox }) =>
      Effect.gen(function* () {
        yield* redeemed(client)
        const error = yield* Effect.flip(client.credit({ ...credits, points: undefined, ...fields }))
        expect(error).toMatchObject({
          _tag: "MastercardRefused",
          status,
          reasons: [{ source: "digital-redemptions-api", reasonCode, recoverable: false, details: undefined }]
        })
        expect((yield* client.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" })).pointBalance).toBe("110.25")
        expect((yield* sandbox.log).filter(({ kind }) => kind === "credited")).toEqual([])
      })
    )
  )

  it("is refused more than remains, and anything once all is credited", () =>
    inWorld(seeded, ({ client }) =>
      Effect.gen(function* () {
        yield* redeemed(client)
        const credit = (amount: string | undefined) =>
          client.credit({ ...credits, points: amount === undefined ? undefined : points(amount) })
        const codeOf = (amount: string | undefined) =>
          Effect.map(Effect.flip(credit(amount)), (error) => ("reasons" in error ? error.reasons[0]?.reasonCode : ""))
        expect((yield* credit("30")).remaining).toBe("10")
        expect(yield* codeOf("10.0001")).toBe("PARTIAL_CREDIT_EXCEEDS_REMAINING")
        expect((yield* credit("10")).remaining).toBe("0")
        expect(yield* codeOf("0.0001")).toBe("REDEMPTION_ALREADY_CREDITED")
        expect(yield* codeOf(undefined)).toBe("REDEMPTION_ALREADY_CREDITED")
      })
    ))

  it("cannot credit a CASHBACK redemption by another name", () =>
    inWorld(seeded, ({ client }) =>
      Effect.gen(function* () {
        yield* redeemed(client, "CASHBACK")
        const error = yield* Effect.flip(client.credit({ ...credits, points: undefined }))
        expect(error.message).toContain("REDEMPTION_TYPE_MISMATCH")
      })
    ))

  it("is refused more points than the account has, and an account that nobody knows", () =>
    inWorld(seeded, ({ client }) =>
      Effect.gen(function* () {
        const tooMany = yield* Effect.flip(client.redeem({ ...FULL, points: points("150.2501") }))
        expect(tooMany.message).toContain("INSUFFICIENT_POINTS")
        const unknown = yield* Effect.flip(client.redeemer({ userId: "1", redemptionType: "TRAVEL" }))
        expect(unknown.message).toContain("USER_NOT_FOUND")
      })
    ))

  it.each(["a b/é'(*)!", "100%", "a&b=c", "?x#y", "a+b", "\u{1F600}"])(
    "signs an odd account as it is sent: %s",
    (userId) =>
      inWorld({ accounts: [{ userId, lots: [lot("A", "1")] }] }, ({ client }) =>
        Effect.gen(function* () {
          expect((yield* client.redeemer({ userId, redemptionType: "TRAVEL" })).pointBalance).toBe("1")
          const now = BigInt(Date.now()) * 1000n
          expect(yield* client.redemptions({ userId, from: now, to: now })).toEqual([])
          const error = yield* Effect.flip(client.credit({ ...credits, redemptionId: userId, points: undefined }))
          expect(error.message).toContain("REDEMPTION_NOT_FOUND")
        })
      )
  )

  it("puts no secret and no account number into spans and logs", async () => {
    const spans: Array<Tracer.NativeSpan> = []
    const lines: Array<unknown> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    await inWorld(seeded, ({ client }) =>
      Effect.gen(function* () {
        yield* client.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" })
        const error = yield* Effect.flip(client.credit({ ...credits, points: undefined }))
        yield* Effect.logError(error)
      }).pipe(
        Effect.withTracer(tracer),
        Effect.provide(Logger.layer([Logger.map(Logger.formatJson, (line) => lines.push(line))]))
      )
    )
    const seen = spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)])
    const request = (method: string, route: string, status: number, outcome: string) => ({
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
      "pointback.outcome": outcome
    })
    expect(seen).toEqual([
      ["Mastercard.redeemer", { account: "…6652" }],
      ["Mastercard.request", request("GET", "/redeemers/{user_id}", 200, "ok")],
      ["Mastercard.credit", { redemptionId: "5134720", account: "…6652" }],
      ["Mastercard.request", request("POST", "/redemptions/{id}/credits", 404, "refused")]
    ])
    expect(lines).toHaveLength(1)
    const printed = JSON.stringify(lines) + JSON.stringify(seen)
    expect(printed).not.toContain(ACCOUNT)
    expect(printed).not.toContain(CONSUMER_KEY)
  })
})

describe("the gateway", () => {
  const seeded = { accounts: [{ userId: ACCOUNT, lots: [lot("A", "100")] }] }
  const ask = { userId: ACCOUNT, redemptionType: "TRAVEL" } as const
  const QUERY = `/redeemers/${ACCOUNT}?user_id_type=RANAC&redemptionType=TRAVEL`

  it("turns away another key and another consumer key", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const other = yield* clientOf(sandbox.url, makeKeys().privateKey)
        const stranger = yield* clientOf(sandbox.url, keys.privateKey, "somebody!else")
        for (const client of [other, stranger]) {
          const error = yield* Effect.flip(client.redeemer(ask))
          expect(error).toMatchObject({
            _tag: "MastercardRefused",
            status: 401,
            reasons: [{ source: "Gateway", reasonCode: "AUTHENTICATION_FAILED" }]
          })
        }
      })
    ))

  it("turns away a body that was changed after signing", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const { status, text } = yield* sendSigned("POST", under(sandbox.url, "/redemptions"), `{"points":2}`, {
          body: `{"points":1}`
        })
        expect(status).toBe(400)
        expect(text).toBe(`{
  "Errors": {
    "Error": [
      {
        "Source": "Gateway",
        "ReasonCode": "INVALID_BODY_HASH",
        "Description": "The body does not have the hash that oauth_body_hash says.",
        "Recoverable": "false",
        "Details": "null"
      }
    ]
  }
}`)
      })
    ))

  it("turns away a signature of another URL, and calls it by its name", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const url = under(sandbox.url, QUERY)
        const { status, text } = yield* sendSigned("GET", url, "", { url: url.href.replace("TRAVEL", "CASHBACK") })
        expect(status).toBe(400)
        expect(reasonOf(text)).toMatchObject({ Source: "Gateway", ReasonCode: "INVALID_OAUTH_SBS" })
      })
    ))

  it("turns away a nonce that was used, and what is not signed at all", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const url = under(sandbox.url, QUERY)
        const authorization = NpmSigner.getAuthorizationHeader(url.href, "GET", "", CONSUMER_KEY, keys.privateKey)
        expect((yield* send("GET", url, { headers: { authorization } })).status).toBe(200)
        for (const headers of [{ authorization }, { authorization: "OAuth x" }, { authorization: "Bearer x" }, {}]) {
          const { status, text } = yield* send("GET", url, { headers })
          expect(status).toBe(401)
          expect(reasonOf(text)).toMatchObject({ ReasonCode: "AUTHENTICATION_FAILED" })
        }
      })
    ))

  it("turns away a timestamp that is too far away", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const url = under(sandbox.url, QUERY)
        const now = Date.now
        for (const [minutes, status] of [
          [-6, 401],
          [6, 401],
          [-4, 200],
          [4, 200]
        ] as const) {
          Date.now = () => now() + minutes * 60_000
          const authorization = NpmSigner.getAuthorizationHeader(url.href, "GET", "", CONSUMER_KEY, keys.privateKey)
          Date.now = now
          expect((yield* send("GET", url, { headers: { authorization } })).status).toBe(status)
        }
      })
    ))

  it("accepts the published package for every call", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        const fields = `"processedBy":"E","redemptionType":"TRAVEL","userId":"${ACCOUNT}","userIdType":"RANAC"`
        const history = `/redemptions?user_id=${ACCOUNT}&user_id_type=RANAC&from_date=2020-01-01&to_date=2099-12-31`
        const calls = [
          sendSigned("POST", under(sandbox.url, "/redemptions"), `{${fields},"points":1.5}`),
          sendSigned("POST", under(sandbox.url, "/redemptions/5134720/credits"), `{${fields},"x":"é ü €"}`),
          sendSigned("GET", under(sandbox.url, QUERY)),
          sendSigned("GET", under(sandbox.url, history))
        ]
        for (const call of calls) expect((yield* call).status).toBe(200)
      })
    ))
})

describe("a request that is wrong", () => {
  const seeded = { accounts: [{ userId: ACCOUNT, lots: [lot("A", "100")] }] }
  const good = { processedBy: "E", redemptionType: "TRAVEL", userId: ACCOUNT, userIdType: "RANAC" }
  const cases: ReadonlyArray<[string, string, string]> = [
    ["no JSON", "{", "INVALID_REQUEST_FORMAT"],
    ["no object", "[]", "INVALID_REQUEST_FORMAT"],
    ...["processedBy", "redemptionType", "userId", "userIdType"].map((field): [string, string, string] => [
      `no ${field}`,
      JSON.stringify({ ...good, [field]: undefined }),
      `MISSING_REQUIRED_FIELD_${field.toUpperCase()}`
    ]),
    ["another userIdType", JSON.stringify({ ...good, userIdType: "BAN" }), "INVALID_FIELD_VALUE_USERIDTYPE"],
    ["a number for an account", JSON.stringify({ ...good, userId: 1 }), "INVALID_FIELD_VALUE_USERID"],
    ...["0", "-1", "0.00001", "1e15", '"3"', "true"].map((amount): [string, string, string] => [
      `partialCreditPoints ${amount}`,
      JSON.stringify(good).replace("}", `,"partialCreditPoints":${amount}}`),
      "INVALID_FIELD_VALUE_PARTIALCREDITPOINTS"
    ])
  ]

  it.each(cases)("%s", (_title, body, reasonCode) =>
    inWorld(seeded, ({ client, sandbox }) =>
      Effect.gen(function* () {
        yield* client.redeem({ ...FULL, redemptionType: "TRAVEL", points: points("10") })
        const { status, text } = yield* sendSigned("POST", under(sandbox.url, "/redemptions/5134720/credits"), body)
        expect(status).toBe(400)
        expect(reasonOf(text)).toMatchObject({ Source: "digital-redemptions-api", ReasonCode: reasonCode })
      })
    )
  )

  it("another path, another method, a body that is too large", () =>
    inWorld(seeded, ({ sandbox }) =>
      Effect.gen(function* () {
        for (const [method, path] of [
          ["GET", "/x"],
          ["DELETE", "/redemptions"],
          ["GET", "/redemptions/1/credits"]
        ] as const) {
          expect((yield* sendSigned(method, under(sandbox.url, path))).status).toBe(404)
        }
        expect((yield* send("GET", new URL("/", sandbox.url))).status).toBe(404)
        const large = yield* sendSigned("POST", under(sandbox.url, "/redemptions"), " ".repeat(300_000))
        expect(large.status).toBe(413)
      })
    ))
})

describe("the sandbox's own side", () => {
  const put = (base: URL, path: string, body: Json.Json) =>
    send("PUT", under(base, path), { body: Json.stringify(body) })
  const lots = [
    { lotId: "A", earnedAt: "2025-01-10T00:00:00Z", expiresAt: "2026-01-10T00:00:00Z", points: Json.number("100") },
    { lotId: "B", earnedAt: "2025-03-10T00:00:00Z", expiresAt: "2026-03-10T00:00:00Z", points: Json.number("100") },
    { lotId: "C", earnedAt: "2025-03-10T00:00:00Z", expiresAt: null, points: Json.number("0.5") }
  ]

  it("is set up over the wire and logs what truly happened, by its own clock", () => {
    let now = at("2025-12-01T00:00:00Z")
    return inWorld({ clock: () => now }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        expect(yield* put(sandbox.adminUrl, `/accounts/${ACCOUNT}`, { lots })).toEqual({
          status: 200,
          text: `{\n  "pointBalance": 200.5\n}`
        })
        const redemption = { userId: ACCOUNT, redemptionType: "TRAVEL", points: Json.number("150") }
        expect((yield* put(sandbox.adminUrl, "/redemptions/5134720", redemption)).status).toBe(200)
        // The reference scenario: the expired lot takes its points back and adds nothing to the balance.
        now = at("2026-01-20T00:00:00Z")
        const credit = { processedBy: "E", redemptionType: "TRAVEL", redemptionId: "5134720", userId: ACCOUNT } as const
        expect(yield* client.credit({ ...credit, points: points("70") })).toMatchObject({
          pointBalance: "100.5",
          remaining: "80"
        })
        const { text } = yield* send("GET", under(sandbox.adminUrl, "/log"))
        expect(JSON.parse(text)).toEqual({
          entries: [
            { kind: "accountStored", at: "2025-12-01T00:00:00.000Z", userId: ACCOUNT, balance: 200.5 },
            {
              kind: "redeemed",
              at: "2025-12-01T00:00:00.000Z",
              userId: ACCOUNT,
              redemptionId: "5134720",
              draws: [
                { lotId: "A", points: 100 },
                { lotId: "B", points: 50 }
              ],
              balance: 50.5
            },
            {
              kind: "credited",
              at: "2026-01-20T00:00:00.000Z",
              userId: ACCOUNT,
              redemptionId: "5134720",
              creditId: "5134721",
              points: 70,
              restorations: [
                { lotId: "B", points: 50 },
                { lotId: "A", points: 20, expired: true }
              ],
              remaining: 80,
              balance: 100.5
            }
          ],
          dropped: 0
        })
      })
    )
  })

  it("keeps what is known, and refuses another content for it", () =>
    inWorld({}, ({ sandbox }) =>
      Effect.gen(function* () {
        const status = (path: string, body: Json.Json) => Effect.map(put(sandbox.adminUrl, path, body), (r) => r.status)
        expect(yield* status("/accounts/1", { lots })).toBe(200)
        expect(yield* status("/accounts/1", { lots })).toBe(200)
        expect(yield* status("/accounts/1", { lots: [{ ...lots[0], points: Json.number("99") }] })).toBe(409)
        const redemption = (draws: Json.Json) => ({
          userId: "1",
          redemptionType: "TRAVEL",
          points: Json.number("5"),
          at: "2025-05-05T00:00:00Z",
          draws
        })
        const draws = (lotId: string, amount: string) => [{ lotId, points: Json.number(amount) }]
        expect(yield* status("/redemptions/7", redemption(draws("A", "4")))).toBe(400)
        expect(yield* status("/redemptions/7", redemption(draws("Z", "5")))).toBe(400)
        expect(yield* status("/redemptions/7", redemption(draws("A", "5")))).toBe(200)
        expect(yield* status("/redemptions/7", redemption(draws("A", "5")))).toBe(409)
        expect(yield* status("/redemptions/8", { ...redemption(draws("A", "5")), userId: "2" })).toBe(404)
        expect(yield* status("/accounts/1", {})).toBe(400)
      })
    ))

  it("answers nobody who came by another name", () =>
    inWorld({}, ({ sandbox }) =>
      Effect.gen(function* () {
        expect(
          (yield* send("GET", under(sandbox.adminUrl, "/log"), { headers: { host: "evil.example" } })).status
        ).toBe(404)
      })
    ))

  it("works as layers, with keys of its own", async () => {
    const balance = await Effect.gen(function* () {
      const { publicKey, signingKey } = yield* SandboxKeys.generate
      const consumerKey = Redacted.make("k!c")
      const accounts = [{ userId: ACCOUNT, lots: [lot("A", "1")] }]
      const client = Layer.unwrap(
        Sandbox.use(({ url }) =>
          Effect.succeed(Mastercard.layer(MastercardConfig.make({ url, consumerKey, signingKey })))
        )
      )
      const world = Layer.provideMerge(client, Sandbox.layer({ consumerKey, publicKey, accounts }))
      return yield* Effect.provide(
        Mastercard.use((mastercard) => mastercard.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" })),
        world
      )
    }).pipe(Effect.runPromise)
    expect(balance.pointBalance).toBe("1")
  })

  it("says why it cannot start", async () => {
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as { port: number }).port))
    )
    try {
      await expect(inWorld({ port }, () => Effect.void)).rejects.toThrow(/could not be started: listen EADDRINUSE/)
      await expect(inWorld({ publicKey: "x" }, () => Effect.void)).rejects.toThrow(/public key/)
    } finally {
      taken.close()
    }
  })

  it("closes every connection at its end, kept ones too", async () => {
    const started = Date.now()
    await inWorld({}, ({ sandbox }) => Effect.promise(() => fetch(under(sandbox.adminUrl, "/log"))))
    expect(Date.now() - started).toBeLessThan(2000)
  })
})
