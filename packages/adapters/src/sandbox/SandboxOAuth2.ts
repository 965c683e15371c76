/**
 * The gateway's OAuth 2.0 side: gives tokens out, and lets in who proves to hold the key that a token is bound to.
 *
 * @see mastercard, OAuth 2.0; RFC 6749, RFC 7523, RFC 9449
 */
import { createHash, type KeyObject, randomBytes } from "node:crypto"
import * as Json from "../json/Json.ts"
import type { Reply } from "./SandboxAnswers.ts"
import type { SignedRequest } from "./SandboxGateway.ts"
import * as Jwt from "./SandboxJwt.ts"

/** Whose assertions are good, and what was given out. */
export interface OAuth2Gateway {
  readonly clientId: string
  /** The `kid` that assertions must name; undefined for any. */
  readonly keyId: string | undefined
  readonly publicKey: KeyObject
  /** Seconds that clocks may differ. */
  readonly tolerance: number
  /** Seconds that a token is good for. */
  readonly tokenLifetime: number
  /** Seconds that a nonce is good for; undefined where proofs need none. */
  readonly nonceLifetime: number | undefined
  readonly tokens: Map<string, { readonly thumbprint: string; readonly until: number }>
  /** Ids of assertions and proofs that were seen, with the second at which they are forgotten. */
  readonly seen: Map<string, number>
  nonce: { readonly value: string; readonly until: number } | undefined
}

/** Where tokens are given out, as at Mastercard. */
export const TOKEN_PATH = "/oauth/token"

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/** Seconds that an assertion may be good for at most: it is made for one request. */
const LONGEST_ASSERTION = 300

/** Tokens and ids that are remembered at most: the oldest are forgotten first. */
const MAXIMUM_REMEMBERED = 100_000

/** Why a request is turned away. */
interface Fault {
  readonly error: string
  readonly description: string
}

const fault = (error: string, description: string): Fault => ({ error, description })

/** `POST /oauth/token`. */
export const token = (gateway: OAuth2Gateway, request: SignedRequest, now: number): Reply => {
  const nonce = nonceHeaders(gateway, now)
  const parameters = new URLSearchParams(Buffer.from(request.body).toString("utf8"))
  const problem =
    (request.method === "POST" ? undefined : fault("invalid_request", "Only POST is known here.")) ??
    (parameters.get("grant_type") === "client_credentials"
      ? undefined
      : fault("unsupported_grant_type", "Only client_credentials is known.")) ??
    assertionFault(gateway, parameters, request.url.origin, now)
  if (problem !== undefined) return refused(problem.error === "invalid_client" ? 401 : 400, problem, nonce)
  const proof = proofOf(gateway, request, undefined, now)
  if ("error" in proof) return refused(400, proof, nonce)
  const value = randomBytes(32).toString("base64url")
  gateway.tokens.set(value, { thumbprint: Jwt.thumbprint(proof.key), until: now + gateway.tokenLifetime })
  forget(gateway.tokens, (entry) => entry.until <= now)
  return {
    status: 200,
    headers: { ...nonce, "cache-control": "no-store" },
    body: {
      access_token: value,
      token_type: "DPoP",
      expires_in: Json.number(gateway.tokenLifetime.toString()),
      scope: parameters.get("scope") ?? ""
    }
  }
}

/** Why a request with a token is turned away; undefined where it is let in. */
export const check = (gateway: OAuth2Gateway, request: SignedRequest, now: number): Reply | undefined => {
  const value = (request.authorization ?? "").replace(/^DPoP /i, "")
  const known = gateway.tokens.get(value)
  if (known === undefined || known.until <= now) {
    return turnedAway(gateway, fault("invalid_token", "The token is not known, or not any more."), now)
  }
  const proof = proofOf(gateway, request, value, now)
  if ("error" in proof) return turnedAway(gateway, proof, now)
  return Jwt.thumbprint(proof.key) === known.thumbprint
    ? undefined
    : turnedAway(gateway, fault("invalid_token", "The token belongs to another key."), now)
}

/** What goes along with every answer where proofs need a nonce. */
export const nonceHeaders = (gateway: OAuth2Gateway, now: number): Record<string, string> => {
  if (gateway.nonceLifetime === undefined) return {}
  if (gateway.nonce === undefined || gateway.nonce.until <= now) {
    gateway.nonce = { value: randomBytes(16).toString("base64url"), until: now + gateway.nonceLifetime }
  }
  return { "dpop-nonce": gateway.nonce.value }
}

