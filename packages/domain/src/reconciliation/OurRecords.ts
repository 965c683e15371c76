/** What our own streams say of a redemption, as a source of a reconciliation. */
import type { RedemptionId } from "../identity/Ids.ts"
import type { Draw } from "../lot/Draw.ts"
import { drawnLot, type Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type { RedemptionEvent } from "../redemption/RedemptionEvent.ts"
import type * as Instant from "../time/Instant.ts"
import type { RecordLot, SourceRecord } from "./SourceRecord.ts"

/** An event of the redemption's stream, after its first. */
export interface OurEvent {
  readonly event: RedemptionEvent
  readonly occurredAt: Instant.Instant
  /** When it was stored: a credit is asked for when its request is, whatever instant it was dated. */
  readonly recordedAt: Instant.Instant
  /** Null where it is not stored. */
  readonly eventId: string | null
}

/** The redemption itself. */
export interface OurRedemption {
  readonly redemptionId: RedemptionId
  readonly points: Points.Points
  readonly redeemedAt: Instant.Instant
  readonly draws: ReadonlyArray<Draw>
}

/** The redemption and each of its credits in its present state. Events come in the order of the stream. */
export const ofRedemption = (
  redemption: OurRedemption,
  events: ReadonlyArray<OurEvent>
): ReadonlyArray<SourceRecord> => {
  const first: SourceRecord = {
    kind: "redemption",
    redemption: redemption.redemptionId,
    credit: null,
    points: redemption.points,
    at: redemption.redeemedAt,
    reference: null,
    status: "settled",
    remaining: null,
    lots: redemption.draws.map(({ expiresAt, lotId, points }) => ({ lot: lotId, points, expiresAt })),
    eventId: null
  }
  if (events.length === 0) return [first]
  const credits = new Map<string, SourceRecord>()
  for (const event of events) {
    const record = after(redemption.redemptionId, event, credits)
    if (record !== undefined && record.credit !== null) credits.set(record.credit, record)
  }
  return [first, ...credits.values()]
}

const after = (
  redemption: RedemptionId,
  { event, eventId, occurredAt, recordedAt }: OurEvent,
  known: ReadonlyMap<string, SourceRecord>
): SourceRecord | undefined => {
  switch (event._tag) {
    case "Redeemed":
      return undefined
    case "CreditRequested":
    case "PartiallyCredited":
    case "FullyCredited":
      return {
        kind: "credit",
        redemption,
        credit: event.creditId,
        points: event.points,
        at: known.get(event.creditId)?.at ?? (event._tag === "CreditRequested" ? recordedAt : occurredAt),
        reference: event._tag === "CreditRequested" ? null : referenceOf(redemption, event),
        status: event._tag === "CreditRequested" ? "pending" : "settled",
        remaining: event._tag === "CreditRequested" ? null : event.remaining,
        lots: event.restorations.map(lotOf),
        eventId
      }
    case "CreditDeclined":
    case "CreditOutcomeUnknown": {
      const asked = known.get(event.creditId)
      return asked && { ...asked, status: event._tag === "CreditDeclined" ? "declined" : "unknown", eventId }
    }
  }
}

type Credited = Extract<RedemptionEvent, { _tag: "PartiallyCredited" | "FullyCredited" }>

// The answer of a credit may name the redemption, which tells no credit from another.
const referenceOf = (redemption: RedemptionId, { mastercard, settlement }: Credited): string | null => {
  const reference = settlement?.reference ?? mastercard?.id ?? null
  return reference === redemption ? null : reference
}

const lotOf = (restoration: Restoration): RecordLot => ({
  lot: drawnLot(restoration),
  points: restoration.points,
  // Points that were extended have another expiry, in a lot that nobody else knows.
  expiresAt: restoration.from === undefined ? restoration.expiresAt : undefined
})
