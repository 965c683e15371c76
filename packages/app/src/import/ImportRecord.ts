/**
 * The records of an import file, one JSON object a line.
 *
 * @see interface, import record
 */
import { Ids, Instant, Points, RedemptionEvent, Text, Zone } from "@pointback/domain"
import { Option, Schema } from "effect"

/** An instant with a zone, or a calendar date, which means its first instant in the program's zone. */
export const Moment = Schema.String.check(
  Schema.makeFilter(
    (text: string) => Option.isSome(Instant.fromString(text)) || Option.isSome(Zone.dateFromString(text)),
    { message: "an ISO 8601 instant with a zone, or a date as YYYY-MM-DD, is expected" }
  )
)

const ofAccount = { program: Ids.ProgramId, account: Ids.AccountNumber }

/** Points of one lot. */
export const LotPoints = Schema.Struct({ lot: Ids.LotId, points: Points.Signed })

/** One record. Amounts are decimal strings, whatever their sign: the domain says which it takes. */
export const ImportRecord = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("earned"),
    ...ofAccount,
    lot: Ids.EarnedLotId,
    points: Points.Signed,
    earnedAt: Moment,
    expiresAt: Schema.NullOr(Moment),
    occurredAt: Schema.optionalKey(Moment),
    source: Schema.optionalKey(Text.Note)
  }),
  Schema.Struct({
    type: Schema.Literal("redeemed"),
    ...ofAccount,
    redemption: Ids.RedemptionId,
    points: Points.Signed,
    redemptionType: RedemptionEvent.RedemptionType,
    processedBy: Ids.ProcessedBy,
    occurredAt: Moment,
    draws: Schema.optionalKey(Schema.Array(LotPoints))
  }),
  Schema.Struct({
    type: Schema.Literal("credited"),
    ...ofAccount,
    redemption: Ids.RedemptionId,
    credit: Ids.CreditId,
    points: Schema.optionalKey(Points.Signed),
    lots: Schema.optionalKey(Schema.Array(LotPoints)),
    occurredAt: Moment
  }),
  Schema.Struct({ type: Schema.Literal("expired"), ...ofAccount, lot: Ids.LotId, points: Points.Signed }),
  Schema.Struct({
    type: Schema.Literal("adjusted"),
    ...ofAccount,
    lot: Ids.LotId,
    points: Points.Signed,
    reason: Text.Note,
    occurredAt: Moment,
    key: Text.Identifier
  })
])
export type ImportRecord = typeof ImportRecord.Type

/** A record with the number of its line. */
export interface NumberedRecord {
  readonly line: number
  readonly record: ImportRecord
}
