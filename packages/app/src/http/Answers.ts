/** What questions, files and the system's own addresses answer. */
import { Ids } from "@pointback/domain"
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { ScopeName } from "./Scopes.ts"
import { Amount, At, AtOrNull, Basis, When } from "./Shapes.ts"

const optional = Schema.optionalKey
const Account = { program: Schema.String, account: Schema.String }

/** How a listing goes on: the cursor of its next page, null at its end. */
const Next = { next: Schema.NullOr(Schema.String) }

export const InFlight = Schema.Struct({
  credits: Schema.Array(
    Schema.Struct({
      ...Account,
      redemption: Schema.String,
      creditId: Schema.String,
      points: Amount,
      requestedAt: At,
      state: Schema.Literals(["inFlight", "unknown"]),
      remedy: Schema.String
    })
  ),
  ...Next
}).annotate({ identifier: "CreditsInFlight" })

/** Upper bounds of the buckets in days, such as `30,60,90`; at most as many characters as the longest list has. */
const Boundaries = Schema.String.check(Schema.isMaxLength(1000)).annotate({
  description: "Upper bounds of the buckets in days, such as 30,60,90; without it those of the program's policy"
})

export const AgingQuery = {
  asOf: optional(When),
  knownAt: optional(When),
  basis: optional(Basis),
  boundaries: optional(Boundaries)
}
export const LotsQuery = { asOf: optional(When), knownAt: optional(When), account: optional(Ids.AccountNumber) }

export const Aging = Schema.Struct({
  program: Schema.String,
  account: Schema.NullOr(Schema.String),
  asOf: At,
  knownAt: AtOrNull,
  basis: Basis,
  total: Amount,
  buckets: Schema.Array(
    Schema.Struct({
      bucket: Schema.String,
      points: Amount,
      lots: Schema.Natural,
      accounts: Schema.Natural,
      restored: Amount
    })
  )
}).annotate({ identifier: "Aging" })

export const Lots = Schema.Struct({
  lots: Schema.Array(
    Schema.Struct({
      account: Schema.String,
      lot: Schema.String,
      points: Amount,
      earnedAt: At,
      expiresAt: AtOrNull,
      restored: Amount
    })
  ),
  ...Next
}).annotate({ identifier: "Lots" })

export const Verification = Schema.Struct({
  accounts: Schema.Natural,
  events: Schema.Natural,
  postings: Schema.Natural,
  hashed: Schema.Natural,
  count: Schema.Natural,
  differences: Schema.Array(
    Schema.Struct({
      check: Schema.String,
      program: Schema.NullOr(Schema.String),
      account: Schema.NullOr(Schema.String),
      place: Schema.String,
      problem: Schema.String
    })
  )
}).annotate({ identifier: "Verification" })

const Failure = Schema.Record(Schema.String, Schema.Json)

export const Imported = Schema.Struct({
  records: Schema.Natural,
  accounts: Schema.Natural,
  imported: Schema.Natural,
  replayed: Schema.Natural,
  refusedAccounts: Schema.Natural,
  refused: Schema.Array(Schema.Struct({ ...Account, line: Schema.Natural, error: Failure }))
}).annotate({ identifier: "Imported" })

/** Every credit of the file in the order of its lines, as `pointback credits --report` writes it. */
export const ManyCredited = Schema.Struct({
  credits: Schema.Natural,
  notBegun: Schema.Natural,
  outcomes: Schema.Record(Schema.String, Schema.Natural),
  replayed: Schema.Natural,
  notSent: Schema.Natural,
  points: Amount,
  live: Amount,
  expired: Amount,
  stopped: Schema.NullOr(Schema.Struct({ cause: Schema.String, message: Schema.String })),
  results: Schema.Array(Failure)
}).annotate({ identifier: "ManyCredited" })

export const Health = Schema.Struct({ status: Schema.Literal("ok"), version: Schema.String }).annotate({
  identifier: "Health"
})
export const NotReady = Schema.Struct({ status: Schema.Literal("unavailable"), reason: Schema.String })
  .annotate({ identifier: "NotReady" })
  .pipe(HttpApiSchema.status(503))

export const OwnKey = Schema.Struct({
  name: Schema.String,
  scopes: Schema.Array(ScopeName),
  programs: Schema.Array(Schema.String)
}).annotate({ identifier: "OwnKey", description: '`programs` is ["*"] where the key is for all' })

/** Prometheus' text format. */
export const Exposition = Schema.String.pipe(
  HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4; charset=utf-8" })
)
