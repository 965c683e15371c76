/**
 * The gateway in front of the sandbox: checks the OAuth 1.0a signature of a request.
 *
 * Built from the rules and not from the client's signer, so that a mistake in one of them shows in the other.
 *
 * @see mastercard, OAuth 1.0a
 */
import { createHash, type KeyObject, publicDecrypt, timingSafeEqual, verify } from "node:crypto"
import * as Codes from "./SandboxCodes.ts"

/** A request as it arrived. */
export interface SignedRequest {
  readonly method: string
  /** As it was called, with the query. */
  readonly url: URL
  readonly authorization: string | undefined
  /** The proof of OAuth 2.0. */
  readonly dpop?: string | undefined
  readonly body: Uint8Array
}

/** Whose signatures are good, and for how long. */
export interface Gateway {
  readonly consumerKey: string
  readonly publicKey: KeyObject
  /** Seconds that a timestamp may be away from now, in either direction. */
  readonly tolerance: number
  /** The nonces that were seen, with their timestamps. */
  readonly nonces: Map<string, number>
}

/** Nonces that are remembered at most: the oldest are forgotten first. */
const MAXIMUM_NONCES = 100_000

const FIELD = /^\s*([a-z_]+)="([^"]*)"\s*$/

const readHeader = (authorization: string | undefined): Map<string, string> | undefined => {
  if (!authorization?.startsWith("OAuth ")) return undefined
  const fields = authorization
    .slice("OAuth ".length)
    .split(",")
    .map((field) => FIELD.exec(field))
  return fields.includes(null) ? undefined : new Map(fields.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]))
}

/** RFC 3986, byte by byte. */
const escape = (text: string): string =>
  Array.from(Buffer.from(text, "utf8"), (byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
  }).join("")

const baseString = ({ method, url }: SignedRequest, fields: Map<string, string>): string => {
  const query = url.search
    .replace("?", "")
    .split("&")
    .filter((pair) => pair.length > 0)
  const header = [...fields].filter(([name]) => name !== "oauth_signature").map(([name, value]) => `${name}=${value}`)
  // U+0000 comes before everything that a name may have, so whole pairs sort by name first.
  const sorted = [...query, ...header]
    .map((pair) => (pair.includes("=") ? pair.replace("=", "\0") : `${pair}\0`))
    .sort()
  const parameters = sorted.map((pair) => pair.replace("\0", "=")).join("&")
  return `${method}&${escape(url.origin + url.pathname)}&${escape(parameters)}`
}

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Why a request is turned away at `now` (seconds since 1970); undefined where it is let in. */
export const check = (gateway: Gateway, request: SignedRequest, now: number): Codes.Refusal | undefined => {
  const fields = readHeader(request.authorization)
  if (fields === undefined) return Codes.authentication("There is no OAuth 1.0a header.")
  const field = (name: string): string => fields.get(name) ?? ""
  if (!isSame(field("oauth_consumer_key"), gateway.consumerKey)) return Codes.authentication("Unknown consumer key.")
  if (field("oauth_signature_method") !== "RSA-SHA256" || field("oauth_version") !== "1.0") {
    return Codes.authentication("Only RSA-SHA256 of OAuth 1.0 is known.")
  }
  const timestamp = /^[0-9]{1,12}$/.test(field("oauth_timestamp")) ? Number(field("oauth_timestamp")) : undefined
  if (timestamp === undefined || Math.abs(now - timestamp) > gateway.tolerance) {
    return Codes.authentication("The timestamp is too far from now.")
  }
  if (field("oauth_body_hash") !== createHash("sha256").update(request.body).digest("base64")) return Codes.bodyHash
  return (
    checkSignature(gateway.publicKey, baseString(request, fields), field("oauth_signature")) ??
    checkNonce(gateway, field("oauth_nonce"), timestamp, now)
  )
}

const checkSignature = (key: KeyObject, text: string, encoded: string): Codes.Refusal | undefined => {
  const signature = Buffer.from(
    encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "base64"
  )
  if (verify("RSA-SHA256", Buffer.from(text), key, signature)) return undefined
  try {
    // Only a signature of the right key has a padding that opens: then what was signed differs.
    publicDecrypt(key, signature)
    return Codes.baseString
  } catch {
    return Codes.authentication("The signature was not made with the key of this consumer key.")
  }
}

/** Last, so that only who holds the key can use up a nonce. */
const checkNonce = (
  { nonces, tolerance }: Gateway,
  nonce: string,
  timestamp: number,
  now: number
): Codes.Refusal | undefined => {
  if (nonce === "" || nonces.has(nonce)) return Codes.authentication("The nonce was used before.")
  nonces.set(nonce, timestamp)
  for (const [old, at] of nonces) {
    if (nonces.size <= MAXIMUM_NONCES && now - at <= tolerance) break
    nonces.delete(old)
  }
  return undefined
}
