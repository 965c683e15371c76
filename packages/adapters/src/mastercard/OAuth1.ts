/**
 * OAuth 1.0a with a body hash, the way Mastercard's gateway checks it: RSA-SHA256 over a base string whose parameter
 * values are encoded once only (RFC 5849 would encode them twice).
 *
 * Our own and not npm's `mastercard-oauth1-signer`: that one escapes only the first `*` and the first `!` of a base
 * string, keeps a default port, drops repeated query pairs and takes a body only as text, while what must be hashed are
 * the bytes that are sent. The tests hold both against each other where that one is right.
 *
 * @see mastercard, OAuth 1.0a
 */
import { createHash, type KeyObject, sign } from "node:crypto"

/** The bytes and the addressee of a request. */
export interface Request {
  readonly method: string
  /** The URL that is called; its query as it is sent. */
  readonly url: URL
  /** Exactly the bytes that are sent; empty where there is no body. */
  readonly body: Uint8Array
}

/** Who signs, and what makes one signature differ from the next. */
export interface Signer {
  readonly consumerKey: string
  readonly key: KeyObject
  /** Never used before with this consumer key. */
  readonly nonce: string
  /** Whole seconds since 1970. */
  readonly timestamp: number
}

/** Percent-encoding by RFC 3986: everything but letters, digits and `-._~`. */
export const percentEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase())

/** `oauth_body_hash`: base64 of the SHA-256 of the body's bytes, also of none. */
export const bodyHash = (body: Uint8Array): string => createHash("sha256").update(body).digest("base64")

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The parameters of query and header as `k=v` pairs, sorted by name, then by value, as they are and joined by `&`. */
export const parameterString = (url: URL, oauth: Record<string, string>): string => {
  const query = url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=")
      return equals === -1 ? ([pair, ""] as const) : ([pair.slice(0, equals), pair.slice(equals + 1)] as const)
    })
  return [...query, ...Object.entries(oauth)]
    .sort(([nameA, valueA], [nameB, valueB]) => byCodeUnits(nameA, nameB) || byCodeUnits(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
}

/** Scheme, host and path; `URL` has put the first two in lower case and dropped a default port. */
export const baseUri = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

/** The text that is signed. */
export const baseString = (method: string, url: URL, oauth: Record<string, string>): string =>
  [method.toUpperCase(), percentEncode(baseUri(url)), percentEncode(parameterString(url, oauth))].join("&")

/** The value of the `Authorization` header. To be made anew for each attempt. */
export const authorizationHeader = (request: Request, signer: Signer): string => {
  const oauth = {
    oauth_body_hash: bodyHash(request.body),
    oauth_consumer_key: signer.consumerKey,
    oauth_nonce: signer.nonce,
    oauth_signature_method: "RSA-SHA256",
    oauth_timestamp: signer.timestamp.toString(),
    oauth_version: "1.0"
  }
  const text = baseString(request.method, request.url, oauth)
  const signature = sign("RSA-SHA256", Buffer.from(text, "utf8"), signer.key).toString("base64")
  const fields = { ...oauth, oauth_signature: percentEncode(signature) }
  return (
    "OAuth " +
    Object.entries(fields)
      .map(([name, value]) => `${name}="${value}"`)
      .join(",")
  )
}
