/** What questions about the past ask and answer. */
import { Ids, Entry } from "@pointback/domain"
import { Schema } from "effect"
import { Amount, At, AtOrNull, Basis, Flag, When } from "./Shapes.ts"

const optional = Schema.optionalKey
const known = { knownAt: optional(When) }
const interval = { from: When, to: When }
const account = { account: optional(Ids.AccountNumber) }

/** The columns of a roll-forward. */
const Column = Schema.Literals(Entry.COLUMNS)

export const StatementQuery = { ...interval, ...known }
export const RollForwardQuery = {
  ...interval,
  ...known,
  ...account,
  cohort: optional(Flag)
}
export const CellQuery = {
  ...interval,
  ...known,
  ...account,
  period: Schema.String.check(Schema.isPattern(/^\d{4}-\d\d$/, { message: "a month such as 2026-01 is expected" })),
  column: Column
}
export const TriangleQuery = {
  ...interval,
  ...known,
  measure: optional(Schema.Literals(["closing", ...Entry.COLUMNS]))
}
export const ScheduleQuery = { asOf: optional(When), ...known, ...account }
export const RestatementQuery = {
  asOf: optional(When),
  basis: optional(Basis),
  knownFrom: When,
  knownTo: When,
  ...account
}

const Program = { program: Schema.String }
const AccountOrAll = { ...Program, account: Schema.NullOr(Schema.String) }
const Interval = { from: At, to: At, knownAt: AtOrNull }

const Row = Schema.Struct({
  period: Schema.String,
  cohort: optional(Schema.String),
  opening: Amount,
  ...Object.fromEntries(Entry.COLUMNS.map((column) => [column, Amount])),
  closing: Amount
})

export const RollForward = Schema.Struct({ ...AccountOrAll, ...Interval, rows: Schema.Array(Row) }).annotate({
  identifier: "RollForward"
})

/** A line of the ledger with its event; without one where no sweep has booked what expired. */
const Line = Schema.Struct({
  at: At,
  account: Schema.String,
  lot: Schema.String,
  column: Column,
  points: Amount,
  eventId: Schema.NullOr(Schema.String),
  type: Schema.NullOr(Schema.String),
  recordedAt: AtOrNull,
  redemption: Schema.NullOr(Schema.String),
  credit: Schema.NullOr(Schema.String)
}).annotate({ identifier: "LedgerLine" })

export const Cell = Schema.Struct({
  ...AccountOrAll,
  period: Schema.String,
  column: Column,
  knownAt: AtOrNull,
  points: Amount,
  events: Schema.Array(Line)
}).annotate({ identifier: "RollForwardCell" })

export const Triangle = Schema.Struct({
  ...Program,
  measure: Schema.String,
  ...Interval,
  rows: Schema.Array(
    Schema.Struct({
      cohort: Schema.String,
      cells: Schema.Array(Schema.Struct({ age: Schema.Int, period: Schema.String, points: Amount }))
    })
  )
}).annotate({ identifier: "Triangle" })

const Expiring = Schema.Array(
  Schema.Struct({ date: Schema.NullOr(Schema.String), points: Amount, lots: Schema.Natural, restored: Amount })
)

export const Schedule = Schema.Struct({
  ...AccountOrAll,
  asOf: At,
  knownAt: AtOrNull,
  total: Amount,
  rows: Expiring
}).annotate({ identifier: "ExpiringSchedule" })

export const Statement = Schema.Struct({
  ...Program,
  account: Schema.String,
  ...Interval,
  opening: Amount,
  lines: Schema.Array(
    Schema.Struct({
      at: At,
      kind: Schema.String,
      points: Amount,
      expired: Amount,
      balance: Amount,
      redemption: Schema.NullOr(Schema.String),
      credit: Schema.NullOr(Schema.String),
      lots: Schema.Array(Schema.Struct({ lot: Schema.String, points: Amount, expired: Amount })),
      eventId: Schema.NullOr(Schema.String),
      recordedAt: AtOrNull
    })
  ),
  closing: Amount,
  expiring: Expiring,
  computedAt: Schema.Struct({ partition: Schema.Natural, position: Schema.Natural, recordedAt: AtOrNull })
}).annotate({ identifier: "AccountStatement" })

const Bucket = Schema.NullOr(
  Schema.Struct({ points: Amount, lots: Schema.Natural, accounts: Schema.Natural, restored: Amount })
)
const Holding = Schema.Struct({ points: Amount, restored: Amount })

export const Restatement = Schema.Struct({
  ...AccountOrAll,
  asOf: At,
  basis: Schema.String,
  knownFrom: At,
  knownTo: At,
  total: Schema.Struct({ before: Amount, after: Amount }),
  buckets: Schema.Array(Schema.Struct({ bucket: Schema.String, before: Bucket, after: Bucket })),
  lots: Schema.Array(
    Schema.Struct({
      account: Schema.String,
      lot: Schema.String,
      earnedAt: At,
      expiresAt: AtOrNull,
      before: Holding,
      after: Holding
    })
  ),
  events: Schema.Array(Line)
}).annotate({ identifier: "Restatement" })
