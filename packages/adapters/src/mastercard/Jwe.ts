/**
 * Encrypted bodies: JWE in its compact form, RSA-OAEP-256 and AES-GCM.
 *
 * What we write is as RFC 7516 says (by `jose`). What we read may also come from Mastercard's own libraries, whose
 * tokens have an IV of 16 bytes and a `/` left in base64url, both of which `jose` refuses.
 *
 * @see mastercard, Payload encryption
 */
import { Effect, Result } from "effect"
import { constants, createDecipheriv, createHash, createPublicKey, type KeyObject, privateDecrypt } from "node:crypto"
import * as SigningKey from "./SigningKey.ts"

/** The keys of both directions. */
export interface JweKeys {
  /** Mastercard's: what we encrypt with. */
  readonly publicKey: KeyObject
  /** How Mastercard finds its key again. */
  readonly keyId: string
  /** Ours: what answers are decrypted with. */
  readonly privateKey: KeyObject
}

/** SHA-256 of a public key (SPKI, DER) in hexadecimal: the `kid` that Mastercard expects. */
export const fingerprint = (key: KeyObject): string =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")

/** Reads a public key from PEM text: a certificate or SPKI. The failure says what is wrong with it. */
export const publicKeyFromPem = (pem: string): Result.Result<KeyObject, string> => {
  try {
    const key = createPublicKey(SigningKey.withLineEnds(pem))
    return key.asymmetricKeyType === "rsa"
      ? Result.succeed(key)
      : Result.fail(`it is a key for ${key.asymmetricKeyType}, not for RSA`)
  } catch {
    return Result.fail("it is neither a certificate nor a public key as PEM text")
  }
}

/** Encrypts a JSON text. */
export const encrypt = (json: string, { keyId, publicKey }: JweKeys): Effect.Effect<string> =>
  Effect.promise(async () => {
    // Who has no keys for it need not load it.
    const { CompactEncrypt } = await import("jose")
    return new CompactEncrypt(new TextEncoder().encode(json))
      .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: keyId, cty: "application/json" })
      .encrypt(publicKey)
  })

const CIPHERS: Record<string, "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm"> = {
  A128GCM: "aes-128-gcm",
  A192GCM: "aes-192-gcm",
  A256GCM: "aes-256-gcm"
}

/** Bytes of an authentication tag. A shorter one could be guessed. */
const TAG_BYTES = 16

/** Decrypts a token, whichever library wrote it. The failure says what is wrong and nothing of the content. */
export const decrypt = (token: string, privateKey: KeyObject): Result.Result<string, string> => {
  const parts = token.split(".")
  if (parts.length !== 5) return Result.fail("it has not the five parts of a JWE token")
  const [header = "", ...rest] = parts
  // Node reads both alphabets of base64.
  const [wrappedKey, iv, ciphertext, tag] = rest.map((part) => Buffer.from(part, "base64url"))
  const cipher = cipherOf(header)
  if (cipher === undefined) return Result.fail("its algorithms are not RSA-OAEP-256 and AES-GCM")
  if (!wrappedKey || !iv?.length || !ciphertext || tag?.length !== TAG_BYTES) return Result.fail("it is damaged")
  try {
    const key = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      wrappedKey
    )
    const decipher = createDecipheriv(cipher, key, iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(header, "ascii")).setAuthTag(tag)
    return Result.succeed(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8"))
  } catch {
    return Result.fail("it was not made for our key, or changed on its way")
  }
}

const cipherOf = (encodedHeader: string) => {
  try {
    const header: unknown = JSON.parse(Buffer.from(encodedHeader, "base64url").toString("utf8"))
    if (typeof header !== "object" || header === null || !("alg" in header) || !("enc" in header)) return undefined
    return header.alg === "RSA-OAEP-256" && typeof header.enc === "string" ? CIPHERS[header.enc] : undefined
  } catch {
    return undefined
  }
}
