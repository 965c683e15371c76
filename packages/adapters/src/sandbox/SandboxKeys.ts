/** A throw-away RSA key pair for the demo and for tests: it is made on the spot and never written anywhere. */
import { Effect, Redacted } from "effect"
import { generateKeyPair } from "node:crypto"

/** Both halves of a key pair. */
export interface SandboxKeys {
  /** PKCS#8 as PEM text: what the client signs with. */
  readonly signingKey: Redacted.Redacted
  /** SPKI as PEM text: what the sandbox checks signatures with. */
  readonly publicKey: string
}

/** Bits of the key: the least that the client accepts, since making longer ones takes seconds. */
const MODULUS_LENGTH = 2048

/** Makes a new key pair. Takes some tenths of a second, off the main thread. */
export const generate: Effect.Effect<SandboxKeys> = Effect.callback((resume) => {
  const options = {
    modulusLength: MODULUS_LENGTH,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" }
  } as const
  generateKeyPair("rsa", options, (error, publicKey, privateKey) =>
    resume(
      error === null
        ? Effect.succeed({ signingKey: Redacted.make(privateKey, { label: "signing key" }), publicKey })
        : Effect.die(error)
    )
  )
})
