/** One credit of a file. */
import { type Draw, Ids, Instant, Points, Zone } from "@pointback/domain"
import { Option, Result, Schema } from "effect"
import * as Content from "../command/Content.ts"
import { LotPoints, Moment } from "../import/ImportRecord.ts"
import { problems } from "../import/RecordLine.ts"
import type { BatchedCredit } from "./CreditResult.ts"

/** A credit as a line has it. Amounts are decimal strings, whatever their sign: the domain says which it takes. */
export const CreditRecord = Schema.Struct({
  program: Ids.ProgramId,
  account: Ids.AccountNumber,
  redemption: Ids.RedemptionId,
  creditId: Ids.CreditId,
  points: Schema.optionalKey(Points.Signed),
  lots: Schema.optionalKey(Schema.Array(LotPoints).check(Schema.isMinLength(1))),
  at: Schema.optionalKey(Moment),
  actor: Schema.optionalKey(Ids.Actor)
})
export type CreditRecord = typeof CreditRecord.Type

/** A credit with the number of its line, and its place among the credits of its file, from 0. */
export interface NumberedCredit {
  readonly line: number
  readonly place: number
  readonly record: CreditRecord
}

const decode = Schema.decodeUnknownResult(CreditRecord, { errors: "all", onExcessProperty: "error" })

/** Reads JSON as a credit; every problem of it where it is none. */
export const read = (json: unknown): CreditRecord | string =>
  Result.match(decode(json), {
    onSuccess: (record): CreditRecord | string => record,
    onFailure: ({ issue }) => problems(issue)
  })

/** What the credit's id may stand for in one file: the same text for the same credit. */
export const contentOf = ({ at, lots, points, redemption }: CreditRecord): string =>
  Content.canonical({
    redemption,
    points: points === undefined ? undefined : Points.toString(points),
    lots: lots?.map(({ lot, points: amount }) => `${lot}:${Points.toString(amount)}`).join(";"),
    at:
      at === undefined
        ? undefined
        : Option.match(Instant.fromString(at), { onNone: () => at, onSome: Instant.toString })
  })

/** What has one credit id in one account, one to one: identifiers have no control characters. */
export const keyOf = ({ account, creditId, program }: CreditRecord): string => `${program}\n${account}\n${creditId}`

/** The credit of a line; a calendar date means its first instant in the zone. */
export const toCredit = ({ line, place, record }: NumberedCredit, zone: Zone.Zone): BatchedCredit & Numbered => ({
  line,
  place,
  program: record.program,
  account: record.account,
  redemptionId: record.redemption,
  creditId: record.creditId,
  points: record.points,
  lots: record.lots?.map(({ lot, points }): Draw.LotPoints => ({ lotId: lot, points })),
  // The text was checked when the line was read.
  occurredAt: record.at === undefined ? undefined : Option.getOrThrow(Zone.instantFromString(zone, record.at)),
  actor: record.actor
})

/** Where a credit stands in its file. */
export interface Numbered {
  readonly line: number
  readonly place: number
}
