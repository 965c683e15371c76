/** Who we are, told with each request: by OAuth 1.0a or OAuth 2.0. */
import { Clock, Effect } from "effect"
import { type KeyObject, randomBytes } from "node:crypto"
import type { NotSentCause } from "./MastercardError.ts"
import * as OAuth1 from "./OAuth1.ts"
import type * as Transport from "./Transport.ts"

/** Why a request cannot be authorized. Nothing of it was sent. */
export interface NotAuthorized {
  readonly cause: typeof NotSentCause.Type
  readonly detail: string
}

/**
 * What an answer says about authorization. `anotherProof`: the gateway only asked for a proof with a nonce, so the call
 * certainly had no effect and may go out once more. `anotherToken`: the token is not good any more.
 */
export type Verdict = "settled" | "anotherProof" | "anotherToken"

/** Adds headers to requests. */
export interface Authorizer {
  /** The headers of one attempt, over the very bytes that are sent. */
  readonly headers: (request: OAuth1.Request) => Effect.Effect<Record<string, string>, NotAuthorized>
  /** Takes note of what an answer says about authorization. */
  readonly heed: (answer: Transport.Answer) => Effect.Effect<Verdict>
  /** What must not appear in an error although it was sent. */
  readonly secrets: () => ReadonlyArray<string>
}

/** Bytes of randomness in a nonce: two of the same second never meet. */
const NONCE_BYTES = 16

/** OAuth 1.0a. Each request gets a fresh nonce and timestamp. */
export const oauth1 = (consumerKey: string, key: KeyObject): Authorizer => ({
  headers: (request) =>
    Effect.map(Clock.currentTimeMillis, (millis) => ({
      authorization: OAuth1.authorizationHeader(request, {
        consumerKey,
        key,
        nonce: randomBytes(NONCE_BYTES).toString("hex"),
        timestamp: Math.floor(millis / 1000)
      })
    })),
  heed: () => Effect.succeed("settled"),
  secrets: () => [consumerKey]
})
