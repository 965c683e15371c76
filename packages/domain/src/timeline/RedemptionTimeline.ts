/**
 * The timeline of one redemption: what it drew from which lots, every credit from its request to its outcome, and what
 * each gave back to which lot; each step with both clocks, its event, and the policy that decided it.
 *
 * @see semantics, section 8
 */
import type { Fact } from "../event/Fact.ts"
import type { CreditId, LotId, ProcessedBy, RedemptionId } from "../identity/Ids.ts"
import type { Draw } from "../lot/Draw.ts"
import { drawnLot } from "../lot/Restoration.ts"
import type { Fate, Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type {
  CreditMode,
  DeclineReason,
  MastercardAnswer,
  RedemptionEvent,
  RedemptionType,
  UnknownCause
} from "../redemption/RedemptionEvent.ts"
import type * as Instant from "../time/Instant.ts"
import type { Clocks, RecordedFact, Told } from "./RecordedFact.ts"
import { isKnown } from "./RecordedFact.ts"

interface ToldOfRedemption extends Told {
  /** Redeemed points that are still to be credited after this step. */
  readonly remaining: Points.Points
}

type Moved =
  | { readonly _tag: "Redeemed"; readonly points: Points.Points; readonly draws: ReadonlyArray<Draw> }
  | {
      readonly _tag: "CreditRequested"
      readonly creditId: CreditId
      readonly mode: CreditMode
      readonly points: Points.Points
      /** Planned, and decided for good. */
      readonly restorations: ReadonlyArray<Restoration>
    }
  | {
      readonly _tag: "PartiallyCredited" | "FullyCredited"
      readonly creditId: CreditId
      readonly mode: CreditMode
      readonly points: Points.Points
      readonly restorations: ReadonlyArray<Restoration>
      readonly mastercard: MastercardAnswer | null
    }
  | {
      readonly _tag: "CreditDeclined"
      readonly creditId: CreditId
      readonly reasons: ReadonlyArray<DeclineReason>
    }
  | { readonly _tag: "CreditOutcomeUnknown"; readonly creditId: CreditId; readonly cause: UnknownCause }

/** One event of the redemption. */
export type RedemptionStep = Moved & ToldOfRedemption

/** A draw and what became of it. */
export interface DrawOutcome extends Draw {
  /** What credits gave back of it, by fate. */
  readonly restored: Readonly<Record<Fate, Points.Points>>
}

/** What became of a redemption, on the clocks of the question: its draws, its credits and what remains. */
export interface RedemptionTimeline extends Clocks {
  readonly redemptionId: RedemptionId
  readonly redemptionType: RedemptionType
  readonly processedBy: ProcessedBy
  readonly redeemedAt: Instant.Instant
  readonly points: Points.Points
  readonly credited: Points.Points
  readonly remaining: Points.Points
  /** In draw order. */
  readonly draws: ReadonlyArray<DrawOutcome>
  /**
   * In the order of the stream: a credit's outcome has the instant of its request, and would otherwise stand before
   * what was recorded in between.
   */
  readonly steps: ReadonlyArray<RedemptionStep>
}

/**
 * The timeline of a redemption from the facts of its stream, in their order; null where nothing had been redeemed on
 * these clocks. Facts of other streams are passed over.
 */
export const redemptionTimeline = (
  redemptionId: RedemptionId,
  facts: ReadonlyArray<RecordedFact>,
  { asOf, knownAt }: Clocks
): RedemptionTimeline | null => {
  const known = facts.filter(
    (recorded) => isOf(redemptionId, recorded.fact) && recorded.fact.occurredAt <= asOf && isKnown(recorded, knownAt)
  )
  const steps = stepsOf(known)
  const first = known.find(({ fact: { event } }) => event._tag === "Redeemed")
  const redeemed = first?.fact.event
  if (first === undefined || redeemed?._tag !== "Redeemed") return null
  const { draws, points, processedBy, redemptionType } = redeemed
  const remaining = steps.at(-1)?.remaining ?? points
  return {
    asOf,
    knownAt,
    redemptionId,
    redemptionType,
    processedBy,
    points,
    remaining,
    steps,
    redeemedAt: first.fact.occurredAt,
    credited: points - remaining,
    draws: draws.map((draw) => ({ ...draw, restored: restoredOf(draw.lotId, steps) }))
  }
}

const isOf = (redemptionId: RedemptionId, { stream }: Fact): boolean =>
  stream._tag === "Redemption" && stream.redemptionId === redemptionId

const stepsOf = (facts: ReadonlyArray<RecordedFact>): ReadonlyArray<RedemptionStep> => {
  let remaining = 0n
  return facts.flatMap(({ actor, eventId, fact, recordedAt }): ReadonlyArray<RedemptionStep> => {
    // Only a redemption's own events stand in its stream.
    const event = fact.event as RedemptionEvent
    remaining += changeOf(event)
    const policyVersion = "policyVersion" in event ? event.policyVersion : null
    const told = { occurredAt: fact.occurredAt, recordedAt, eventId, actor, policyVersion, remaining }
    return [{ ...movedBy(event), ...told }]
  })
}

const changeOf = (event: RedemptionEvent): Points.Points => {
  switch (event._tag) {
    case "Redeemed":
      return event.points
    case "PartiallyCredited":
    case "FullyCredited":
      return -event.points
    default:
      return 0n
  }
}

const movedBy = (event: RedemptionEvent): Moved => {
  switch (event._tag) {
    case "Redeemed":
      return { _tag: event._tag, points: event.points, draws: event.draws }
    case "CreditRequested": {
      const { _tag, creditId, mode, points, restorations } = event
      return { _tag, creditId, mode, points, restorations }
    }
    case "PartiallyCredited":
    case "FullyCredited": {
      const { _tag, creditId, mastercard, mode, points, restorations } = event
      return { _tag, creditId, mode, points, restorations, mastercard }
    }
    case "CreditDeclined":
    case "CreditOutcomeUnknown":
      return event
  }
}

const restoredOf = (lotId: LotId, steps: ReadonlyArray<RedemptionStep>): DrawOutcome["restored"] => {
  const restored = { live: 0n, expired: 0n, extended: 0n }
  for (const step of steps) {
    if (step._tag !== "PartiallyCredited" && step._tag !== "FullyCredited") continue
    for (const restoration of step.restorations) {
      if (drawnLot(restoration) === lotId) restored[restoration.fate] += restoration.points
    }
  }
  return restored
}
