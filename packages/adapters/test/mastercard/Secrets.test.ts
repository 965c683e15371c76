import { Cause, Duration, Effect, Exit, Logger, Metric, Redacted, References, Tracer } from "effect"
import { createPrivateKey, generateKeyPairSync } from "node:crypto"
import { inspect } from "node:util"
import { expect, it } from "vitest"
import * as Mastercard from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import type { MastercardError } from "../../src/mastercard/MastercardError.ts"
import * as Misbehaving from "./misbehaving.ts"

const ACCOUNT = "220094110178641288073796026652"
const CARD = "5412751234567890"
const CONSUMER_KEY = "consumer-key-that-is-secret!client-id"
const CLIENT_ID = "client-id-that-is-secret"
const TOKEN = "access-token-that-is-secret"

const pemOf = () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString()
  }
}
const signing = pemOf()
const encryption = pemOf()

/** Everything of a private key that could give it away: its lines, and its numbers. */
const partsOf = (pem: string) => [
  ...pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----")),
  createPrivateKey(pem).export({ format: "jwk" }).d ?? ""
]

const echo = (request: string) => JSON.stringify({ error: "invalid_request", error_description: request })

/** Gives tokens out, and answers everything else with an error that quotes the whole request. */
const quoting: Parameters<typeof Misbehaving.serve>[0] = {
  onRequest: (socket, request) => {
    if (request.startsWith("POST /oauth/token ")) {
      socket.end(Misbehaving.answer(200, `{"access_token":"${TOKEN}","token_type":"DPoP","expires_in":900}`))
    } else {
      const [status, body] = request.startsWith("GET ") ? [503, echo(request)] : [400, echo(request)]
      socket.end(Misbehaving.answer(status, body))
    }
  }
}

const oauth2 = (url: URL) => ({
  clientId: Redacted.make(CLIENT_ID),
  keyId: "key-1",
  tokenUrl: MastercardConfig.defaultTokenUrl(url),
  issuer: url.origin,
  scopes: []
})

const failingRun = (behave: Parameters<typeof Misbehaving.serve>[0], isOAuth2: boolean) =>
  Effect.gen(function* () {
    const { url } = yield* Misbehaving.serve(behave)
    const config = MastercardConfig.make({
      url,
      signingKey: Redacted.make(signing.privateKey),
      ...(isOAuth2 ? { oauth2: oauth2(url) } : { consumerKey: Redacted.make(CONSUMER_KEY) }),
      encryption: { publicKey: encryption.publicKey, privateKey: Redacted.make(encryption.privateKey) },
      answerLimit: Duration.millis(500)
    })
    yield* Effect.logInfo("configured", config)
    const client = yield* Mastercard.make(config)
    const request = { userId: ACCOUNT, redemptionType: "TRAVEL" } as const
    const address = { userId: ACCOUNT, shippingName: "n", phoneNumber: "p", city: "c", countryCode: "US" }
    const calls = [
      client.credit({ ...request, processedBy: "E", redemptionId: "1", points: 1n }),
      client.redeem({ ...request, processedBy: "E", points: 1n }),
      client.redeemer(request),
      client.redemptions({ userId: ACCOUNT, from: 0n, to: 1n }),
      client.searchRedeemer({ ...request, userId: CARD, userIdType: "BAN" }),
      client.updateFulfilment({ redemptionId: "1", statusCode: "S" }),
      client.addShippingAddress(address),
      client.shippingAddresses({ userId: ACCOUNT })
    ]
    const exits = yield* Effect.forEach(calls, (call: Effect.Effect<unknown, MastercardError>) => Effect.exit(call), {
      concurrency: "unbounded"
    })
    for (const exit of exits) {
      if (Exit.isFailure(exit)) yield* Effect.logError("a call failed", exit.cause)
    }
    return exits
  })

it.each([
  ["OAuth 1.0a, requests quoted", quoting, false],
  ["OAuth 2.0, requests quoted", quoting, true],
  ["OAuth 2.0, token requests quoted", { onRequest: (s, r) => void s.end(Misbehaving.answer(401, echo(r))) }, true],
  ["OAuth 2.0, no answer", { onConnection: () => {} }, true]
] satisfies ReadonlyArray<[string, Parameters<typeof Misbehaving.serve>[0], boolean]>)(
  "no secret and no account number in errors, logs, spans and metrics: %s",
  async (_title, behave, isOAuth2) => {
    const spans: Array<Tracer.NativeSpan> = []
    const lines: Array<unknown> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const loggers = [Logger.formatJson, Logger.formatLogFmt, Logger.formatStructured].map((format) =>
      Logger.map(format as Logger.Logger<unknown, unknown>, (line) => void lines.push(line))
    )
    const { exits, metrics } = await Effect.gen(function* () {
      const exits = yield* failingRun(behave, isOAuth2)
      return { exits, metrics: yield* Metric.dump }
    }).pipe(
      Effect.scoped,
      Effect.withTracer(tracer),
      Effect.provide(Logger.layer(loggers)),
      Effect.provideService(References.MinimumLogLevel, "Trace"),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.runPromise
    )
    expect(exits).toHaveLength(8)
    expect(exits.every(Exit.isFailure)).toBe(true)
    expect(spans.length).toBeGreaterThanOrEqual(16)
    expect(lines.length).toBeGreaterThanOrEqual(9 * 3)
    expect(metrics).toContain("pointback_mastercard_calls")
    const printed = [
      inspect(
        spans.map(({ attributes, events, name, status }) => ({ attributes, events, name, status })),
        {
          depth: 20,
          maxStringLength: null
        }
      ),
      ...spans.map(({ status }) =>
        JSON.stringify(status, (_, value: unknown) => (typeof value === "bigint" ? "" : value))
      ),
      ...lines.map((line) => inspect(line, { depth: 20, maxStringLength: null })),
      ...exits.map((exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) + JSON.stringify(exit.cause) : "")),
      metrics
    ].join("\n")
    const secrets = [ACCOUNT, CARD, CONSUMER_KEY, CLIENT_ID, TOKEN, ...partsOf(signing.privateKey)]
    expect([...secrets, ...partsOf(encryption.privateKey)].filter((secret) => printed.includes(secret))).toEqual([])
    // What is held against the secrets is what the calls were about.
    expect(printed).toContain("…6652")
    expect(printed).toContain("/redemptions/{id}/credits")
  }
)
