/**
 * Secrets that stand in a file, as orchestrators mount them: where `NAME` is not set, `NAME_FILE` names the file whose text
 * it is. Read once, when it is asked for; redacted from there on.
 */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { readFile, stat } from "node:fs/promises"

/** Bytes of a secret at most: a private key of 16384 bits has 13 thousand as PEM. */
export const MAXIMUM_SECRET_BYTES = 65_536

/** The variable that names the file of a secret. */
export const fileVariable = (variable: string): string => `${variable}_FILE`

/** A secret that cannot be read. Never carries the secret, nor what stands in the place of a path. */
export class SecretUnreadable extends Schema.TaggedError<SecretUnreadable>("@pointback/adapters/SecretUnreadable")(
  "SecretUnreadable",
  { variable: Schema.String, problem: Schema.String }
) {
  override get message() {
    return `${this.variable} cannot be used: ${this.problem}`
  }
}

const variableOf = (variable: string): Effect.Effect<string, SecretUnreadable> =>
  Config.Redacted(variable).pipe(
    Config.option,
    Effect.mapError(() => new SecretUnreadable({ variable, problem: "it cannot be read" })),
    // A file that a variable was filled from ends with a line end more often than not.
    Effect.map(Option.match({ onNone: () => "", onSome: (value) => Redacted.value(value).trim() }))
  )

/** The path of a secret's file, where there is one. Fails where the secret is given twice. */
export const path = Effect.fnUntraced(function* (
  variable: string
): Effect.fn.Return<string | undefined, SecretUnreadable> {
  const named = yield* variableOf(fileVariable(variable))
  if (named === "") return undefined
  if ((yield* variableOf(variable)) === "") return named
  const problem = `${fileVariable(variable)} is set too, and a secret is given once`
  return yield* new SecretUnreadable({ variable, problem })
})

/** The secret of a variable, or of the file that `NAME_FILE` names; undefined where neither is set or both are empty. */
export const secret = Effect.fnUntraced(function* (
  variable: string
): Effect.fn.Return<Redacted.Redacted | undefined, SecretUnreadable> {
  const file = yield* path(variable)
  const text = file === undefined ? yield* variableOf(variable) : yield* content(fileVariable(variable), file)
  return text === "" ? undefined : Redacted.make(text)
})

const content = (variable: string, file: string): Effect.Effect<string, SecretUnreadable> =>
  Effect.tryPromise({
    try: async () =>
      (await stat(file)).size > MAXIMUM_SECRET_BYTES ? undefined : (await readFile(file, "utf8")).trim(),
    // Neither the path nor the error's text: a secret that was given in the place of a path would be printed.
    catch: (cause) => {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable"
      return new SecretUnreadable({ variable, problem: `it is not the path of a file that can be read (${code})` })
    }
  }).pipe(
    Effect.flatMap((text) => {
      if (text !== undefined && text !== "") return Effect.succeed(text)
      const problem = text === "" ? "the file is empty" : `the file has more than ${MAXIMUM_SECRET_BYTES} bytes`
      return Effect.fail(new SecretUnreadable({ variable, problem }))
    })
  )
