/** Where Mastercard is called, as whom, how long is waited, and how much is asked at once. */
import { Duration, Effect, Redacted, Result } from "effect"
import * as Assumptions from "./Assumptions.ts"
import * as AssumptionsFile from "./AssumptionsFile.ts"
import { readUrl } from "./BaseUrl.ts"
import { invalid, MastercardConfigInvalid, VARIABLES } from "./ConfigInvalid.ts"
import type { EncryptionSettings } from "./Encryption.ts"
import * as Environment from "./EnvironmentSettings.ts"
import * as Jwe from "./Jwe.ts"
import type { OAuth2Settings } from "./OAuth2.ts"
import * as SigningKey from "./SigningKey.ts"
import * as Traffic from "./Traffic.ts"

export { MastercardConfigInvalid, VARIABLES }

/** The settings of the client. Secrets are never printed, logged or put into an error. */
export interface MastercardConfig {
  /** Such as `https://sandbox.api.mastercard.com/loyalty`: https, or http to this machine; no query, no user. */
  readonly url: URL
  /** Who signs by OAuth 1.0a. Not needed for OAuth 2.0. */
  readonly consumerKey: Redacted.Redacted | undefined
  /** The private key, PKCS#8 as PEM text: RSA; for OAuth 2.0 also P-256. */
  readonly signingKey: Redacted.Redacted
  /** With them OAuth 2.0 is spoken, without them OAuth 1.0a. */
  readonly oauth2: OAuth2Settings | undefined
  /** The keys of `POST /redeemers/search`, the only call that is encrypted. */
  readonly encryption: EncryptionSettings | undefined
  /**
   * How long after it was asked for a call may still go out; later it fails and was not sent. So a call is over when
   * this and `answerLimit` have passed, which must be less than what settling takes for the longest processing time.
   */
  readonly startLimit: Duration.Duration
  /** How long a connection may take. A call that has none by then was certainly not sent. */
  readonly connectLimit: Duration.Duration
  /** How long a call may take as a whole, connection and answer included, waiting for its turn not. */
  readonly answerLimit: Duration.Duration
  readonly traffic: Traffic.TrafficLimits
  readonly assumptions: Assumptions.Assumptions
}

/** Long enough for a queue that moves; a minute later nobody waits for the answer any more. */
export const DEFAULT_START_LIMIT = Duration.seconds(60)

/** A handshake needs two or three round trips; what has none after five seconds is down. */
export const DEFAULT_CONNECT_LIMIT = Duration.seconds(5)

/** A gateway gives up after half a minute or so; who gives up earlier makes unknown outcomes of slow successes. */
export const DEFAULT_ANSWER_LIMIT = Duration.seconds(30)

const URL_EXAMPLE = "https://sandbox.api.mastercard.com/loyalty"

const TOKEN_URL_EXAMPLE = "https://sandbox.api.mastercard.com/oauth/token"

