/**
 * Proofs that the sender of a request holds the key that an access token is bound to.
 *
 * @see RFC 9449
 */
import { Effect, Option, Result } from "effect"
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose"
import { createHash, randomUUID } from "node:crypto"
import * as Json from "../json/Json.ts"
import type * as Transport from "./Transport.ts"

/** What a proof is about. */
export interface ProofOf {
  readonly method: string
  readonly url: URL
  /** Whole seconds since 1970. */
  readonly now: number
  /** What the server asked to be repeated, if it asked. */
  readonly nonce: string | undefined
  /** The access token that is sent along; none to the token endpoint. */
  readonly token: string | undefined
}

/** Makes proofs. */
export type Prover = (about: ProofOf) => Effect.Effect<string>

/** A prover with a key of its own: P-256, made here, never written anywhere and gone with the process. */
export const makeProver: Effect.Effect<Prover> = Effect.promise(async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256")
  const { crv, kty, x, y } = await exportJWK(publicKey)
  const jwk = { kty, crv, x, y }
  return (about) => Effect.promise(() => prove(about, privateKey, jwk))
})

const prove = (about: ProofOf, key: CryptoKey, jwk: object): Promise<string> =>
  new SignJWT({
    htm: about.method,
    htu: about.url.origin + about.url.pathname,
    ...(about.token === undefined ? {} : { ath: createHash("sha256").update(about.token).digest("base64url") }),
    ...(about.nonce === undefined ? {} : { nonce: about.nonce })
  })
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk })
    .setJti(randomUUID())
    .setIssuedAt(about.now)
    .sign(key)

/** A nonce goes back into a token, so it has the characters that RFC 9449 gives it, and an end. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/

/** The nonce that a server wants to see next, if it names one. */
export const nonceOf = ({ headers }: Transport.Answer): string | undefined => {
  const nonce = headers["dpop-nonce"]
  return nonce !== undefined && NONCE.test(nonce) ? nonce : undefined
}

/**
 * Whether an answer does no more than ask for a proof with a nonce: in its header, or in the body of a token endpoint.
 */
export const isNonceChallenge = (answer: Transport.Answer): boolean => {
  if ((answer.status !== 400 && answer.status !== 401) || nonceOf(answer) === undefined) return false
  return errorOf(answer) === "use_dpop_nonce"
}

/** The error code of OAuth in an answer. */
export const errorOf = ({ body, headers }: Transport.Answer): string | undefined => {
  const inHeader = /\bdpop\b[^]*\berror="([^"]{1,64})"/i.exec(headers["www-authenticate"] ?? "")?.[1]
  const json = Option.getOrUndefined(Result.getSuccess(Json.parse(body)))
  const inBody = Json.isObject(json) ? json["error"] : undefined
  return inHeader ?? (typeof inBody === "string" ? inBody.slice(0, 64) : undefined)
}
