/** The private key that signs our requests: PKCS#8 as PEM text. */
import { Result } from "effect"
import { createPrivateKey, type KeyObject } from "node:crypto"

/** Bits of an RSA key at least: shorter ones are broken. */
const MINIMUM_KEY_BITS = 2048

/** Bytes of a key file at most: a PEM of 16384 bits has 13 thousand. */
export const MAXIMUM_KEY_FILE_BYTES = 65_536

/** The curve of ES256, as OpenSSL names it. */
const P256 = "prime256v1"

const BEGIN = "-----BEGIN "

/** Whether a setting holds the key itself and not the path of a file. */
export const isPem = (setting: string): boolean => setting.includes(BEGIN)

/** Environment files often carry `\n` in place of line ends. */
export const withLineEnds = (pem: string): string => pem.replaceAll("\\n", "\n").trim()

/**
 * Reads an RSA key from PEM text. The failure says what is wrong with the key and nothing of its content.
 */
export const fromPem = (pem: string): Result.Result<KeyObject, string> =>
  Result.flatMap(read(pem), (key) =>
    key.asymmetricKeyType === "rsa"
      ? checkBits(key)
      : Result.fail(`it is a key for ${key.asymmetricKeyType}, not for RSA`)
  )

/** Reads a key for OAuth 2.0 from PEM text: RSA (signs with PS256) or P-256 (signs with ES256). */
export const fromPemForOAuth2 = (pem: string): Result.Result<KeyObject, string> =>
  Result.flatMap(read(pem), (key) => {
    if (key.asymmetricKeyType === "rsa") return checkBits(key)
    return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === P256
      ? Result.succeed(key)
      : Result.fail(`it is a key for ${key.asymmetricKeyType}, not for RSA and not for the curve P-256`)
  })

const read = (pem: string): Result.Result<KeyObject, string> => {
  const text = withLineEnds(pem)
  if (!text.startsWith(BEGIN)) return Result.fail("it is neither PEM text nor a PKCS#12 file")
  if (text.includes("ENCRYPTED")) return Result.fail("it is encrypted; decrypt it with: openssl pkcs8 -in key.pem")
  if (!text.startsWith(`${BEGIN}PRIVATE KEY-----`)) {
    return Result.fail("it is not PKCS#8; convert it with: openssl pkcs8 -topk8 -nocrypt -in key.pem")
  }
  try {
    return Result.succeed(createPrivateKey(text))
  } catch {
    // The cause may quote what it could not read.
    return Result.fail("its content is damaged")
  }
}

const checkBits = (key: KeyObject): Result.Result<KeyObject, string> => {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  return bits < MINIMUM_KEY_BITS
    ? Result.fail(`it has ${bits} bits, at least ${MINIMUM_KEY_BITS} are needed`)
    : Result.succeed(key)
}
