/** What is asked and answered of the whole database. */
import { Schema } from "effect"
import { Verification } from "./Answers.ts"

const optional = Schema.optionalKey

/**
 * Heads as `KeptHeads` of the adapters has them. Written again, since that one signs with what Node has, and whoever only
 * asks over HTTP loads nothing of Node's; what is handed in is read by that one before it is believed.
 */
export const Heads = Schema.Struct({
  pointbackHeads: Schema.Literal(1),
  log: Schema.String,
  schema: Schema.String,
  takenAt: Schema.String,
  heads: Schema.Array(
    Schema.Struct({
      partition: Schema.Natural,
      position: Schema.Natural,
      recordedAt: Schema.NullOr(Schema.String),
      hash: Schema.String
    })
  ),
  signature: optional(Schema.String)
}).annotate({ identifier: "Heads" })

/** Characters of a public key at most: one of Ed25519 has 113. */
const MAXIMUM_PEM = 1000

const PublicKey = Schema.String.check(
  Schema.isMaxLength(MAXIMUM_PEM),
  Schema.isPattern(/^-----BEGIN PUBLIC KEY-----\r?\n/, { message: "an Ed25519 public key in PEM is expected" })
)

export const Verify = Schema.Struct({ heads: optional(Heads), publicKey: optional(PublicKey) }).annotate({
  identifier: "Verify"
})

export const LogVerification = Schema.Struct({
  ...Verification.fields,
  heads: Schema.NullOr(Schema.String)
}).annotate({ identifier: "LogVerification" })

export const Rebuild = Schema.Struct({ check: optional(Schema.Boolean) }).annotate({ identifier: "Rebuild" })

const Table = Schema.Struct({
  rows: Schema.Natural,
  differing: Schema.Natural,
  differences: Schema.Array(
    Schema.Struct({
      table: Schema.String,
      program: Schema.String,
      account: Schema.String,
      place: Schema.String,
      problem: Schema.String
    })
  )
})

export const Rebuilt = Schema.Struct({
  check: Schema.Boolean,
  differing: Schema.Natural,
  tables: Schema.Record(Schema.String, Table)
}).annotate({ identifier: "Rebuilt" })
