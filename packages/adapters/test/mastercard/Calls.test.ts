import { Duration, Effect, Redacted, type Scope } from "effect"
import { createPublicKey } from "node:crypto"
import { describe, expect, it } from "vitest"
import type * as Assumptions from "../../src/mastercard/Assumptions.ts"
import * as Mastercard from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import type { SandboxExtrasOptions } from "../../src/sandbox/SandboxExtrasOptions.ts"
import * as Sandbox from "../../src/sandbox/Sandbox.ts"
import { ACCOUNT, at, CONSUMER_KEY, keys, lot, makeKeys, points } from "../sandbox/world.ts"
import * as Misbehaving from "./misbehaving.ts"

const CARD = "5412751234567890"
const CUSTOMER = "330094110178641288073796026653"
const ours = makeKeys()

interface World {
  readonly sandbox: Sandbox.Sandbox["Service"]
  readonly client: Mastercard.Mastercard["Service"]
  /** The bodies that the client sent. */
  readonly sent: Effect.Effect<ReadonlyArray<string>>
}

const put = (url: URL, path: string, body: object) =>
  Effect.promise(() => fetch(url.href + path, { method: "PUT", body: JSON.stringify(body) }))

/** The real client against the real sandbox, which knows a card and a customer of the account. */
const inWorld = <A, E>(
  options: {
    readonly extras?: SandboxExtrasOptions
    readonly assumptions?: Partial<Assumptions.Assumptions>
    readonly balance?: string
    readonly clock?: () => bigint
  },
  test: (world: World) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.gen(function* () {
    const names = MastercardConfig.make({
      url: new URL("http://localhost"),
      signingKey: Redacted.make(""),
      assumptions: options.assumptions ?? {}
    }).assumptions
    const sandbox = yield* Sandbox.make({
      consumerKey: Redacted.make(CONSUMER_KEY),
      publicKey: keys.publicKey,
      accounts: [{ userId: ACCOUNT, lots: [lot("A", options.balance ?? "1000")] }],
      assumptions: names,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      extras: { clientEncryptionKey: ours.publicKey, ...options.extras }
    })
    yield* put(sandbox.adminUrl, `/identifiers/BAN/${CARD}`, { userId: ACCOUNT })
    yield* put(sandbox.adminUrl, `/identifiers/RANCU/${CUSTOMER}`, { userId: ACCOUNT })
    const { publicKey } = yield* Effect.promise(
      async () => (await (await fetch(`${sandbox.adminUrl.href}/encryption-key`)).json()) as { publicKey: string }
    )
    const client = yield* Mastercard.make(
      MastercardConfig.make({
        url: sandbox.url,
        consumerKey: Redacted.make(CONSUMER_KEY),
        signingKey: Redacted.make(keys.privateKey),
        encryption: { publicKey, privateKey: Redacted.make(ours.privateKey) },
        assumptions: names
      })
    )
    const sent = Effect.map(sandbox.exchanges, (exchanges) =>
      exchanges.filter(({ path }) => path.startsWith("/loyalty")).map(({ requestBody }) => requestBody)
    )
    return yield* test({ sandbox, client, sent })
  }).pipe(Effect.scoped, Effect.runPromise)

const redeeming = { processedBy: "E078562", redemptionType: "MERCHANDISE", userId: ACCOUNT } as const

describe("a redemption", () => {
  it("is sized by points, by cash, or by both", () =>
    inWorld({}, ({ client, sent }) =>
      Effect.gen(function* () {
        expect(yield* client.redeem({ ...redeeming, points: points("20.5") })).toMatchObject({
          pointBalance: "979.5",
          points: undefined
        })
        // 1.25 in cash, of which a unit costs 100 points.
        expect(yield* client.redeem({ ...redeeming, cash: points("1.25") })).toMatchObject({
          pointBalance: "854.5",
          points: "125"
        })
        expect(yield* client.redeem({ ...redeeming, points: points("125"), cash: points("1.25") })).toMatchObject({
          points: "125"
        })
        const bodies = yield* sent
        expect(bodies[1]).toContain(`"cashAmount":1.25}`)
        expect(bodies[2]).toContain(`"points":125,"cashAmount":1.25}`)
        const error = yield* Effect.flip(client.redeem({ ...redeeming, points: points("1"), cash: points("1.25") }))
        expect(error).toMatchObject({ _tag: "MastercardRefused", status: 400 })
      })
    ))

  it("is exact beyond 2^53 both ways, by points and by cash", () =>
    inWorld({ balance: "999999999999999.9999", extras: { pointsPerCash: 1n } }, ({ client, sent }) =>
      Effect.gen(function* () {
        const { pointBalance } = yield* client.redeem({ ...redeeming, points: points("90071992547409.9301") })
        expect(pointBalance).toBe("909928007452590.0698")
        const byCash = yield* client.redeem({ ...redeeming, cash: points("900719925474099.3001") })
        expect(byCash).toMatchObject({ points: "900719925474099.3001", pointBalance: "9208081978490.7697" })
        const bodies = yield* sent
        expect(bodies[0]).toContain(`"points":90071992547409.9301`)
        expect(bodies[1]).toContain(`"cashAmount":900719925474099.3001`)
      })
    ))

  it.each([
    [{}, "points or cash"],
    [{ cash: 0n }, "cash"],
    [{ points: 1n, cash: -1n }, "cash"],
    [{ cash: 10n ** 19n }, "cash"],
    [{ points: 1n, redemptionItemId: "" }, "redemptionItemId"],
    [{ points: 1n, shippingAddressId: ".." }, "shippingAddressId"]
  ])("is not sent with %o", (size, detail) =>
    inWorld({}, ({ client, sent }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(client.redeem({ ...redeeming, ...size }))
        expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "invalidRequest", detail })
        expect(yield* sent).toEqual([])
      })
    )
  )
})

