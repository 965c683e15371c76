/**
 * The keys that requests are let in by. A file has an entry for each, with the SHA-256 of the key and never the key: a key
 * has 32 random bytes, so nobody finds it from its hash, and no salt or slow hash is needed.
 */
import { Ids } from "@pointback/domain"
import { Effect, Redacted, Schema } from "effect"
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { readFile } from "node:fs/promises"
import { RATE } from "./Limits.ts"
import { ScopeName } from "./Scopes.ts"

/** What a key begins with, so that scanners of leaked secrets can tell it. */
export const PREFIX = "pbk_"

/** Random bytes of a key. */
const KEY_BYTES = 32

/** Requests a minute that an entry may allow at most. */
const MAXIMUM_RATE = 1_000_000

const Hash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/, { message: "64 hexadecimal digits are expected" }))

/** An entry of the file. */
export const ApiKey = Schema.Struct({
  /** The actor of what is recorded with it. */
  name: Ids.Actor,
  sha256: Hash,
  scopes: Schema.Array(ScopeName).check(Schema.isMinLength(1)),
  /** The programs that it is for; `["*"]` for all. */
  programs: Schema.Array(Schema.Union([Schema.Literal("*"), Ids.ProgramId])).check(Schema.isMinLength(1)),
  requestsPerMinute: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAXIMUM_RATE })).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(RATE))
  )
})
export type ApiKey = typeof ApiKey.Type

const KeyFile = Schema.fromJsonString(
  Schema.Struct({
    keys: Schema.Array(ApiKey).check(
      Schema.isMinLength(1),
      Schema.makeFilter((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, {
        message: "every key needs a name of its own"
      })
    )
  })
)

/** The file of keys cannot be used. */
export class ApiKeysUnusable extends Schema.TaggedError<ApiKeysUnusable>()("ApiKeysUnusable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the API keys in ${this.file} cannot be used: ${this.problem}; \`pointback api-key\` makes an entry`
  }
}

/** Reads a file of keys. */
export const read = (file: string): Effect.Effect<ReadonlyArray<ApiKey>, ApiKeysUnusable> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => new ApiKeysUnusable({ file, problem: cause instanceof Error ? cause.message : String(cause) })
  }).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(
        Effect.fromResult(Schema.decodeUnknownResult(KeyFile, { errors: "all", onExcessProperty: "error" })(text)),
        (error) => new ApiKeysUnusable({ file, problem: error.message })
      )
    ),
    Effect.map(({ keys }) => keys)
  )

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Makes a key, and the hash that its entry has. */
export const generate: Effect.Effect<{ readonly key: Redacted.Redacted; readonly sha256: string }> = Effect.sync(() => {
  const key = PREFIX + randomBytes(KEY_BYTES).toString("base64url")
  return { key: Redacted.make(key), sha256: digest(key).toString("hex") }
})

/** Finds the entry of a key. It compares with every entry, in a time that says nothing of any of them. */
export const finder = (keys: ReadonlyArray<ApiKey>): ((credential: Redacted.Redacted) => ApiKey | undefined) => {
  const hashed = keys.map((entry) => ({ entry, hash: Buffer.from(entry.sha256, "hex") }))
  return (credential) => {
    const hash = digest(Redacted.value(credential))
    let found: ApiKey | undefined
    for (const { entry, hash: known } of hashed) {
      if (timingSafeEqual(known, hash)) found = entry
    }
    return found
  }
}

/** Whether a key is for a program; `undefined` where the request names none. */
export const covers = ({ programs }: ApiKey, program: string | undefined): boolean =>
  programs.includes("*") || program === undefined || programs.some((one) => one === program)

/** Whether a key is for all programs, those that there will be included. */
export const coversAll = ({ programs }: ApiKey): boolean => programs.includes("*")
