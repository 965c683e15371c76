/** How the sandbox's tokens, searches and cash are set up. */
import { Duration, Effect, Redacted } from "effect"
import { createPublicKey, type KeyObject } from "node:crypto"
import type { Extras } from "./SandboxExtras.ts"
import type { JweStyle } from "./SandboxJwe.ts"
import { SandboxNotStarted } from "./SandboxNotStarted.ts"
import * as Search from "./SandboxSearch.ts"

/** What may be set. */
export interface SandboxExtrasOptions {
  /** The client id of OAuth 2.0; the consumer key by default. */
  readonly clientId?: Redacted.Redacted
  /** The key id that assertions must name; any by default. */
  readonly keyId?: string
  /** The key that assertions are checked with (RSA or P-256), SPKI as PEM text; the one of OAuth 1.0a by default. */
  readonly assertionKey?: string
  /** How long a token is good for, 15 minutes by default. */
  readonly tokenLifetime?: Duration.Duration
  /** How long a nonce is good for; proofs need none by default. */
  readonly nonceLifetime?: Duration.Duration
  /** The RSA key that answers are encrypted with, SPKI as PEM text; the one of OAuth 1.0a by default. */
  readonly clientEncryptionKey?: string
  /** How answers are encrypted: by the standard, as by default, or as Mastercard's libraries do it. */
  readonly jweStyle?: JweStyle
  /** Points that one unit of the program's currency costs, 100 by default. */
  readonly pointsPerCash?: bigint
}

const DEFAULT_TOKEN_LIFETIME = Duration.minutes(15)

const DEFAULT_POINTS_PER_CASH = 100n

/** Nothing known yet. Fails where a key cannot be read. */
export const make = (
  { consumerKey, tolerance }: { readonly consumerKey: Redacted.Redacted; readonly tolerance?: Duration.Duration },
  options: SandboxExtrasOptions,
  publicKey: KeyObject
): Effect.Effect<Extras, SandboxNotStarted> =>
  Effect.try({
    try: () => ({
      oauth2: {
        clientId: Redacted.value(options.clientId ?? consumerKey),
        keyId: options.keyId,
        publicKey: options.assertionKey === undefined ? publicKey : createPublicKey(options.assertionKey),
        tolerance: Duration.toSeconds(tolerance ?? Duration.minutes(5)),
        tokenLifetime: Duration.toSeconds(options.tokenLifetime ?? DEFAULT_TOKEN_LIFETIME),
        nonceLifetime: options.nonceLifetime === undefined ? undefined : Duration.toSeconds(options.nonceLifetime),
        tokens: new Map(),
        seen: new Map(),
        nonce: undefined
      },
      search: Search.make(
        options.clientEncryptionKey === undefined ? publicKey : createPublicKey(options.clientEncryptionKey),
        options.jweStyle ?? "standard"
      ),
      addresses: new Map(),
      fulfilments: new Map(),
      pointsPerCash: options.pointsPerCash ?? DEFAULT_POINTS_PER_CASH
    }),
    catch: () => new SandboxNotStarted({ problem: "a public key is not SPKI as PEM text" })
  })
