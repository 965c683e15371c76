/**
 * Heads of the log as a document that is kept elsewhere: whoever rewrites the log, hashes and all, cannot rewrite these.
 *
 * @see docs/tamper-evidence.md
 */
import { Result, Schema } from "effect"
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"

/** The form of the document. */
const VERSION = 1

const Hash = Schema.String.check(
  Schema.isPattern(/^(?:[0-9a-f]{64})?$/, { message: "must be 64 hex digits, or empty" })
)

/** Where a log partition ended. Before its first event: position 0, an empty hash and no instant. */
const Head = Schema.Struct({
  partition: Schema.Natural,
  position: Schema.Natural,
  recordedAt: Schema.NullOr(Schema.String),
  hash: Hash
}).check(
  Schema.makeFilter(({ hash, position }) => (hash === "") === (position === 0), {
    message: "must have a hash, and none at position 0"
  })
)
/** The head of one log partition: its position, the hash of its last event, and when that was recorded. */
export type KeptHead = typeof Head.Type

/** The heads of all partitions at one moment. */
export const KeptHeads = Schema.Struct({
  pointbackHeads: Schema.Literal(VERSION),
  /** The log's own id, made with its schema. */
  log: Schema.String,
  /** The newest migration of the schema. */
  schema: Schema.String,
  takenAt: Schema.String,
  heads: Schema.Array(Head),
  /** Ed25519 over the document without this field, as JSON without blanks; in base64. */
  signature: Schema.optionalKey(Schema.String)
})
export type KeptHeads = typeof KeptHeads.Type

/** A document that was read again, and whether it bears the signature that was asked for; null where none was. */
export interface Kept {
  readonly document: KeptHeads
  readonly signed: boolean | null
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(KeptHeads))

/** Reads a document; says what is wrong with one that cannot be read. */
export const parse = (text: string): Result.Result<KeptHeads, string> =>
  Result.mapError(decode(text), (error) => `these are no heads that pointback printed: ${error.message}`)

/** Writes a document, one head a line. */
export const print = ({ heads, signature, ...rest }: KeptHeads): string => {
  const lines = heads.map((head) => `    ${JSON.stringify(head)}`).join(",\n")
  const fields = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)
  const signed = signature === undefined ? "" : `,\n  "signature": ${JSON.stringify(signature)}`
  return `{\n${fields.join("")}  "heads": [\n${lines}\n  ]${signed}\n}\n`
}

// The order of the fields is that of the schema, whatever file they come from.
const signedBytes = ({ heads, log, pointbackHeads, schema, takenAt }: KeptHeads): Buffer =>
  Buffer.from(
    JSON.stringify({
      pointbackHeads,
      log,
      schema,
      takenAt,
      heads: heads.map(({ hash, partition, position, recordedAt }) => ({ partition, position, recordedAt, hash }))
    })
  )

const ed25519 = (read: () => KeyObject, kind: string): Result.Result<KeyObject, string> => {
  try {
    const key = read()
    if (key.asymmetricKeyType === "ed25519") return Result.succeed(key)
    return Result.fail(`an Ed25519 key is expected, this one is ${key.asymmetricKeyType}`)
  } catch (cause) {
    return Result.fail(`a ${kind} key in PEM is expected: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** Signs a document with an Ed25519 private key in PEM; says what is wrong with another key. */
export const signed = (document: KeptHeads, privateKey: string): Result.Result<KeptHeads, string> =>
  Result.map(
    ed25519(() => createPrivateKey(privateKey), "private"),
    (key): KeptHeads => ({ ...document, signature: sign(null, signedBytes(document), key).toString("base64") })
  )

/**
 * Whether the document bears a signature that fits it and the Ed25519 public key in PEM; says what is wrong with a key
 * that is none.
 */
export const isSignedBy = (document: KeptHeads, publicKey: string): Result.Result<boolean, string> =>
  Result.map(
    ed25519(() => createPublicKey(publicKey), "public"),
    (key) => verify(null, signedBytes(document), key, Buffer.from(document.signature ?? "", "base64"))
  )
