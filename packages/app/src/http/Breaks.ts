/** What is asked and answered of reconciliations and their breaks. */
import { Ids, ReconciliationBreak, Text } from "@pointback/domain"
import { Schema } from "effect"
import { GROUPINGS } from "../reconcile/Groupings.ts"
import { Amount, At, AtOrNull, Flag, Paged, When } from "./Shapes.ts"

const optional = Schema.optionalKey

/** The id of a break. */
export const BreakId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{1,64}$/, { message: "the id of a break is expected, in hexadecimal digits" })
)
const RunId = Schema.String.check(
  Schema.isPattern(/^[\w.:@/-]{1,128}$/, { message: "1 to 128 letters, digits and . : @ / - _ are expected" })
)

export const Params = { program: Ids.ProgramId, break: BreakId }
export const Query = {
  run: optional(RunId),
  type: optional(Schema.Literals(ReconciliationBreak.BREAK_TYPES)),
  all: optional(Flag),
  ...Paged
}
export const Accept = Schema.Struct({ reason: Text.Note }).annotate({ identifier: "AcceptBreak" })
export const RunQuery = { run: optional(RunId), at: optional(When), dryRun: optional(Flag), apply: optional(Flag) }
export const Run = Schema.Struct({
  run: optional(RunId),
  at: optional(When),
  dryRun: optional(Schema.Boolean),
  apply: optional(Schema.Boolean)
}).annotate({ identifier: "ReconciliationRun" })

export const GroupsQuery = {
  by: Schema.Literals(GROUPINGS),
  run: optional(RunId),
  type: optional(Schema.Literals(ReconciliationBreak.BREAK_TYPES)),
  all: optional(Flag)
}

export const Groups = Schema.Struct({
  by: Schema.String,
  groups: Schema.Array(Schema.Struct({ group: Schema.String, breaks: Schema.Natural, points: Amount }))
}).annotate({ identifier: "BreakGroups" })

export const Runs = Schema.Struct({
  runs: Schema.Array(
    Schema.Struct({
      run: Schema.String,
      source: Schema.String,
      at: At,
      startedAt: At,
      finishedAt: AtOrNull,
      records: Schema.Struct({ here: Schema.Natural, there: Schema.Natural }),
      matched: Schema.Natural,
      parked: Schema.Natural
    })
  ),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ReconciliationRuns" })

const Evidence = Schema.Array(Schema.Record(Schema.String, Schema.Json))

const fields = {
  id: Schema.String,
  type: Schema.String,
  account: Schema.String,
  redemption: Schema.NullOr(Schema.String),
  credit: Schema.NullOr(Schema.String),
  points: Schema.NullOr(Amount),
  here: Evidence,
  there: Evidence,
  age: Schema.Natural,
  firstSeen: At,
  lastSeen: At,
  remedy: Schema.String,
  reason: Schema.String
}
const stated = { ...fields, state: Schema.Literals(["open", "closed", "accepted"]), run: Schema.String }

export const Page = Schema.Struct({
  breaks: Schema.Array(Schema.Struct(stated)),
  next: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Breaks" })

export const WithHistory = Schema.Struct({
  ...stated,
  history: Schema.Array(Schema.Record(Schema.String, Schema.Json))
}).annotate({ identifier: "BreakWithHistory" })

export const Accepted = Schema.Struct({
  id: Schema.String,
  state: Schema.Literal("accepted"),
  actor: Schema.String,
  reason: Schema.String
}).annotate({ identifier: "AcceptedBreak" })

export const Reconciled = Schema.Struct({
  run: Schema.NullOr(Schema.String),
  program: Schema.String,
  source: Schema.String,
  at: At,
  records: Schema.Struct({ here: Schema.Natural, there: Schema.Natural }),
  matched: Schema.Natural,
  breaks: Schema.Array(Schema.Struct(fields)),
  parked: Schema.Array(Schema.Record(Schema.String, Schema.Json)),
  mended: Schema.Array(Schema.Record(Schema.String, Schema.Json))
}).annotate({ identifier: "Reconciled" })