describe("the profile of a redeemer", () => {
  it("is asked for with an item and attributes, and read with what it carries", async () => {
    const body =
      `{"pointBalance":12.5,"userId":"${ACCOUNT}","householdPointBalance":9007199254740993.25,"householdRole":"PRIMARY",` +
      `"conversionFactors":[{"costPerPoint":0.00500000000000000001}]}`
    await Effect.gen(function* () {
      const server = yield* Misbehaving.serve({
        onRequest: (socket) => void socket.end(Misbehaving.answer(200, body))
      })
      const client = yield* Mastercard.make(
        MastercardConfig.make({
          url: server.url,
          consumerKey: Redacted.make("k"),
          signingKey: Redacted.make(keys.privateKey)
        })
      )
      const profile = yield* client.redeemer({
        userId: ACCOUNT,
        redemptionType: "TRAVEL",
        redemptionItemId: "I 1",
        includes: ["preferences", "x"]
      })
      expect(server.requests[0]).toContain(
        `GET /loyalty/redeemers/${ACCOUNT}?user_id_type=RANAC&redemptionType=TRAVEL&redemption_item_id=I%201` +
          "&includes=preferences%2Cx HTTP/1.1"
      )
      expect(profile).toMatchObject({
        pointBalance: "12.5",
        userId: ACCOUNT,
        householdPointBalance: "9007199254740993.25",
        householdRole: "PRIMARY"
      })
      expect(JSON.stringify(profile.conversionFactors)).toBe(`[{"costPerPoint":0.00500000000000000001}]`)
    }).pipe(Effect.scoped, Effect.runPromise)
  })
})