const refused = (status: number, { description, error }: Fault, headers: Record<string, string>): Reply => ({
  status,
  headers,
  body: { error, error_description: description }
})

const turnedAway = (gateway: OAuth2Gateway, problem: Fault, now: number): Reply =>
  refused(401, problem, {
    ...nonceHeaders(gateway, now),
    "www-authenticate": `DPoP error="${problem.error}", error_description="${problem.description}", algs="ES256 PS256"`
  })

const assertionFault = (
  gateway: OAuth2Gateway,
  parameters: URLSearchParams,
  issuer: string,
  now: number
): Fault | undefined => {
  const invalid = (description: string) => fault("invalid_client", description)
  if (parameters.get("client_assertion_type") !== ASSERTION_TYPE) return invalid("An assertion is expected.")
  const jwt = Jwt.read(parameters.get("client_assertion") ?? "")
  if (jwt === undefined) return invalid("The assertion is not a signed token.")
  const { claims, header } = jwt
  if (gateway.keyId !== undefined && header["kid"] !== gateway.keyId) return invalid("The key id is not known.")
  if (!Jwt.isSignedBy(jwt, gateway.publicKey))
    return invalid("The assertion was not signed with the key of the client.")
  const { clientId, tolerance } = gateway
  if (claims["iss"] !== clientId || claims["sub"] !== clientId) return invalid("The client is not known.")
  if ((parameters.get("client_id") ?? clientId) !== clientId) return invalid("The client_id is another one.")
  if (claims["aud"] !== issuer) return invalid(`The assertion must be for ${issuer}.`)
  const [issued, notBefore, until] = ["iat", "nbf", "exp"].map((name) => Jwt.secondsOf(claims, name))
  if (until === undefined || until < now - tolerance || until > now + LONGEST_ASSERTION + tolerance) {
    return invalid("The assertion has no end, is over, or lasts too long.")
  }
  if (Math.max(issued ?? now, notBefore ?? now) > now + tolerance) return invalid("The assertion is not good yet.")
  return isNew(gateway, `assertion ${Jwt.textOf(claims, "jti")}`, until + tolerance, now)
    ? undefined
    : invalid("The assertion was used before, or has no id.")
}

/** The key of a proof that is right, or what is wrong with it. */
const proofOf = (
  gateway: OAuth2Gateway,
  { dpop, method, url }: SignedRequest,
  accessToken: string | undefined,
  now: number
): { readonly key: KeyObject } | Fault => {
  const invalid = (description: string) => fault("invalid_dpop_proof", description)
  const jwt = Jwt.read(dpop ?? "")
  if (jwt === undefined || jwt.header["typ"] !== "dpop+jwt") return invalid("There is no single DPoP proof.")
  const key = Jwt.carriedKey(jwt)
  if (key === undefined || !Jwt.isSignedBy(jwt, key)) return invalid("The proof was not signed with its own key.")
  const { claims } = jwt
  if (claims["htm"] !== method) return invalid("The proof is for another method.")
  if (claims["htu"] !== url.origin + url.pathname) return invalid("The proof is for another URL.")
  const issued = Jwt.secondsOf(claims, "iat")
  if (issued === undefined || Math.abs(now - issued) > gateway.tolerance) return invalid("The proof is not of now.")
  if (accessToken !== undefined && claims["ath"] !== createHash("sha256").update(accessToken).digest("base64url")) {
    return invalid("The proof is for another token.")
  }
  if (gateway.nonceLifetime !== undefined && claims["nonce"] !== nonceHeaders(gateway, now)["dpop-nonce"]) {
    return fault("use_dpop_nonce", "The proof needs the nonce of DPoP-Nonce.")
  }
  return isNew(gateway, `proof ${Jwt.textOf(claims, "jti")}`, now + 2 * gateway.tolerance + 1, now)
    ? { key }
    : invalid("The proof was used before, or has no id.")
}

/** Last of all checks, so that only who holds the key can use up an id. */
const isNew = ({ seen }: OAuth2Gateway, id: string, until: number, now: number): boolean => {
  if (id.endsWith(" ") || seen.has(id)) return false
  seen.set(id, until)
  forget(seen, (end) => end <= now)
  return true
}

/** Forgets the oldest entries that are over, and those beyond what is remembered. */
const forget = <A>(entries: Map<string, A>, isOver: (entry: A) => boolean): void => {
  for (const [key, entry] of entries) {
    if (entries.size <= MAXIMUM_REMEMBERED && !isOver(entry)) break
    entries.delete(key)
  }
}
