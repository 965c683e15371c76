/** The JSON that the HTTP API takes and answers: the shapes of the command line's `--json`. */
import { Ids, Points, Policy, RedemptionEvent, Text, Zone } from "@pointback/domain"
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { MAXIMUM_IN_FLIGHT } from "../bulk/InFlight.ts"
import { LotPoints, Moment } from "../import/ImportRecord.ts"
import { MAXIMUM_PAGE } from "./Limits.ts"

const described = (description: string) => Schema.String.annotate({ description })

/** An amount in answers. */
export const Amount = described('A plain decimal string, such as "96173827.88"')
/** An instant in answers. */
export const At = described("An ISO 8601 instant in UTC")
export const AtOrNull = Schema.NullOr(At)

/** An instant with a zone, or a calendar date: its first instant in the program's zone. */
export const When = Moment.annotate({
  description: "An ISO 8601 instant with a zone, or a date: its first instant in the program's zone"
})

/** Whether points are counted by the days since they were earned or until they expire. */
export const Basis = Schema.Literals(["age", "to-expiry"])

/** Yes or no in a query. */
export const Flag = Schema.Literals(["true", "false"])

const optional = Schema.optionalKey

/** What bodies carry. Amounts are decimal strings of any sign: the domain says which it takes. */
export const Earn = Schema.Struct({
  lot: Ids.EarnedLotId,
  points: Points.Signed,
  earnedAt: When,
  expiresAt: optional(Schema.NullOr(When)),
  source: optional(Text.Note),
  at: optional(When)
}).annotate({ identifier: "Earn" })

export const Adjust = Schema.Struct({
  lot: Ids.LotId,
  points: Points.Signed,
  reason: Text.Note,
  key: optional(Text.Identifier),
  at: optional(When)
}).annotate({ identifier: "Adjust" })

export const Redeem = Schema.Struct({
  redemption: Ids.RedemptionId,
  points: Points.Signed,
  type: RedemptionEvent.RedemptionType,
  processedBy: Ids.ProcessedBy,
  at: optional(When),
  draws: optional(Schema.Array(LotPoints).check(Schema.isMinLength(1)))
}).annotate({ identifier: "Redeem" })

export const Credit = Schema.Struct({
  creditId: Ids.CreditId,
  points: optional(Points.Signed),
  lots: optional(Schema.Array(LotPoints).check(Schema.isMinLength(1))),
  at: optional(When),
  local: optional(Schema.Boolean)
}).annotate({ identifier: "Credit" })

export const Alias = Schema.Struct({ newAccount: Ids.AccountNumber, at: optional(When) }).annotate({
  identifier: "Alias"
})
export const Erase = Schema.Struct({ reason: Text.Note }).annotate({ identifier: "Erase" })
export const Expire = Schema.Struct({ asOf: When }).annotate({ identifier: "Expire" })
export const Decide = Schema.Struct({
  decision: Schema.Literals(["confirm", "release"]),
  reason: Text.Note
}).annotate({ identifier: "Decide" })
export const Settle = Schema.Struct({
  olderThanSeconds: optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 31_536_000 }))),
  absent: optional(Schema.Literals(["release", "repeat"]))
}).annotate({ identifier: "Settle" })

/** What listings carry. */
export const Paged = {
  limit: optional(
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: MAXIMUM_PAGE }))
  ),
  cursor: optional(Schema.String.check(Schema.isMaxLength(400)))
}

/** How many credits are in flight at once. */
export const InFlightCount = optional(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: MAXIMUM_IN_FLIGHT }))
)

const Earned = { lot: Schema.String, points: Amount, earnedAt: At, expiresAt: AtOrNull }
const Known = { replayed: Schema.Boolean }
const Account = { program: Schema.String, account: Schema.String }