// They stand between quotes in a header, so quotes, blanks and control characters cannot be part of them.
const VISIBLE = /^[!#-+\--~]{1,256}$/

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/

const VISIBLE_EXPECTED = "1 to 256 visible characters without quotes and commas are expected"

type Check = Result.Result<unknown, MastercardConfigInvalid>

const demand = (isRight: boolean, variable: string, problem: string): Check =>
  isRight ? Result.succeed(undefined) : Result.fail(invalid(variable, problem))

const named = (variable: string, result: Result.Result<unknown, string>): Check =>
  Result.mapError(result, (problem) => invalid(variable, problem))

/** Fails with what is wrong with a configuration however it was made, so that no call meets it later. */
export const validate = (config: MastercardConfig): Result.Result<MastercardConfig, MastercardConfigInvalid> => {
  const url = Result.mapError(readUrl(config.url.href, URL_EXAMPLE), (problem) => invalid(VARIABLES.url, problem))
  const checks: ReadonlyArray<() => Check> = [
    () => url,
    ...(config.oauth2 === undefined ? oauth1Checks(config) : oauth2Checks(config, config.oauth2)),
    ...encryptionChecks(config.encryption),
    () => timeCheck(VARIABLES.startLimit, config.startLimit),
    () => timeCheck(VARIABLES.connectLimit, config.connectLimit),
    () => timeCheck(VARIABLES.answerLimit, config.answerLimit),
    ...trafficChecks(config.traffic),
    () => named(VARIABLES.assumptions, AssumptionsFile.validate(config.assumptions))
  ]
  for (const check of checks) {
    const result = check()
    if (Result.isFailure(result)) return Result.fail(result.failure)
  }
  return Result.map(url, (url) => ({ ...config, url }))
}

const oauth1Checks = ({ consumerKey, signingKey }: MastercardConfig): ReadonlyArray<() => Check> => [
  () =>
    consumerKey === undefined
      ? demand(false, VARIABLES.consumerKey, "it is not set")
      : demand(VISIBLE.test(Redacted.value(consumerKey)), VARIABLES.consumerKey, VISIBLE_EXPECTED),
  () => named(VARIABLES.signingKey, SigningKey.fromPem(Redacted.value(signingKey)))
]

const oauth2Checks = ({ signingKey }: MastercardConfig, oauth2: OAuth2Settings): ReadonlyArray<() => Check> => [
  () => demand(VISIBLE.test(Redacted.value(oauth2.clientId)), VARIABLES.clientId, VISIBLE_EXPECTED),
  () => demand(VISIBLE.test(oauth2.keyId), VARIABLES.keyId, VISIBLE_EXPECTED),
  () => named(VARIABLES.tokenUrl, readUrl(oauth2.tokenUrl.href, TOKEN_URL_EXAMPLE)),
  () => demand(VISIBLE.test(oauth2.issuer), VARIABLES.issuer, VISIBLE_EXPECTED),
  () =>
    demand(
      oauth2.scopes.every((scope) => SCOPE.test(scope)),
      VARIABLES.scopes,
      "scopes with blanks between them are expected"
    ),
  () => named(VARIABLES.signingKey, SigningKey.fromPemForOAuth2(Redacted.value(signingKey)))
]

const encryptionChecks = (encryption: EncryptionSettings | undefined): ReadonlyArray<() => Check> =>
  encryption === undefined
    ? []
    : [
        () => named(VARIABLES.encryptionKey, Jwe.publicKeyFromPem(encryption.publicKey)),
        () => named(VARIABLES.decryptionKey, SigningKey.fromPem(Redacted.value(encryption.privateKey))),
        () =>
          demand(
            encryption.keyId === undefined || VISIBLE.test(encryption.keyId),
            VARIABLES.encryptionKeyId,
            VISIBLE_EXPECTED
          )
      ]

const timeCheck = (variable: string, time: Duration.Duration): Check => {
  const millis = Duration.toMillis(time)
  return demand(millis > 0 && Number.isFinite(millis), variable, "a time is expected")
}

const trafficChecks = (traffic: Traffic.TrafficLimits): ReadonlyArray<() => Check> => [
  () => countCheck(VARIABLES.maximumInFlight, traffic.maximumInFlight),
  () => countCheck(VARIABLES.maximumWaiting, traffic.maximumWaiting),
  () => countCheck(VARIABLES.callsPerInterval, traffic.callsPerInterval ?? 1),
  () => timeCheck(VARIABLES.interval, traffic.interval),
  () => countCheck(VARIABLES.failuresUntilPause, traffic.failuresUntilPause ?? 1),
  () => timeCheck(VARIABLES.pause, traffic.pause)
]

const countCheck = (variable: string, count: number): Check =>
  demand(Number.isSafeInteger(count) && count > 0, variable, "a whole number above zero is expected")

/** What `make` needs, and what it has defaults for. */
export type MastercardSettings = Pick<MastercardConfig, "url" | "signingKey"> &
  Partial<Omit<MastercardConfig, "traffic" | "assumptions">> & {
    readonly traffic?: Partial<Traffic.TrafficLimits>
    readonly assumptions?: Partial<Assumptions.Assumptions>
  }

/**
 * A configuration from values at hand, with defaults for what is not given. It is checked when a client is built from
 * it.
 */
export const make = (settings: MastercardSettings): MastercardConfig => ({
  consumerKey: undefined,
  oauth2: undefined,
  encryption: undefined,
  startLimit: DEFAULT_START_LIMIT,
  connectLimit: DEFAULT_CONNECT_LIMIT,
  answerLimit: DEFAULT_ANSWER_LIMIT,
  ...settings,
  traffic: { ...Traffic.defaults, ...settings.traffic },
  assumptions: { ...Assumptions.defaults, ...settings.assumptions }
})

/** The token endpoint that belongs to a base URL: `/oauth/token` of the same host. */
export const defaultTokenUrl = (url: URL): URL => new URL("/oauth/token", url)

/**
 * Reads the environment variables of `VARIABLES`. Fails with `MastercardConfigInvalid`, which names the variable.
 */
export const fromEnvironment: Effect.Effect<MastercardConfig, MastercardConfigInvalid> = Effect.gen(function* () {
  const url = yield* urlOf(VARIABLES.url, Redacted.value(yield* Environment.required(VARIABLES.url)), URL_EXAMPLE)
  const oauth2 = yield* readOAuth2(url)
  return yield* Effect.fromResult(
    validate({
      url,
      oauth2,
      consumerKey: oauth2 === undefined ? yield* Environment.required(VARIABLES.consumerKey) : undefined,
      signingKey: yield* Environment.privateKey(SIGNING, yield* Environment.requiredKey(VARIABLES.signingKey)),
      encryption: yield* readEncryption,
      startLimit: yield* Environment.duration(VARIABLES.startLimit, DEFAULT_START_LIMIT),
      connectLimit: yield* Environment.duration(VARIABLES.connectLimit, DEFAULT_CONNECT_LIMIT),
      answerLimit: yield* Environment.duration(VARIABLES.answerLimit, DEFAULT_ANSWER_LIMIT),
      traffic: yield* readTraffic,
      assumptions: yield* readAssumptions
    })
  )
})

const SIGNING: Environment.KeyVariables = {
  key: VARIABLES.signingKey,
  password: VARIABLES.signingKeyPassword,
  alias: VARIABLES.signingKeyAlias
}

const DECRYPTION: Environment.KeyVariables = {
  key: VARIABLES.decryptionKey,
  password: VARIABLES.decryptionKeyPassword,
  alias: VARIABLES.decryptionKeyAlias
}

const urlOf = (variable: string, text: string, example: string) =>
  Effect.fromResult(Result.mapError(readUrl(text, example), (problem) => invalid(variable, problem)))

const readOAuth2 = Effect.fnUntraced(function* (url: URL) {
  const authentication = (yield* Environment.text(VARIABLES.authentication)) ?? "oauth1"
  if (authentication === "oauth1") return undefined
  if (authentication !== "oauth2") return yield* invalid(VARIABLES.authentication, "oauth1 or oauth2 is expected")
  const tokenUrl = yield* Environment.text(VARIABLES.tokenUrl)
  const tokens =
    tokenUrl === undefined ? defaultTokenUrl(url) : yield* urlOf(VARIABLES.tokenUrl, tokenUrl, TOKEN_URL_EXAMPLE)
  return {
    clientId: yield* Environment.required(VARIABLES.clientId),
    keyId: Redacted.value(yield* Environment.required(VARIABLES.keyId)),
    tokenUrl: tokens,
    issuer: (yield* Environment.text(VARIABLES.issuer)) ?? tokens.origin,
    scopes: ((yield* Environment.text(VARIABLES.scopes)) ?? "").split(/\s+/).filter((scope) => scope !== "")
  }
})

const readEncryption = Effect.gen(function* () {
  const setting = yield* Environment.text(VARIABLES.encryptionKey)
  if (setting === undefined) return undefined
  return {
    publicKey: yield* Environment.content(VARIABLES.encryptionKey, setting, SigningKey.isPem, "PEM text"),
    privateKey: yield* Environment.privateKey(DECRYPTION, yield* Environment.requiredKey(VARIABLES.decryptionKey)),
    keyId: yield* Environment.text(VARIABLES.encryptionKeyId)
  }
})

// Zero switches a limit off.
const limitOf = (count: number | undefined, fallback: number | undefined): number | undefined =>
  count === undefined ? fallback : count === 0 ? undefined : count

const readTraffic = Effect.gen(function* () {
  const { callsPerInterval, failuresUntilPause, interval, maximumInFlight, maximumWaiting, pause } = Traffic.defaults
  return {
    maximumInFlight: (yield* Environment.count(VARIABLES.maximumInFlight)) ?? maximumInFlight,
    maximumWaiting: (yield* Environment.count(VARIABLES.maximumWaiting)) ?? maximumWaiting,
    callsPerInterval: limitOf(yield* Environment.count(VARIABLES.callsPerInterval), callsPerInterval),
    interval: yield* Environment.duration(VARIABLES.interval, interval),
    failuresUntilPause: limitOf(yield* Environment.count(VARIABLES.failuresUntilPause), failuresUntilPause),
    pause: yield* Environment.duration(VARIABLES.pause, pause)
  }
})

const readAssumptions = Effect.gen(function* () {
  const setting = yield* Environment.text(VARIABLES.assumptions)
  if (setting === undefined) return Assumptions.defaults
  const json = yield* Environment.content(VARIABLES.assumptions, setting, (text) => text.startsWith("{"), "JSON")
  return yield* Effect.fromResult(
    Result.mapError(AssumptionsFile.fromJson(json), (problem) => invalid(VARIABLES.assumptions, problem))
  )
})
