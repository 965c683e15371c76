/**
 * Opens and makes encrypted tokens (JWE in its compact form: RSA-OAEP-256, A256GCM), with Node's own cryptography.
 *
 * Reads what the standard says and what Mastercard's own libraries write, and can write either.
 *
 * @see mastercard, Payload encryption
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes
} from "node:crypto"

/**
 * How tokens are written: by RFC 7516, or as Mastercard's libraries write them, with an IV of 16 bytes and base64url
 * that keeps its `/`.
 */
export type JweStyle = "standard" | "mastercard"

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" } as const

/** What a token holds; undefined where it cannot be opened. */
export const open = (token: string, privateKey: KeyObject): string | undefined => {
  const [header = "", wrapped = "", iv = "", text = "", tag = ""] = token.split(".")
  try {
    const algorithms = JSON.parse(Buffer.from(header, "base64").toString("utf8")) as Record<string, unknown>
    if (algorithms["alg"] !== "RSA-OAEP-256" || algorithms["enc"] !== "A256GCM") return undefined
    const key = privateDecrypt({ key: privateKey, ...OAEP }, Buffer.from(wrapped, "base64"))
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64"), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(header, "ascii"))
    decipher.setAuthTag(Buffer.from(tag, "base64"))
    return decipher.update(Buffer.from(text, "base64"), undefined, "utf8") + decipher.final("utf8")
  } catch {
    return undefined
  }
}

/** Encrypts a text for the owner of a key. */
export const seal = (text: string, publicKey: KeyObject, style: JweStyle): string => {
  const encode = (bytes: Buffer): string =>
    style === "standard" ? bytes.toString("base64url") : bytes.toString("base64").replace(/\+/g, "-").replace(/=/g, "")
  const kid = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
  const header = encode(
    Buffer.from(JSON.stringify({ kid, cty: "application/json", alg: "RSA-OAEP-256", enc: "A256GCM" }))
  )
  const [key, iv] = [randomBytes(32), randomBytes(style === "standard" ? 12 : 16)]
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(header, "ascii"))
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
  const wrapped = publicEncrypt({ key: publicKey, ...OAEP }, key)
  return [header, ...[wrapped, iv, ciphertext, cipher.getAuthTag()].map(encode)].join(".")
}
