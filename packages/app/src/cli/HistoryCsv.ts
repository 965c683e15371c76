/** A history as CSV: one line for each step, or for each instant. */
import { type Instant, type LotTimeline, Points, type RedemptionTimeline } from "@pointback/domain"
import type { SeriesAnswer } from "../query/AccountHistory.ts"
import { type Cell, csv, exact } from "./Csv.ts"
import * as Json from "./Json.ts"

const instant = (at: Instant.Instant): Cell => exact(Json.instant(at) ?? "")
const amount = (points: Points.Points): Cell => exact(Points.toString(points))
const version = (policyVersion: number | null): Cell => (policyVersion === null ? null : exact(policyVersion))

const LOT_HEAD = [
  "lot",
  "step",
  "occurredAt",
  "recordedAt",
  "event",
  "actor",
  "policyVersion",
  "points",
  "holds",
  "fate",
  "redemption",
  "credit",
  "from",
  "into",
  "note"
]

/** What was booked of an expiry follows it, a line each. */
export const lot = ({ lotId, steps }: LotTimeline.LotTimeline): string =>
  csv(
    LOT_HEAD,
    steps.flatMap((step) => [lotLine(lotId, step), ...(step._tag === "Expired" ? bookings(lotId, step) : [])])
  )

const lotLine = (lotId: string, step: LotTimeline.LotStep): ReadonlyArray<Cell> => {
  const told = step._tag === "Expired" ? null : step
  const restored = step._tag === "Restored" ? step : null
  return [
    lotId,
    step._tag.toLowerCase(),
    instant(step.occurredAt),
    told === null ? null : instant(told.recordedAt),
    told?.eventId ?? null,
    told?.actor ?? null,
    version(told?.policyVersion ?? null),
    amount(step.points),
    amount(step.holds),
    restored?.fate ?? null,
    step._tag === "Drawn" || step._tag === "Restored" ? step.redemptionId : null,
    restored?.creditId ?? null,
    restored?.from ?? null,
    restored?.into ?? null,
    step._tag === "Earned" ? step.source : step._tag === "Adjusted" ? step.reason : null
  ]
}

const bookings = (lotId: string, { bookings: booked, occurredAt }: LotTimeline.ExpiredStep) =>
  booked.map(({ actor, eventId, points, recordedAt }): ReadonlyArray<Cell> => [
    lotId,
    "booked",
    instant(occurredAt),
    instant(recordedAt),
    eventId,
    actor,
    null,
    amount(points),
    "0",
    null,
    null,
    null,
    null,
    null,
    null
  ])

const REDEMPTION_HEAD = [
  "redemption",
  "step",
  "occurredAt",
  "recordedAt",
  "event",
  "actor",
  "policyVersion",
  "credit",
  "lot",
  "points",
  "fate",
  "from",
  "remaining",
  "note"
]

/** A draw or a restoration a line; a step without any has one line for itself. */
export const redemption = ({ redemptionId, steps }: RedemptionTimeline.RedemptionTimeline): string =>
  csv(
    REDEMPTION_HEAD,
    steps.flatMap((step) => {
      const begin = [
        redemptionId,
        step._tag,
        instant(step.occurredAt),
        instant(step.recordedAt),
        step.eventId,
        step.actor,
        version(step.policyVersion),
        step._tag === "Redeemed" ? null : step.creditId
      ]
      const end = [amount(step.remaining), noteOf(step)]
      return movesOf(step).map((move): ReadonlyArray<Cell> => [...begin, ...move, ...end])
    })
  )

const NOTHING_MOVED: ReadonlyArray<Cell> = [null, null, null, null]

const movesOf = (step: RedemptionTimeline.RedemptionStep): ReadonlyArray<ReadonlyArray<Cell>> => {
  switch (step._tag) {
    case "Redeemed":
      return step.draws.map(({ lotId, points }) => [lotId, amount(points), null, null])
    case "CreditRequested":
    case "PartiallyCredited":
    case "FullyCredited":
      return step.restorations.map(({ fate, from, lotId, points }) => [lotId, amount(points), fate, from ?? null])
    case "CreditDeclined":
    case "CreditOutcomeUnknown":
      return [NOTHING_MOVED]
  }
}

const noteOf = (step: RedemptionTimeline.RedemptionStep): string | null => {
  if (step._tag === "CreditOutcomeUnknown") return step.cause
  if (step._tag !== "CreditDeclined") return null
  return step.reasons.map(({ reasonCode, source }) => `${source} ${reasonCode}`).join("; ")
}

export const series = ({ points }: SeriesAnswer): string =>
  csv(
    ["asOf", "total", ...(points[0]?.buckets ?? []).map(({ bucket }) => bucket)],
    points.map(({ at, buckets, total }) => [
      instant(at),
      amount(total),
      ...buckets.map((bucket) => amount(bucket.points))
    ])
  )
