import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"
import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto"
import { describe, expect, it } from "vitest"
import * as OAuth2 from "../../src/sandbox/SandboxOAuth2.ts"

// What the gateway must let in and turn away, made with a library that knows nothing of it.
const client = generateKeyPairSync("rsa", { modulusLength: 2048 })
const other = generateKeyPairSync("rsa", { modulusLength: 2048 })
const proofKey = await generateKeyPair("ES256", { extractable: true })
const otherProofKey = await generateKeyPair("ES256", { extractable: true })

const NOW = 1_769_000_000
const TOKEN_URL = new URL("http://127.0.0.1:8787/oauth/token")
const API_URL = new URL("http://127.0.0.1:8787/loyalty/redeemers/1?user_id_type=RANAC")

const gateway = (nonceLifetime?: number): OAuth2.OAuth2Gateway => ({
  clientId: "client",
  keyId: "key-1",
  publicKey: client.publicKey,
  tolerance: 60,
  tokenLifetime: 900,
  nonceLifetime,
  tokens: new Map(),
  seen: new Map(),
  nonce: undefined
})

const assertionOf = (
  claims: Record<string, unknown> = {},
  { alg = "PS256", key = client.privateKey, kid = "key-1" }: { alg?: string; key?: KeyObject; kid?: string } = {}
) =>
  new SignJWT({
    iss: "client",
    sub: "client",
    aud: TOKEN_URL.origin,
    jti: randomUUID(),
    iat: NOW,
    exp: NOW + 60,
    ...claims
  })
    .setProtectedHeader({ alg, kid })
    .sign(key)

const publicJwk = async (key: CryptoKey): Promise<JWK> => {
  const { crv, kty, x, y } = await exportJWK(key)
  return { kty, crv, x, y } as JWK
}

const proofOf = async (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, pair = proofKey) =>
  new SignJWT({ htm: "POST", htu: TOKEN_URL.href, jti: randomUUID(), iat: NOW, ...claims })
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: await publicJwk(pair.publicKey), ...header })
    .sign(pair.privateKey)

const askFor = (
  at: OAuth2.OAuth2Gateway,
  assertion: string,
  dpop: string | undefined,
  parameters: Record<string, string> = {},
  method = "POST"
) =>
  OAuth2.token(
    at,
    {
      method,
      url: TOKEN_URL,
      authorization: undefined,
      dpop,
      body: Buffer.from(
        new URLSearchParams({
          grant_type: "client_credentials",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: assertion,
          ...parameters
        }).toString()
      )
    },
    NOW
  )

const errorOf = (reply: { readonly body: unknown } | undefined) =>
  (reply?.body as { readonly error?: string } | undefined)?.error

describe("the token endpoint", () => {
  it("gives a token to who signs with the key of the client, bound to the key of the proof", async () => {
    const at = gateway()
    const reply = askFor(at, await assertionOf(), await proofOf())
    expect(reply).toMatchObject({ status: 200, body: { token_type: "DPoP" } })
    expect([...at.tokens.values()]).toEqual([
      { thumbprint: await calculateJwkThumbprint(await exportJWK(proofKey.publicKey)), until: NOW + 900 }
    ])
  })

  it.each<[string, () => Promise<string>]>([
    ["signed with another key", () => assertionOf({}, { key: other.privateKey })],
    ["signed with PS512, which FAPI does not allow", () => assertionOf({}, { alg: "PS512" })],
    ["signed with RS256, which FAPI does not allow", () => assertionOf({}, { alg: "RS256" })],
    ["that names another key", () => assertionOf({}, { kid: "key-2" })],
    ["of another client", () => assertionOf({ iss: "other", sub: "other" })],
    ["whose subject is another one", () => assertionOf({ sub: "other" })],
    ["for another issuer", () => assertionOf({ aud: "https://elsewhere" })],
    ["for several issuers", () => assertionOf({ aud: [TOKEN_URL.origin] })],
    ["that is over", () => assertionOf({ exp: NOW - 61 })],
    ["that lasts for ever", () => assertionOf({ exp: NOW + 86_400 })],
    ["without an end", () => assertionOf({ exp: undefined })],
    ["from the future", () => assertionOf({ iat: NOW + 120 })],
    ["that is not good yet", () => assertionOf({ nbf: NOW + 120 })],
    ["without an id", () => assertionOf({ jti: undefined })],
    ["that is no token", async () => "abc"]
  ])("gives none for an assertion %s", async (_title, make) => {
    const at = gateway()
    expect(errorOf(askFor(at, await make(), await proofOf()))).toBe("invalid_client")
    expect(at.tokens.size).toBe(0)
  })

  it("gives none for an assertion that was used", async () => {
    const at = gateway()
    const assertion = await assertionOf()
    expect(askFor(at, assertion, await proofOf()).status).toBe(200)
    expect(errorOf(askFor(at, assertion, await proofOf()))).toBe("invalid_client")
  })

  it("gives none for another grant, another client_id, another method", async () => {
    const at = gateway()
    expect(errorOf(askFor(at, await assertionOf(), await proofOf(), { grant_type: "password" }))).toBe(
      "unsupported_grant_type"
    )
    expect(errorOf(askFor(at, await assertionOf(), await proofOf(), { client_id: "other" }))).toBe("invalid_client")
    expect(errorOf(askFor(at, await assertionOf(), await proofOf(), {}, "GET"))).toBe("invalid_request")
  })

  it.each<[string, () => Promise<string | undefined>]>([
    ["none", async () => undefined],
    ["two", async () => `${await proofOf()},${await proofOf()}`],
    ["one of another type", () => proofOf({}, { typ: "JWT" })],
    ["one without a key", () => proofOf({}, { jwk: undefined })],
    ["one with a private key", async () => proofOf({}, { jwk: await exportJWK(proofKey.privateKey) })],
    [
      "one signed with a key that it does not carry",
      async () => proofOf({}, { jwk: await publicJwk(otherProofKey.publicKey) })
    ],
    ["one for another method", () => proofOf({ htm: "GET" })],
    ["one for another URL", () => proofOf({ htu: API_URL.href })],
    ["an old one", () => proofOf({ iat: NOW - 61 })],
    ["one from the future", () => proofOf({ iat: NOW + 61 })],
    ["one without a time", () => proofOf({ iat: undefined })],
    ["one without an id", () => proofOf({ jti: undefined })]
  ])("gives none for a proof that is %s", async (_title, make) => {
    const at = gateway()
    expect(errorOf(askFor(at, await assertionOf(), await make()))).toBe("invalid_dpop_proof")
    expect(at.tokens.size).toBe(0)
  })

  it("gives none for a proof that was used", async () => {
    const at = gateway()
    const proof = await proofOf()
    expect(askFor(at, await assertionOf(), proof).status).toBe(200)
    expect(errorOf(askFor(at, await assertionOf(), proof))).toBe("invalid_dpop_proof")
  })

  it("asks for a nonce where it wants one, and takes no old one", async () => {
    const at = gateway(30)
    const first = askFor(at, await assertionOf(), await proofOf())
    expect(first).toMatchObject({ status: 400, body: { error: "use_dpop_nonce" } })
    const nonce = first.headers?.["dpop-nonce"]
    expect(askFor(at, await assertionOf(), await proofOf({ nonce })).status).toBe(200)
    at.nonce = { value: "next", until: NOW + 30 }
    expect(errorOf(askFor(at, await assertionOf(), await proofOf({ nonce })))).toBe("use_dpop_nonce")
  })
})

