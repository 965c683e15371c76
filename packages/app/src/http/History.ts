/** What the history of one account asks and answers. */
import { RedemptionEvent, Series as Steps } from "@pointback/domain"
import { Schema } from "effect"
import { Amount, At, AtOrNull, Basis, Paged, When } from "./Shapes.ts"

const optional = Schema.optionalKey
const known = { knownAt: optional(When) }

export const TimelineQuery = { asOf: optional(When), ...known }
export const SeriesQuery = {
  from: When,
  to: optional(When),
  step: optional(Schema.Literals(Steps.STEPS)),
  basis: optional(Basis),
  ...known
}

const OfAccount = { program: Schema.String, account: Schema.String }

export const Series = Schema.Struct({
  ...OfAccount,
  knownAt: AtOrNull,
  basis: Schema.String,
  points: Schema.Array(
    Schema.Struct({
      asOf: At,
      total: Amount,
      buckets: Schema.Array(
        Schema.Struct({ bucket: Schema.String, points: Amount, lots: Schema.Natural, restored: Amount })
      )
    })
  )
}).annotate({ identifier: "AccountSeries" })

/** A step of a timeline; `step` says which, and with it what else it carries. */
const Step = Schema.StructWithRest(Schema.Struct({ step: Schema.String, occurredAt: At }), [
  Schema.Record(Schema.String, Schema.Json)
])

export const Lot = Schema.Struct({
  ...OfAccount,
  asOf: At,
  knownAt: AtOrNull,
  lot: Schema.String,
  earnedAt: At,
  expiresAt: AtOrNull,
  holds: Amount,
  steps: Schema.Array(Step)
}).annotate({ identifier: "LotTimeline" })

const Restored = Schema.Struct({ live: Amount, expired: Amount, extended: Amount })

export const Redemption = Schema.Struct({
  ...OfAccount,
  asOf: At,
  knownAt: AtOrNull,
  redemption: Schema.String,
  type: Schema.String,
  processedBy: Schema.String,
  redeemedAt: At,
  points: Amount,
  credited: Amount,
  remaining: Amount,
  draws: Schema.Array(
    Schema.Struct({ lot: Schema.String, points: Amount, earnedAt: At, expiresAt: AtOrNull, restored: Restored })
  ),
  steps: Schema.Array(Step)
}).annotate({ identifier: "RedemptionTimeline" })

export const RedemptionsQuery = Paged

/** An account's redemptions as they are now. */
export const Redemptions = Schema.Struct({
  ...OfAccount,
  redemptions: Schema.Array(
    Schema.Struct({
      redemption: Schema.String,
      type: RedemptionEvent.RedemptionType,
      processedBy: Schema.String,
      redeemedAt: At,
      points: Amount,
      credited: Amount,
      remaining: Amount,
      inFlight: Amount,
      credit: Schema.NullOr(Schema.String),
      state: Schema.Literals(["outstanding", "creditInFlight", "creditUnknown", "fullyCredited"])
    })
  ),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Redemptions" })
