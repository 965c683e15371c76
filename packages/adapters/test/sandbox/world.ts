/** The real client against the real sandbox. */
import { Instant, Points } from "@pointback/domain"
import { Effect, Redacted, Result, type Scope } from "effect"
import { generateKeyPairSync } from "node:crypto"
import * as Mastercard from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import * as Sandbox from "../../src/sandbox/Sandbox.ts"

/** The account of Mastercard's page. */
export const ACCOUNT = "220094110178641288073796026652"

export const CONSUMER_KEY = "consumer-key!client-id"

export const makeKeys = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" }
  })

/** One pair for all tests of a file: making one takes a tenth of a second. */
export const keys = makeKeys()

export const at = Instant.fromStringUnsafe
export const points = (text: string): bigint => Result.getOrThrow(Points.fromString(text))

/** A lot that never expires. */
export const lot = (lotId: string, amount: string, expiresAt?: string) => ({
  lotId,
  earnedAt: at("2025-01-10T00:00:00Z"),
  expiresAt: expiresAt === undefined ? undefined : at(expiresAt),
  points: points(amount)
})

/** A client of a sandbox; with another key or consumer key where they are given. */
export const clientOf = (url: URL, signingKey = keys.privateKey, consumerKey = CONSUMER_KEY) =>
  Mastercard.make(
    MastercardConfig.make({
      url,
      consumerKey: Redacted.make(consumerKey),
      signingKey: Redacted.make(signingKey)
    })
  )

/** Runs a test in a world of its own. */
export const inWorld = <A, E>(
  options: Partial<Sandbox.SandboxOptions>,
  test: (world: {
    readonly sandbox: Sandbox.Sandbox["Service"]
    readonly client: Mastercard.Mastercard["Service"]
  }) => Effect.Effect<A, E, Scope.Scope>
): Promise<A> =>
  Effect.gen(function* () {
    const sandbox = yield* Sandbox.make({
      consumerKey: Redacted.make(CONSUMER_KEY),
      publicKey: keys.publicKey,
      ...options
    })
    return yield* test({ sandbox, client: yield* clientOf(sandbox.url) })
  }).pipe(Effect.scoped, Effect.runPromise)
