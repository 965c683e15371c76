/**
 * The timeline of one lot: earned, drawn by redemptions, restored by credits (live, expired or extended), expired; each
 * step with both clocks, its event, and the policy that decided it.
 *
 * @see semantics, section 8
 */
import type { Fact } from "../event/Fact.ts"
import type { CreditId, LotId, RedemptionId } from "../identity/Ids.ts"
import type { Draw } from "../lot/Draw.ts"
import { drawnLot } from "../lot/Restoration.ts"
import type { Fate, Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type { Credited } from "../redemption/RedemptionEvent.ts"
import type * as Instant from "../time/Instant.ts"
import type { Clocks, RecordedFact, Told } from "./RecordedFact.ts"
import { counted } from "./RecordedFact.ts"

/** A sweep's record of what a lot held when it expired. */
export interface Booking {
  /** Negative where a later append lowered what had been booked. */
  readonly points: Points.Points
  readonly recordedAt: Instant.Instant
  readonly eventId: string
  readonly actor: string | null
}

type Moved =
  | { readonly _tag: "Earned"; readonly points: Points.Points; readonly source: string | null }
  | { readonly _tag: "Adjusted"; readonly points: Points.Points; readonly reason: string }
  | { readonly _tag: "Drawn"; readonly points: Points.Points; readonly redemptionId: RedemptionId }
  | {
      readonly _tag: "Restored"
      readonly points: Points.Points
      readonly fate: Fate
      readonly redemptionId: RedemptionId
      readonly creditId: CreditId
      /** The drawn lot whose points were extended into this one; else null. */
      readonly from: LotId | null
      /** The lot that this one's points were extended into; else null. */
      readonly into: LotId | null
    }

/** A step that an event tells of, and what the lot holds after it. */
export type MovedStep = Moved & Told & { readonly holds: Points.Points }

/** What the lot still held stopped being live. That follows from its `expiresAt`, booked or not. */
export interface ExpiredStep {
  readonly _tag: "Expired"
  readonly points: Points.Points
  readonly occurredAt: Instant.Instant
  readonly bookings: ReadonlyArray<Booking>
  readonly holds: Points.Points
}

/** One thing that happened to a lot: a movement by an event, or its expiry, which follows from `expiresAt`. */
export type LotStep = MovedStep | ExpiredStep

/** What became of a lot, on the clocks of the question. */
export interface LotTimeline extends Clocks {
  readonly lotId: LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  /** In the order in which they were true. */
  readonly steps: ReadonlyArray<LotStep>
  /** What the lot holds live as of the question's instant. */
  readonly holds: Points.Points
}

/** Whether a fact has a part in the timeline of the lot. */
export const concerns = (lotId: LotId, { event }: Fact): boolean => {
  switch (event._tag) {
    case "PointsEarned":
    case "PointsAdjusted":
    case "PointsExpired":
      return event.lotId === lotId
    case "Redeemed":
      return event.draws.some((draw) => draw.lotId === lotId)
    case "PartiallyCredited":
    case "FullyCredited":
      return event.restorations.some((restoration) => touches(lotId, restoration))
    default:
      return false
  }
}

const touches = (lotId: LotId, restoration: Restoration): boolean =>
  restoration.lotId === lotId || drawnLot(restoration) === lotId

/**
 * The timeline of a lot from facts in the order of the log, of which others than the lot's are passed over; null where
 * the lot had not come to be on these clocks.
 */
export const lotTimeline = (lotId: LotId, facts: ReadonlyArray<RecordedFact>, clocks: Clocks): LotTimeline | null => {
  const known = counted(
    facts.filter(({ fact }) => concerns(lotId, fact)),
    clocks
  )
  const status = known.map(({ fact }) => statusIn(lotId, fact)).find((found) => found !== undefined)
  if (status === undefined) return null
  const steps = withHolds(
    known.flatMap((recorded) => movesOf(lotId, recorded)),
    expiryOf(lotId, status.expiresAt, known, clocks.asOf)
  )
  return { ...clocks, lotId, ...status, steps, holds: steps.at(-1)?.holds ?? 0n }
}

type Status = Pick<LotTimeline, "earnedAt" | "expiresAt">

/** The lot's aging status where the fact is the one that it came to be by. */
const statusIn = (lotId: LotId, { event }: Fact): Status | undefined => {
  if (event._tag === "PointsEarned") return pickStatus(event)
  if (event._tag !== "PartiallyCredited" && event._tag !== "FullyCredited") return undefined
  const opened = event.restorations.find(({ fate, lotId: into }) => fate === "extended" && into === lotId)
  return opened === undefined ? undefined : pickStatus(opened)
}

const pickStatus = ({ earnedAt, expiresAt }: Status): Status => ({ earnedAt, expiresAt })

type Move = Moved & Told & { readonly change: Points.Points }

/** The steps of one fact; a credit may restore a lot and extend another into it. */
const movesOf = (lotId: LotId, { actor, eventId, fact, recordedAt }: RecordedFact): ReadonlyArray<Move> => {
  const { event, occurredAt } = fact
  const told = { occurredAt, recordedAt, eventId, actor }
  switch (event._tag) {
    case "PointsEarned": {
      const { points, source } = event
      return [{ _tag: "Earned", points, source, ...told, policyVersion: null, change: points }]
    }
    case "PointsAdjusted": {
      const { points, reason } = event
      return [
        { _tag: "Adjusted", points, reason, ...told, actor: event.actor ?? actor, policyVersion: null, change: points }
      ]
    }
    case "Redeemed": {
      const { policyVersion, redemptionId } = event
      const drawn = ({ points }: Draw): Move => {
        return { _tag: "Drawn", points, redemptionId, ...told, policyVersion, change: -points }
      }
      return event.draws.filter((draw) => draw.lotId === lotId).map(drawn)
    }
    case "PartiallyCredited":
    case "FullyCredited":
      return restored(lotId, event, fact, told)
    default:
      return []
  }
}

const restored = (
  lotId: LotId,
  { creditId, policyVersion, restorations }: Credited,
  { stream }: Fact,
  told: Omit<Told, "policyVersion">
): ReadonlyArray<Move> => {
  if (stream._tag === "Account") return []
  const { redemptionId } = stream
  return restorations
    .filter((restoration) => touches(lotId, restoration))
    .map((restoration): Move => {
      const { fate, lotId: to, points } = restoration
      const drawn = drawnLot(restoration)
      const elsewhere = to !== lotId
      return {
        _tag: "Restored",
        points,
        fate,
        redemptionId,
        creditId,
        from: fate === "extended" && !elsewhere ? drawn : null,
        into: elsewhere ? to : null,
        ...told,
        policyVersion,
        change: elsewhere ? 0n : points
      }
    })
}

interface Expiry {
  readonly at: Instant.Instant
  readonly bookings: ReadonlyArray<Booking>
}

const expiryOf = (
  lotId: LotId,
  at: Instant.Instant | null,
  known: ReadonlyArray<RecordedFact>,
  asOf: Instant.Instant
): Expiry | null => {
  if (at === null || at > asOf) return null
  const bookings = known.flatMap(({ actor, eventId, fact: { event }, recordedAt }) =>
    event._tag === "PointsExpired" && event.lotId === lotId
      ? [{ points: event.points, recordedAt, eventId, actor }]
      : []
  )
  return { at, bookings }
}

/**
 * What the lot holds after each step. All of it expires at once, before anything else that is true at that instant, and
 * nothing that a credit returns from then on stays in it (law L9).
 */
const withHolds = (moves: ReadonlyArray<Move>, expiry: Expiry | null): ReadonlyArray<LotStep> => {
  const before = expiry === null ? moves : moves.filter(({ occurredAt }) => occurredAt < expiry.at)
  let holds = 0n
  const steps: Array<LotStep> = before.map(({ change, ...step }) => ({ ...step, holds: (holds += change) }))
  if (expiry === null) return steps
  const expired = { points: holds, occurredAt: expiry.at, bookings: expiry.bookings, holds: 0n }
  const after = moves.slice(before.length).map(({ change: _change, ...step }) => ({ ...step, holds: 0n }))
  return [...steps, { _tag: "Expired", ...expired }, ...after]
}
