/**
 * Private keys from PKCS#12 files (`.p12`), the form in which Mastercard hands them out.
 *
 * Node cannot open such a file itself; node-forge can.
 */
import { Effect, type Redacted } from "effect"

/** What every DER file begins with: a sequence. PEM text begins with a dash. */
const DER_SEQUENCE = 0x30

/** Whether the bytes of a file can be PKCS#12. */
export const isPkcs12 = (bytes: Uint8Array): boolean => bytes[0] === DER_SEQUENCE

/**
 * Takes a private key out of a PKCS#12 file, as PKCS#8 in PEM text. Without an alias it is the key named `keyalias`, or
 * the only one. The failure says what is wrong and carries neither the password nor anything of the key.
 */
export const toPem = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  password: Redacted.Redacted,
  alias?: string
): Effect.fn.Return<Redacted.Redacted, string> {
  const Keystore = yield* Effect.promise(() => import("./Keystore.ts"))
  return yield* Effect.fromResult(Keystore.privateKey(bytes, password, alias))
})
