/** A history as JSON that other programs rely on. */
import type { EventStore } from "@pointback/adapters"
import { Instant, Points } from "@pointback/domain"
import type { Draw, LotTimeline, RedemptionTimeline, Restoration } from "@pointback/domain"
import type { LotQuestion, RedemptionQuestion, SeriesAnswer } from "../query/AccountHistory.ts"
import { draw, instant, restoration } from "./Json.ts"
import type { Json } from "./Output.ts"

const text = Points.toString

type Of<Question> = Pick<Question, Extract<keyof Question, "program" | "account" | "asOf" | "knownAt">>

const asked = ({ account, asOf, knownAt, program }: Of<LotQuestion>): { readonly [key: string]: Json } => ({
  program,
  account,
  asOf: instant(asOf),
  // Null: the answer counts all that is recorded by now, and is provisional.
  knownAt: instant(knownAt)
})

export const lot = (question: Of<LotQuestion>, timeline: LotTimeline.LotTimeline): Json => ({
  ...asked(question),
  lot: timeline.lotId,
  earnedAt: instant(timeline.earnedAt),
  expiresAt: instant(timeline.expiresAt),
  holds: text(timeline.holds),
  steps: timeline.steps.map(lotStep)
})

const lotStep = (step: LotTimeline.LotStep): Json => {
  const amounts = { points: text(step.points), holds: text(step.holds), occurredAt: instant(step.occurredAt) }
  if (step._tag === "Expired") {
    return { step: "expired", ...amounts, bookings: step.bookings.map(booking) }
  }
  const { actor, eventId, policyVersion, recordedAt } = step
  const told = { recordedAt: instant(recordedAt), event: eventId, actor, policyVersion }
  switch (step._tag) {
    case "Earned":
      return { step: "earned", ...amounts, ...told, source: step.source }
    case "Adjusted":
      return { step: "adjusted", ...amounts, ...told, reason: step.reason }
    case "Drawn":
      return { step: "drawn", ...amounts, ...told, redemption: step.redemptionId }
    case "Restored": {
      const { creditId, fate, from, into, redemptionId } = step
      return { step: "restored", ...amounts, ...told, fate, redemption: redemptionId, credit: creditId, from, into }
    }
  }
}

const booking = ({ actor, eventId, points, recordedAt }: LotTimeline.Booking): Json => ({
  points: text(points),
  recordedAt: instant(recordedAt),
  event: eventId,
  actor
})

export const redemption = (
  question: Of<RedemptionQuestion>,
  timeline: RedemptionTimeline.RedemptionTimeline
): Json => ({
  ...asked(question),
  redemption: timeline.redemptionId,
  type: timeline.redemptionType,
  processedBy: timeline.processedBy,
  redeemedAt: instant(timeline.redeemedAt),
  points: text(timeline.points),
  credited: text(timeline.credited),
  remaining: text(timeline.remaining),
  draws: timeline.draws.map(drawOutcome),
  steps: timeline.steps.map(redemptionStep)
})

/** A redemption as it is now, without its draws. */
export const summary = (found: EventStore.RedemptionSummary) => ({
  redemption: found.redemptionId as string,
  type: found.redemptionType,
  processedBy: found.processedBy as string,
  redeemedAt: Instant.toString(found.redeemedAt),
  points: text(found.points),
  credited: text(found.credited),
  remaining: text(found.points - found.credited),
  inFlight: text(found.pending),
  // The credit in flight.
  credit: found.pendingCredit as string | null,
  state: STATES[found.state]
})

const STATES = {
  Outstanding: "outstanding",
  CreditPending: "creditInFlight",
  CreditUnknown: "creditUnknown",
  FullyCredited: "fullyCredited"
} as const

const drawOutcome = ({ restored, ...drawn }: RedemptionTimeline.DrawOutcome): Json => ({
  ...draw(drawn),
  restored: { live: text(restored.live), expired: text(restored.expired), extended: text(restored.extended) }
})

const redemptionStep = (step: RedemptionTimeline.RedemptionStep): Json => {
  const { _tag, actor, eventId, occurredAt, policyVersion, recordedAt, remaining } = step
  return {
    step: _tag,
    occurredAt: instant(occurredAt),
    recordedAt: instant(recordedAt),
    event: eventId,
    actor,
    policyVersion,
    remaining: text(remaining),
    ...detailOf(step)
  }
}

const detailOf = (step: RedemptionTimeline.RedemptionStep): { readonly [key: string]: Json } => {
  switch (step._tag) {
    case "Redeemed":
      return { points: text(step.points), draws: step.draws.map((one: Draw.Draw) => draw(one)) }
    case "CreditRequested":
      return credit(step)
    case "PartiallyCredited":
    case "FullyCredited":
      return { ...credit(step), mastercard: step.mastercard }
    case "CreditDeclined":
      return { credit: step.creditId, reasons: step.reasons.map((reason) => ({ ...reason })) }
    case "CreditOutcomeUnknown":
      return { credit: step.creditId, cause: step.cause }
  }
}

const credit = ({
  creditId,
  mode,
  points,
  restorations
}: {
  readonly creditId: string
  readonly mode: string
  readonly points: Points.Points
  readonly restorations: ReadonlyArray<Restoration.Restoration>
}): { readonly [key: string]: Json } => ({
  credit: creditId,
  mode,
  points: text(points),
  restorations: restorations.map(restoration)
})

export const series = ({ account, basis, knownAt, points, program }: SeriesAnswer): Json => ({
  program,
  account,
  knownAt: instant(knownAt),
  basis,
  points: points.map(({ at, buckets, total }) => ({
    asOf: instant(at),
    total: text(total),
    buckets: buckets.map(({ bucket, lots, points: held, restored }) => ({
      bucket,
      points: text(held),
      lots,
      restored: text(restored)
    }))
  }))
})
