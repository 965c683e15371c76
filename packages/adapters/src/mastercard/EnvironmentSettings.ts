/** Reads single settings from environment variables and from the files that they name. */
import { Config, type Duration, Effect, Option, Redacted } from "effect"
import { readFile, stat } from "node:fs/promises"
import { invalid, type MastercardConfigInvalid } from "./ConfigInvalid.ts"
import * as SecretFile from "../secret/SecretFile.ts"
import * as Pkcs12 from "./Pkcs12.ts"
import * as SigningKey from "./SigningKey.ts"

type Read<A> = Effect.Effect<A, MastercardConfigInvalid>

const ofMastercard = <A>(read: Effect.Effect<A, SecretFile.SecretUnreadable>): Read<A> =>
  Effect.mapError(read, ({ problem, variable }) => invalid(variable, problem))

/**
 * The value of a variable, or of the file that `<variable>_FILE` names; undefined where neither is set or both are empty.
 * Redacted from the moment it is read.
 */
export const optional = (variable: string): Read<Redacted.Redacted | undefined> =>
  ofMastercard(SecretFile.secret(variable))

const orMissing =
  (variable: string) =>
  (value: Redacted.Redacted | undefined): Read<Redacted.Redacted> =>
    value === undefined
      ? Effect.flatMap(Effect.orElseSucceed(Config.option(Config.Redacted(variable)), Option.none), (set) =>
          Effect.fail(invalid(variable, Option.isSome(set) ? "it is empty" : "it is not set"))
        )
      : Effect.succeed(value)

/** The value of a variable that must be set, or of its file. */
export const required = (variable: string): Read<Redacted.Redacted> =>
  Effect.flatMap(optional(variable), orMissing(variable))

/** A required setting that holds a key or the path of its file, whose bytes need not be text: `<variable>_FILE` is the path. */
export const requiredKey = (variable: string): Read<Redacted.Redacted> =>
  Effect.flatMap(ofMastercard(SecretFile.path(variable)), (path) =>
    path === undefined ? required(variable) : Effect.succeed(Redacted.make(path))
  )

/** The value of a variable that is no secret. */
export const text = (variable: string): Read<string | undefined> =>
  Effect.map(optional(variable), (value) => (value === undefined ? undefined : Redacted.value(value)))

/** A time such as `30 seconds`. */
export const duration = (variable: string, fallback: Duration.Duration): Read<Duration.Duration> =>
  Config.Duration(variable).pipe(
    Config.withDefault(fallback),
    Effect.mapError(() => invalid(variable, 'a time such as "30 seconds" is expected'))
  )

/** A whole number. */
export const count = (variable: string): Read<number | undefined> =>
  Effect.flatMap(text(variable), (value) => {
    if (value === undefined) return Effect.succeed(undefined)
    return /^[0-9]{1,9}$/.test(value)
      ? Effect.succeed(Number(value))
      : Effect.fail(invalid(variable, "a whole number is expected"))
  })

/** Bytes of a file that a variable names. */
export const file = (variable: string, path: string, what: string): Read<Buffer> =>
  Effect.tryPromise({
    try: async () => ((await stat(path)).size > SigningKey.MAXIMUM_KEY_FILE_BYTES ? undefined : await readFile(path)),
    // Neither the path nor the error's text: a key that was pasted without its first line would be printed.
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable"
      return invalid(variable, `it is neither ${what} nor the path of a file that can be read (${code})`)
    }
  }).pipe(
    Effect.flatMap((bytes) =>
      bytes === undefined
        ? Effect.fail(invalid(variable, `the file has more than ${SigningKey.MAXIMUM_KEY_FILE_BYTES} bytes`))
        : Effect.succeed(bytes)
    )
  )

/** The variables of a private key that may stand in a PKCS#12 file. */
export interface KeyVariables {
  readonly key: string
  readonly password: string
  readonly alias: string
}

/** A private key: PEM text, the path of a PEM file, or the path of a PKCS#12 file with its password. */
export const privateKey = Effect.fnUntraced(function* (
  variables: KeyVariables,
  setting: Redacted.Redacted
): Effect.fn.Return<Redacted.Redacted, MastercardConfigInvalid> {
  const value = Redacted.value(setting)
  if (SigningKey.isPem(value)) return setting
  const bytes = yield* file(variables.key, value, "PEM text")
  if (!Pkcs12.isPkcs12(bytes)) return Redacted.make(bytes.toString("utf8"))
  const password = (yield* optional(variables.password)) ?? Redacted.make("")
  return yield* Effect.mapError(Pkcs12.toPem(bytes, password, yield* text(variables.alias)), (problem) =>
    invalid(problemOf(variables, problem), problem)
  )
})

const problemOf = ({ alias, key, password }: KeyVariables, problem: string): string => {
  if (problem.includes("password")) return password
  return problem.includes("named") ? alias : key
}

/** A public key or a JSON text, or the path of a file that holds it. */
export const content = (
  variable: string,
  setting: string,
  isContent: (text: string) => boolean,
  what: string
): Read<string> =>
  isContent(setting)
    ? Effect.succeed(setting)
    : Effect.map(file(variable, setting, what), (bytes) => bytes.toString("utf8"))
