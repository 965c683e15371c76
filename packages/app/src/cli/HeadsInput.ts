/** Reads heads that were kept, and the keys that sign them. */
import { KeptHeads } from "@pointback/adapters"
import { Effect, Option, type Result } from "effect"
import { readFile } from "node:fs/promises"
import { InvalidInput } from "./Input.ts"

const readText = (flag: string, file: string) =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) =>
      new InvalidInput({ flag, value: file, problem: cause instanceof Error ? cause.message : String(cause) })
  })

/** Does something with the text of a file that a flag names. */
export const withFile = <A>(flag: string, file: string, use: (text: string) => Result.Result<A, string>) =>
  Effect.flatMap(readText(flag, file), (text) =>
    Effect.mapError(Effect.fromResult(use(text)), (problem) => new InvalidInput({ flag, value: file, problem }))
  )

/** Reads the heads that are named, and holds them against the public key where one is named. */
export const read = Effect.fnUntraced(function* (
  heads: Option.Option<string>,
  publicKey: Option.Option<string>
): Effect.fn.Return<KeptHeads.Kept | null, InvalidInput> {
  if (Option.isNone(heads)) {
    if (Option.isNone(publicKey)) return null
    return yield* new InvalidInput({
      flag: "public-key",
      value: publicKey.value,
      problem: "there are no --heads whose signature it could verify"
    })
  }
  const document = yield* withFile("heads", heads.value, KeptHeads.parse)
  if (Option.isNone(publicKey)) return { document, signed: null }
  const signed = yield* withFile("public-key", publicKey.value, (key) => KeptHeads.isSignedBy(document, key))
  return { document, signed }
})