describe("the API", () => {
  const ath = (token: string) => createHash("sha256").update(token).digest("base64url")
  const call = (at: OAuth2.OAuth2Gateway, token: string, dpop: string, now = NOW) =>
    OAuth2.check(at, { method: "GET", url: API_URL, authorization: `DPoP ${token}`, dpop, body: new Uint8Array() }, now)
  const apiProof = (token: string, claims: Record<string, unknown> = {}, pair = proofKey) =>
    proofOf({ htm: "GET", htu: API_URL.origin + API_URL.pathname, ath: ath(token), ...claims }, {}, pair)
  const withToken = async (at = gateway()) => {
    askFor(at, await assertionOf(), await proofOf({ nonce: OAuth2.nonceHeaders(at, NOW)["dpop-nonce"] }))
    return { at, token: [...at.tokens.keys()][0] ?? "" }
  }

  it("lets in who holds the key that the token is bound to", async () => {
    const { at, token } = await withToken()
    expect(call(at, token, await apiProof(token))).toBeUndefined()
  })

  it.each<[string, (token: string) => Promise<string>, string]>([
    ["a proof without the token's hash", (token) => apiProof(token, { ath: undefined }), "invalid_dpop_proof"],
    ["a proof for another token", (token) => apiProof(token, { ath: ath("other") }), "invalid_dpop_proof"],
    ["a proof with the query in its URL", (token) => apiProof(token, { htu: API_URL.href }), "invalid_dpop_proof"],
    ["a proof with another key", (token) => apiProof(token, {}, otherProofKey), "invalid_token"]
  ])("turns away %s", async (_title, make, error) => {
    const { at, token } = await withToken()
    const reply = call(at, token, await make(token))
    expect(reply).toMatchObject({ status: 401, body: { error } })
    expect(reply?.headers?.["www-authenticate"]).toContain(`DPoP error="${error}"`)
  })

  it("turns away a proof that was used, an unknown token and one that is over", async () => {
    const { at, token } = await withToken()
    const proof = await apiProof(token)
    expect(call(at, token, proof)).toBeUndefined()
    expect(errorOf(call(at, token, proof))).toBe("invalid_dpop_proof")
    expect(errorOf(call(at, "other", await apiProof("other")))).toBe("invalid_token")
    expect(errorOf(call(at, token, await apiProof(token, { iat: NOW + 900 }), NOW + 900))).toBe("invalid_token")
  })

  it("asks for a nonce where it wants one", async () => {
    const { at, token } = await withToken(gateway(30))
    const reply = call(at, token, await apiProof(token))
    expect(reply).toMatchObject({ status: 401, body: { error: "use_dpop_nonce" } })
    const nonce = reply?.headers?.["dpop-nonce"]
    expect(call(at, token, await apiProof(token, { nonce }))).toBeUndefined()
  })
})