export const Earning = Schema.Struct({ ...Account, ...Earned, ...Known }).annotate({ identifier: "Earned" })
export const Adjusted = Schema.Struct({
  ...Account,
  lot: Schema.String,
  points: Amount,
  reason: Schema.String,
  key: Schema.String,
  occurredAt: At,
  ...Known
}).annotate({ identifier: "Adjusted" })
export const Redeemed = Schema.Struct({
  redemption: Schema.String,
  points: Amount,
  draws: Schema.Array(Schema.Struct(Earned)),
  balance: Amount
}).annotate({ identifier: "Redeemed" })
export const Aliased = Schema.Struct({ ...Account, newAccount: Schema.String, ...Known }).annotate({
  identifier: "Aliased"
})
export const Erased = Schema.Struct({ ...Account, erasedAt: At }).annotate({ identifier: "Erased" })
export const Swept = Schema.Struct({
  program: Schema.NullOr(Schema.String),
  asOf: At,
  accounts: Schema.Natural,
  lots: Schema.Natural,
  points: Amount
}).annotate({ identifier: "Swept" })

const crediting = <const Outcomes extends ReadonlyArray<string>>(outcomes: Outcomes) => ({
  creditId: Schema.String,
  redemption: Schema.String,
  outcome: Schema.Literals(outcomes),
  points: Amount,
  live: Amount,
  expired: Amount,
  remaining: Amount,
  restorations: Schema.Array(
    Schema.Struct({
      ...Earned,
      fate: Schema.Literals(["live", "expired", "extended"]),
      from: optional(Schema.String)
    })
  ),
  replayed: Schema.Boolean,
  mastercard: Schema.NullOr(RedemptionEvent.MastercardAnswer)
})

/** A credit that is booked. */
export const Credited = Schema.Struct(crediting(["PartiallyCredited", "FullyCredited"])).annotate({
  identifier: "Credited"
})

/** A credit of which nobody knows yet what became; its points are held until it is settled. */
export const CreditUnknown = Schema.Struct({ ...crediting(["CreditOutcomeUnknown"]), cause: Schema.String })
  .annotate({ identifier: "CreditUnknown" })
  .pipe(HttpApiSchema.status(202))

/** A credit that never happened: what a person released. */
export const CreditReleased = Schema.Struct({
  ...crediting(["CreditDeclined"]),
  reasons: Schema.Array(RedemptionEvent.DeclineReason)
}).annotate({ identifier: "CreditReleased" })

export const Settled = Schema.Struct({
  credits: Schema.Array(
    Schema.Struct({
      ...Account,
      redemption: Schema.String,
      creditId: Schema.String,
      points: Amount,
      requestedAt: At,
      result: Schema.String,
      reason: Schema.NullOr(Schema.String),
      detail: Schema.NullOr(Schema.String),
      certainFrom: AtOrNull
    })
  ),
  confirmed: Schema.Natural,
  released: Schema.Natural,
  repeated: Schema.Natural,
  decidedMeanwhile: Schema.Natural,
  open: Schema.Natural,
  young: Schema.Natural
}).annotate({ identifier: "Settled" })

const Fate = Schema.String.check(
  Schema.isPattern(/^(expire|refuse|extend:\d{1,5})$/, { message: "expire, extend:<days> or refuse is expected" })
)
export const PolicyChange = Schema.Struct({
  scale: optional(Policy.Policy.fields.scale),
  zone: optional(Zone.Zone),
  expiredLots: optional(Fate),
  creditWindowDays: optional(Policy.Policy.fields.creditWindowDays),
  agingBoundaries: optional(Policy.Policy.fields.agingBoundaries)
}).annotate({ identifier: "PolicyChange" })
export const Program = Schema.Struct({
  program: Schema.String,
  version: Schema.Natural,
  scale: Schema.Natural,
  zone: Schema.String,
  expiredLots: Schema.String,
  creditWindowDays: Schema.NullOr(Schema.Natural),
  agingBoundaries: Schema.Array(Schema.Natural)
}).annotate({ identifier: "Program" })
