/** What one record asks for: a command and the key that it is known by, the same as the command line's. */
import { type Decide, type Draw, type Ids, Instant, Points, Zone } from "@pointback/domain"
import { Option } from "effect"
import * as AdjustPoints from "../command/AdjustPoints.ts"
import * as Content from "../command/Content.ts"
import * as CreditRedemption from "../command/CreditRedemption.ts"
import * as EarnPoints from "../command/EarnPoints.ts"
import type { KeyedContent } from "../command/Keys.ts"
import * as RedeemPoints from "../command/RedeemPoints.ts"
import type { ImportRecord } from "./ImportRecord.ts"

/** A command with its key, and the redemption that it looks at. */
export interface ImportStep {
  readonly command: Decide.Command
  readonly key: KeyedContent
  readonly redemptionId: Ids.RedemptionId | null
}

type Of<Type extends ImportRecord["type"]> = Extract<ImportRecord, { type: Type }>

/** The step of a record that is imported now; calendar dates mean their first instant in the zone. */
export const step = (record: ImportRecord, zone: Zone.Zone, now: Instant.Instant): ImportStep => {
  switch (record.type) {
    case "earned":
      return earned(record, zone)
    case "redeemed":
      return redeemed(record, zone)
    case "credited":
      return credited(record, zone)
    case "adjusted":
      return adjusted(record, zone)
    case "expired":
      return {
        command: { _tag: "RecordExpired", lotId: record.lot, points: record.points, asOf: now },
        key: {
          kind: "expire",
          key: record.lot,
          content: Content.canonical({ points: Points.toString(record.points) })
        },
        redemptionId: null
      }
  }
}

const earned = (record: Of<"earned">, zone: Zone.Zone): ImportStep => {
  const earn = {
    lotId: record.lot,
    points: record.points,
    earnedAt: moment(zone, record.earnedAt),
    expiresAt: record.expiresAt === null ? null : moment(zone, record.expiresAt),
    occurredAt: record.occurredAt === undefined ? undefined : moment(zone, record.occurredAt),
    source: record.source
  }
  return {
    command: { _tag: "Earn", ...earn, occurredAt: earn.occurredAt ?? earn.earnedAt, source: earn.source ?? null },
    key: { kind: "earn", key: record.lot, content: EarnPoints.content(earn) },
    redemptionId: null
  }
}

const redeemed = (record: Of<"redeemed">, zone: Zone.Zone): ImportStep => {
  const redeem = {
    redemptionId: record.redemption,
    points: record.points,
    redemptionType: record.redemptionType,
    processedBy: record.processedBy,
    occurredAt: moment(zone, record.occurredAt),
    draws: lotPoints(record.draws)
  }
  return {
    command: { _tag: "Redeem", ...redeem },
    key: { kind: "redeem", key: record.redemption, content: RedeemPoints.content({ ...redeem, dated: true }) },
    redemptionId: record.redemption
  }
}

const credited = (record: Of<"credited">, zone: Zone.Zone): ImportStep => {
  const credit = {
    redemptionId: record.redemption,
    creditId: record.credit,
    points: record.points,
    lots: lotPoints(record.lots),
    occurredAt: moment(zone, record.occurredAt)
  }
  return {
    command: { _tag: "RecordCredit", ...credit, origin: "ours", mastercard: null },
    key: { kind: "credit", key: record.credit, content: CreditRedemption.content({ ...credit, dated: true }) },
    redemptionId: record.redemption
  }
}

const adjusted = (record: Of<"adjusted">, zone: Zone.Zone): ImportStep => {
  const { key, points, reason } = record
  const adjust = { lotId: record.lot, points, reason, occurredAt: moment(zone, record.occurredAt) }
  return {
    command: { _tag: "Adjust", ...adjust, actor: null },
    key: { kind: "adjust", key, content: AdjustPoints.content({ ...adjust, key, dated: true }) },
    redemptionId: null
  }
}

const lotPoints = (
  lots: ReadonlyArray<{ readonly lot: Ids.LotId; readonly points: Points.Points }> | undefined
): ReadonlyArray<Draw.LotPoints> | undefined => lots?.map(({ lot, points }) => ({ lotId: lot, points }))

// The text was checked when the line was read.
const moment = (zone: Zone.Zone, text: string): Instant.Instant => Option.getOrThrow(Zone.instantFromString(zone, text))

/** The first instant that steps look at, so that lots are loaded exactly from there on. */
export const horizon = (steps: ReadonlyArray<ImportStep>): Instant.Instant =>
  steps.reduce((earliest, { command }) => {
    const at = "occurredAt" in command ? command.occurredAt : Instant.END
    return at < earliest ? at : earliest
  }, Instant.END)
