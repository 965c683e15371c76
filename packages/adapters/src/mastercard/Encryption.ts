/** Encrypts the bodies of calls that want it, and decrypts their answers. */
import { Effect, Redacted, Result } from "effect"
import * as Json from "../json/Json.ts"
import type { Reader } from "./Answers.ts"
import type { Assumptions } from "./Assumptions.ts"
import * as Jwe from "./Jwe.ts"
import type { Prepared } from "./Prepared.ts"
import * as SigningKey from "./SigningKey.ts"

/** The keys of payload encryption, as texts. */
export interface EncryptionSettings {
  /** Mastercard's key that requests are encrypted with: its certificate, or SPKI, as PEM text. Not a secret. */
  readonly publicKey: string
  /** Our RSA key that answers are decrypted with, PKCS#8 as PEM text. */
  readonly privateKey: Redacted.Redacted
  /** The `kid` of our tokens; the SHA-256 fingerprint of `publicKey` unless given. */
  readonly keyId?: string | undefined
}

/** The settings without which nothing can be encrypted. */
export const MISSING = "POINTBACK_MASTERCARD_ENCRYPTION_KEY and POINTBACK_MASTERCARD_DECRYPTION_KEY"

/** Encryption by settings that are valid. */
export const make = (settings: EncryptionSettings, { encryptedMember }: Assumptions) => {
  const publicKey = Result.getOrThrow(Jwe.publicKeyFromPem(settings.publicKey))
  const keys: Jwe.JweKeys = {
    publicKey,
    keyId: settings.keyId ?? Jwe.fingerprint(publicKey),
    privateKey: Result.getOrThrow(SigningKey.fromPem(Redacted.value(settings.privateKey)))
  }
  return {
    /** Replaces the body of a call by its token. */
    encrypt: (prepared: Result.Result<Prepared, string>): Effect.Effect<Result.Result<Prepared, string>> =>
      Result.isSuccess(prepared)
        ? Effect.map(Jwe.encrypt(Json.stringify(prepared.success.body ?? {}), keys), (token) =>
            Result.succeed({ ...prepared.success, body: { [encryptedMember]: token } })
          )
        : Effect.succeed(prepared),

    /** Reads what a token holds. */
    decrypted:
      <A>(read: Reader<A>): Reader<A> =>
      (body) => {
        const token = Json.isObject(body) ? body[encryptedMember] : undefined
        if (typeof token !== "string") return Result.fail(`missing or wrong: ${encryptedMember}`)
        return Jwe.decrypt(token, keys.privateKey).pipe(
          Result.flatMap((text) => Result.mapError(Json.parse(text), () => "no JSON in it")),
          Result.mapError((problem) => `${encryptedMember}: ${problem}`),
          Result.flatMap(read)
        )
      }
  }
}
