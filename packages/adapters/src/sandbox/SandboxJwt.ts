/**
 * Reads signed tokens (JWS in its compact form) by the rules of RFC 7515, with Node's own cryptography.
 *
 * Built from the rules and not from the client's library, so that a mistake in one of them shows in the other.
 */
import { Option, Result } from "effect"
import { constants, createHash, createPublicKey, type KeyObject, verify } from "node:crypto"
import * as Json from "../json/Json.ts"

/** A token whose signature was not looked at yet. */
export interface Jwt {
  readonly header: Json.JsonObject
  readonly claims: Json.JsonObject
  readonly signed: string
  readonly signature: Buffer
}

const BASE64URL = /^[A-Za-z0-9_-]+$/

const jsonOf = (part: string): Json.JsonObject | undefined => {
  const json = Option.getOrUndefined(Result.getSuccess(Json.parse(Buffer.from(part, "base64url").toString("utf8"))))
  return Json.isObject(json) ? json : undefined
}

/** Reads a token; undefined where it is none. */
export const read = (token: string): Jwt | undefined => {
  const parts = token.split(".")
  const [first = "", second = "", third = ""] = parts
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return undefined
  const [header, claims] = [jsonOf(first), jsonOf(second)]
  if (header === undefined || claims === undefined) return undefined
  return { header, claims, signed: `${first}.${second}`, signature: Buffer.from(third, "base64url") }
}

/** A claim that is a text; an empty one where it is missing. */
export const textOf = (object: Json.JsonObject, name: string): string => {
  const value = object[name]
  return typeof value === "string" ? value : ""
}

/** A claim that is a time in seconds; undefined where it is missing or something else. */
export const secondsOf = (object: Json.JsonObject, name: string): number | undefined =>
  Option.getOrUndefined(Option.map(Json.decimalOf(object[name], false), Number))

/** Whether a token was signed by the owner of a key, with an algorithm that FAPI 2.0 allows: ES256 or PS256. */
export const isSignedBy = ({ header, signature, signed }: Jwt, key: KeyObject): boolean => {
  const bytes = Buffer.from(signed)
  if (header["alg"] === "ES256" && key.asymmetricKeyDetails?.namedCurve === "prime256v1") {
    return verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature)
  }
  if (header["alg"] === "PS256" && key.asymmetricKeyType === "rsa") {
    return verify("sha256", bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature)
  }
  return false
}

/** The public key that a token carries along; undefined where it is none, or a private one. */
export const carriedKey = ({ header }: Jwt): KeyObject | undefined => {
  const jwk = header["jwk"]
  if (!Json.isObject(jwk) || "d" in jwk || "k" in jwk) return undefined
  try {
    return createPublicKey({ key: JSON.parse(Json.stringify(jwk)), format: "jwk" })
  } catch {
    return undefined
  }
}

const MEMBERS: Record<string, ReadonlyArray<string>> = { EC: ["crv", "kty", "x", "y"], RSA: ["e", "kty", "n"] }

/** The thumbprint of a public key (RFC 7638), to which access tokens are bound. */
export const thumbprint = (key: KeyObject): string => {
  const jwk = key.export({ format: "jwk" }) as Record<string, string>
  const members = MEMBERS[jwk["kty"] ?? ""] ?? []
  const text = `{${members.map((name) => `"${name}":"${jwk[name]}"`).join(",")}}`
  return createHash("sha256").update(text).digest("base64url")
}