describe("searching a redeemer", () => {
  const question = { userId: CARD, userIdType: "BAN", redemptionType: "TRAVEL" } as const

  it.each(["standard", "mastercard"] as const)("finds the account of a card; answers encrypted as %s", (jweStyle) =>
    inWorld({ extras: { jweStyle } }, ({ client, sandbox, sent }) =>
      Effect.gen(function* () {
        expect(yield* client.searchRedeemer(question)).toMatchObject({ userId: ACCOUNT, pointBalance: "1000" })
        const { userId } = yield* client.searchRedeemer({ ...question, userId: CUSTOMER, userIdType: "RANCU" })
        expect(userId).toBe(ACCOUNT)
        yield* client.searchRedeemer({ ...question, userId: ACCOUNT, userIdType: "RANAC" })
        const [body = ""] = yield* sent
        expect(Object.keys(JSON.parse(body) as object)).toEqual(["encryptedData"])
        // Neither side's numbers go over the wire in plain.
        const wire = (yield* sandbox.exchanges).filter(({ path }) => path.includes("search"))
        expect(JSON.stringify(wire)).not.toMatch(new RegExp(`${CARD}|${ACCOUNT}|${CUSTOMER}`))
      })
    )
  )

  it("is a refusal where nobody has the number; the number is in no error", () =>
    inWorld({}, ({ client }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(client.searchRedeemer({ ...question, userId: "5412750000000000" }))
        expect(error).toMatchObject({ _tag: "MastercardRefused", status: 404 })
        expect(JSON.stringify(error) + error.message).not.toContain("5412750000000000")
      })
    ))

  it("follows the assumptions about the member and about plain answers", () =>
    inWorld(
      { assumptions: { encryptedMember: "encryptedPayload", searchAnswerEncrypted: false } },
      ({ client, sent }) =>
        Effect.gen(function* () {
          expect((yield* client.searchRedeemer(question)).userId).toBe(ACCOUNT)
          expect((yield* sent)[0]).toMatch(/^\{"encryptedPayload":"/)
        })
    ))

  it("without keys was not sent", async () => {
    const error = await Effect.gen(function* () {
      const client = yield* Mastercard.make(
        MastercardConfig.make({
          url: new URL("http://127.0.0.1:1/loyalty"),
          consumerKey: Redacted.make("k"),
          signingKey: Redacted.make(keys.privateKey)
        })
      )
      return yield* Effect.flip(client.searchRedeemer(question))
    }).pipe(Effect.scoped, Effect.runPromise)
    expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "notConfigured" })
    expect(error.message).toContain("POINTBACK_MASTERCARD_ENCRYPTION_KEY")
  })

  it("is repeated when the server fails, and an answer that is not encrypted for us is not believed", async () => {
    let calls = 0
    await Effect.gen(function* () {
      const server = yield* Misbehaving.serve({
        onRequest: (socket) =>
          void socket.end(
            calls++ < 2 ? Misbehaving.answer(503, "") : Misbehaving.answer(200, `{"encryptedData":"a.b.c.d.e"}`)
          )
      })
      const client = yield* Mastercard.make(
        MastercardConfig.make({
          url: server.url,
          consumerKey: Redacted.make("k"),
          signingKey: Redacted.make(keys.privateKey),
          encryption: {
            publicKey: createPublicKey(keys.publicKey).export({ type: "spki", format: "pem" }).toString(),
            privateKey: Redacted.make(ours.privateKey)
          },
          answerLimit: Duration.seconds(5)
        })
      )
      const error = yield* Effect.flip(client.searchRedeemer(question))
      expect(calls).toBe(3)
      expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "unreadableAnswer" })
      expect(error.message).toContain("encryptedData: its algorithms are not RSA-OAEP-256 and AES-GCM")
      expect(error.message).toMatch(/Ask again\.$/)
    }).pipe(Effect.scoped, Effect.runPromise)
  })
})

describe("fulfilment", () => {
  const made = ({ client }: World) => client.redeem({ ...redeeming, points: points("10") })

  it("records any status; a back order has its date", () =>
    inWorld({}, (world) =>
      Effect.gen(function* () {
        const { client, sandbox, sent } = world
        const { redemptionId } = yield* made(world)
        for (const statusCode of ["I", "N", "O", "S", "X1"]) {
          expect(yield* client.updateFulfilment({ redemptionId, statusCode })).toEqual({ message: "Successful Update" })
        }
        yield* client.updateFulfilment({ redemptionId, statusCode: "B", backOrderDate: "2026-02-01" })
        const known = yield* Effect.promise(async () =>
          (await fetch(`${sandbox.adminUrl.href}/fulfilments/${redemptionId}`)).json()
        )
        expect(known).toEqual({ redemptionId, statusCode: "B", backOrderDate: "2026-02-01" })
        expect((yield* sent).at(-1)).toBe(
          `{"redemptionId":"${redemptionId}","statusCode":"B","backOrderDate":"2026-02-01"}`
        )
        const error = yield* Effect.flip(client.updateFulfilment({ redemptionId: "1", statusCode: "S" }))
        expect(error).toMatchObject({ _tag: "MastercardRefused", status: 404 })
      })
    ))

  it("writes the date as it is told", () =>
    inWorld({ assumptions: { backOrderDateFormat: "instant" } }, (world) =>
      Effect.gen(function* () {
        const { redemptionId } = yield* made(world)
        yield* world.client.updateFulfilment({ redemptionId, statusCode: "B", backOrderDate: "2026-02-01" })
        expect((yield* world.sent).at(-1)).toContain(`"backOrderDate":"2026-02-01T00:00:00Z"`)
      })
    ))

  it.each([
    [{ statusCode: "B" }, "backOrderDate"],
    [{ statusCode: "B", backOrderDate: "2026-02-30" }, "backOrderDate"],
    [{ statusCode: "S", backOrderDate: "2026-02-01" }, "backOrderDate"],
    [{ statusCode: "" }, "statusCode"],
    [{ statusCode: "x".repeat(17) }, "statusCode"]
  ])("is not sent with %o", (status, detail) =>
    inWorld({}, ({ client, sent }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(client.updateFulfilment({ redemptionId: "1", ...status }))
        expect(error).toMatchObject({ _tag: "MastercardNotSent", cause: "invalidRequest", detail })
        expect(yield* sent).toEqual([])
      })
    )
  )

  it("is sent once, whatever comes back", async () => {
    let calls = 0
    const error = await Effect.gen(function* () {
      const server = yield* Misbehaving.serve({
        onRequest: (socket) => {
          calls++
          socket.end(Misbehaving.answer(503, ""))
        }
      })
      const client = yield* Mastercard.make(
        MastercardConfig.make({
          url: server.url,
          consumerKey: Redacted.make("k"),
          signingKey: Redacted.make(keys.privateKey)
        })
      )
      return yield* Effect.flip(client.updateFulfilment({ redemptionId: "1", statusCode: "S" }))
    }).pipe(Effect.scoped, Effect.runPromise)
    expect(calls).toBe(1)
    expect(error.message).toMatch(/It may have taken effect: no points depend on it/)
  })
})

