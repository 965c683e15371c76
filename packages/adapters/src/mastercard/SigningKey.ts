/** The RSA private key that signs our requests: PKCS#8 as PEM text, or the path of a file that holds it. */
import { Result } from "effect"
import { createPrivateKey, type KeyObject } from "node:crypto"

/** Bits of an RSA key at least: shorter ones are broken. */
const MINIMUM_KEY_BITS = 2048

/** Bytes of a key file at most: a PEM of 16384 bits has 13 thousand. */
export const MAXIMUM_KEY_FILE_BYTES = 65_536

const BEGIN = "-----BEGIN "

/** Whether a setting holds the key itself and not the path of a file. */
export const isPem = (setting: string): boolean => setting.includes(BEGIN)

/**
 * Reads a key from PEM text. Environment files often carry `\n` in place of line ends: both are read. The failure says
 * what is wrong with the key and nothing of its content.
 */
export const fromPem = (pem: string): Result.Result<KeyObject, string> => {
  const text = pem.replaceAll("\\n", "\n").trim()
  if (!text.startsWith(BEGIN))
    return Result.fail("it is not PEM text; make one with: openssl pkcs12 -in key.p12 -nodes")
  if (text.includes("ENCRYPTED")) return Result.fail("it is encrypted; decrypt it with: openssl pkcs8 -in key.pem")
  if (!text.startsWith(`${BEGIN}PRIVATE KEY-----`)) {
    return Result.fail("it is not PKCS#8; convert it with: openssl pkcs8 -topk8 -nocrypt -in key.pem")
  }
  try {
    return check(createPrivateKey(text))
  } catch {
    // The cause may quote what it could not read.
    return Result.fail("its content is damaged")
  }
}

const check = (key: KeyObject): Result.Result<KeyObject, string> => {
  if (key.asymmetricKeyType !== "rsa") return Result.fail(`it is a key for ${key.asymmetricKeyType}, not for RSA`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return bits < MINIMUM_KEY_BITS
    ? Result.fail(`it has ${bits} bits, at least ${MINIMUM_KEY_BITS} are needed`)
    : Result.succeed(key)
}
