/** Where Mastercard is called, as whom, and how long is waited. */
import { Config, Duration, Effect, Redacted, Result, Schema } from "effect"
import { readFile, stat } from "node:fs/promises"
import * as Assumptions from "./Assumptions.ts"
import * as SigningKey from "./SigningKey.ts"

/** The settings of the client. The two secrets are never printed, logged or put into an error. */
export interface MastercardConfig {
  /** Such as `https://sandbox.api.mastercard.com/loyalty`: https, or http to this machine; no query, no user. */
  readonly url: URL
  readonly consumerKey: Redacted.Redacted
  /** An RSA private key, PKCS#8 as PEM text. */
  readonly signingKey: Redacted.Redacted
  /** How long a connection may take. A call that has none by then was certainly not sent. */
  readonly connectLimit: Duration.Duration
  /** How long a call may take as a whole, connection and answer included. */
  readonly answerLimit: Duration.Duration
  readonly assumptions: Assumptions.Assumptions
}

/** A handshake needs two or three round trips; what has none after five seconds is down. */
export const DEFAULT_CONNECT_LIMIT = Duration.seconds(5)

/** A gateway gives up after half a minute or so; who gives up earlier makes unknown outcomes of slow successes. */
export const DEFAULT_ANSWER_LIMIT = Duration.seconds(30)

/** A setting that is missing or wrong, named by its environment variable. Never carries the value. */
export class MastercardConfigInvalid extends Schema.TaggedError<MastercardConfigInvalid>()("MastercardConfigInvalid", {
  variable: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.variable} cannot be used: ${this.problem}`
  }
}

/** The environment variables that are read. */
export const VARIABLES = {
  url: "POINTBACK_MASTERCARD_URL",
  consumerKey: "POINTBACK_MASTERCARD_CONSUMER_KEY",
  signingKey: "POINTBACK_MASTERCARD_SIGNING_KEY",
  connectLimit: "POINTBACK_MASTERCARD_CONNECT_LIMIT",
  answerLimit: "POINTBACK_MASTERCARD_ANSWER_LIMIT"
} as const

const invalid = (variable: string, problem: string): MastercardConfigInvalid =>
  new MastercardConfigInvalid({ variable, problem })

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/

/** Whether a host is this machine. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname)

/** Reads the base URL. Fails with what is wrong in words. */
export const readUrl = (text: string): Result.Result<URL, string> => {
  if (!URL.canParse(text)) return Result.fail("a URL such as https://sandbox.api.mastercard.com/loyalty is expected")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return Result.fail("its scheme must be https")
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return Result.fail("it must be https: only this machine may be called by http")
  }
  if (url.username !== "" || url.password !== "") return Result.fail("it must not carry a user or a password")
  if (url.search !== "" || url.hash !== "") return Result.fail("it must not carry a query or a fragment")
  url.pathname = url.pathname.replace(/\/+$/, "")
  return Result.succeed(url)
}

// It stands between quotes in a header, so quotes, blanks and control characters cannot be part of it.
const CONSUMER_KEY = /^[!#-+\--~]{1,256}$/

/** Fails with what is wrong with a configuration however it was made, so that no call meets it later. */
export const validate = (config: MastercardConfig): Result.Result<MastercardConfig, MastercardConfigInvalid> => {
  const url = readUrl(config.url.href)
  if (Result.isFailure(url)) return Result.fail(invalid(VARIABLES.url, url.failure))
  if (!CONSUMER_KEY.test(Redacted.value(config.consumerKey))) {
    return Result.fail(
      invalid(VARIABLES.consumerKey, "1 to 256 visible characters without quotes and commas are expected")
    )
  }
  const key = SigningKey.fromPem(Redacted.value(config.signingKey))
  if (Result.isFailure(key)) return Result.fail(invalid(VARIABLES.signingKey, key.failure))
  for (const name of ["connectLimit", "answerLimit"] as const) {
    const millis = Duration.toMillis(config[name])
    if (!(millis > 0 && Number.isFinite(millis))) return Result.fail(invalid(VARIABLES[name], "a time is expected"))
  }
  return Result.succeed({ ...config, url: url.success })
}

const required = Effect.fnUntraced(function* (
  variable: string
): Effect.fn.Return<Redacted.Redacted, MastercardConfigInvalid> {
  const value = yield* Effect.mapError(Config.Redacted(variable), () => invalid(variable, "it is not set"))
  // A file that a variable was filled from ends with a line end more often than not.
  const text = Redacted.value(value).trim()
  return text === "" ? yield* invalid(variable, "it is empty") : Redacted.make(text)
})

const limit = (variable: string, fallback: Duration.Duration) =>
  Config.Duration(variable).pipe(
    Config.withDefault(fallback),
    Effect.mapError(() => invalid(variable, 'a time such as "30 seconds" is expected'))
  )

const readKeyFile = (path: string): Effect.Effect<string, MastercardConfigInvalid> =>
  Effect.tryPromise({
    try: async () =>
      (await stat(path)).size > SigningKey.MAXIMUM_KEY_FILE_BYTES ? undefined : await readFile(path, "utf8"),
    // Neither the path nor the error's text: a key that was pasted without its first line would be printed.
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable"
      return invalid(VARIABLES.signingKey, `it is neither PEM text nor the path of a file that can be read (${code})`)
    }
  }).pipe(
    Effect.flatMap((pem) =>
      pem === undefined
        ? Effect.fail(
            invalid(VARIABLES.signingKey, `the file has more than ${SigningKey.MAXIMUM_KEY_FILE_BYTES} bytes`)
          )
        : Effect.succeed(pem)
    )
  )

const readSigningKey = Effect.fnUntraced(function* () {
  const setting = Redacted.value(yield* required(VARIABLES.signingKey))
  return Redacted.make(SigningKey.isPem(setting) ? setting : yield* readKeyFile(setting))
})

/**
 * Reads `POINTBACK_MASTERCARD_URL`, `POINTBACK_MASTERCARD_CONSUMER_KEY` and `POINTBACK_MASTERCARD_SIGNING_KEY` (PEM text
 * or the path of a PEM file), and the time limits `POINTBACK_MASTERCARD_CONNECT_LIMIT` and `…_ANSWER_LIMIT` where they
 * are set. Fails with `MastercardConfigInvalid`, which names the variable.
 */
export const fromEnvironment: Effect.Effect<MastercardConfig, MastercardConfigInvalid> = Effect.gen(function* () {
  const text = Redacted.value(yield* required(VARIABLES.url))
  const url = yield* Effect.fromResult(Result.mapError(readUrl(text), (problem) => invalid(VARIABLES.url, problem)))
  return yield* Effect.fromResult(
    validate({
      url,
      consumerKey: yield* required(VARIABLES.consumerKey),
      signingKey: yield* readSigningKey(),
      connectLimit: yield* limit(VARIABLES.connectLimit, DEFAULT_CONNECT_LIMIT),
      answerLimit: yield* limit(VARIABLES.answerLimit, DEFAULT_ANSWER_LIMIT),
      assumptions: Assumptions.defaults
    })
  )
})

/** A configuration from values at hand, with the default limits and assumptions where none are given. */
export const make = (
  settings: Pick<MastercardConfig, "url" | "consumerKey" | "signingKey"> & Partial<MastercardConfig>
): MastercardConfig => ({
  connectLimit: DEFAULT_CONNECT_LIMIT,
  answerLimit: DEFAULT_ANSWER_LIMIT,
  assumptions: Assumptions.defaults,
  ...settings
})