describe("shipping addresses", () => {
  const address = {
    shippingName: "Home",
    phoneNumber: "+1 555 0100",
    city: "Waconia",
    countryCode: "US",
    line1: "1 Bren Road",
    postalCode: "55387"
  }

  it("are listed once a redemption used them, and not for ever", () => {
    let now = at("2026-01-20T12:00:00Z")
    return inWorld({ clock: () => now }, ({ client, sent }) =>
      Effect.gen(function* () {
        const { shippingAddressId } = yield* client.addShippingAddress({ userId: CUSTOMER, ...address })
        expect((yield* sent)[0]).toBe(
          `{"userId":"${CUSTOMER}","userIdType":"RANCU","shippingName":"Home","phoneNumber":"+1 555 0100",` +
            `"city":"Waconia","countryCode":"US","addressLine1":"1 Bren Road","postalCode":"55387"}`
        )
        const listed = (from?: string, to?: string) => client.shippingAddresses({ userId: CUSTOMER, from, to })
        expect(yield* listed()).toEqual([])
        yield* client.redeem({ ...redeeming, points: points("10"), shippingAddressId })
        expect(yield* listed()).toMatchObject([{ shippingAddressId, ...address }])
        expect(yield* listed("2026-01-20", "2026-01-20")).toHaveLength(1)
        expect(yield* listed("2026-01-21")).toEqual([])
        expect(yield* listed(undefined, "2026-01-19")).toEqual([])
        now += 161n * 86_400_000_000n
        expect(yield* listed()).toEqual([])
      })
    )
  })

  it("are refused for who is not known, and an address that is not known cannot be used", () =>
    inWorld({}, ({ client }) =>
      Effect.gen(function* () {
        const nobody = yield* Effect.flip(client.addShippingAddress({ userId: "1", ...address }))
        expect(nobody).toMatchObject({ _tag: "MastercardRefused", status: 404 })
        const unknown = yield* Effect.flip(client.redeem({ ...redeeming, points: 1n, shippingAddressId: "7" }))
        expect(unknown).toMatchObject({ _tag: "MastercardRefused", status: 400 })
      })
    ))

  it("are not asked for with wrong fields", () =>
    inWorld({}, ({ client, sent }) =>
      Effect.gen(function* () {
        const added = yield* Effect.flip(client.addShippingAddress({ userId: CUSTOMER, ...address, city: "" }))
        expect(added).toMatchObject({ cause: "invalidRequest", detail: "city" })
        const asked = yield* Effect.flip(client.shippingAddresses({ userId: "", from: "soon", to: "2026-02-30" }))
        expect(asked).toMatchObject({ cause: "invalidRequest", detail: "userId, from, to" })
        expect(yield* sent).toEqual([])
      })
    ))
})

describe("faults of the sandbox", () => {
  it("befall these calls as well: reading ones are repeated, the others are sent once", () =>
    inWorld({}, ({ client, sandbox, sent }) =>
      Effect.gen(function* () {
        const { redemptionId } = yield* client.redeem({ ...redeeming, points: points("10") })
        yield* sandbox.setFaults({
          script: [
            { call: "search", nth: 1, fault: "serverErrorBefore" },
            { call: "addresses", nth: 1, fault: "cutAnswer" },
            { call: "status", nth: 1, fault: "dropAfter" }
          ]
        })
        const question = { userId: CARD, userIdType: "BAN", redemptionType: "TRAVEL" } as const
        expect((yield* client.searchRedeemer(question)).userId).toBe(ACCOUNT)
        expect(yield* client.shippingAddresses({ userId: CUSTOMER })).toEqual([])
        const error = yield* Effect.flip(client.updateFulfilment({ redemptionId, statusCode: "S" }))
        expect(error).toMatchObject({ _tag: "MastercardOutcomeUnknown", cause: "connectionLost" })
        const known = yield* Effect.promise(async () =>
          (await fetch(`${sandbox.adminUrl.href}/fulfilments/${redemptionId}`)).json()
        )
        expect(known).toMatchObject({ statusCode: "S" })
        expect(yield* sent).toHaveLength(1 + 2 + 2 + 1)
      })
    ))
})
