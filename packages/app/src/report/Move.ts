/** One thing that happened, as a timeline shows it. */
import type { EventStore } from "@pointback/adapters"
import { type Ids, type Instant, type Points, Restoration, type Statement } from "@pointback/domain"

export type MoveKind = Statement.LineKind

/** What it did to one lot. */
export interface MovedLot {
  readonly lotId: Ids.LotId
  /** What the lot gained, or lost. */
  readonly points: Points.Points
  /** What came back to it and expired at once. */
  readonly expired: Points.Points
}

export interface Move {
  readonly kind: MoveKind
  readonly at: Instant.Instant
  /** Null for an expiry that no sweep has booked. */
  readonly recordedAt: Instant.Instant | null
  readonly eventId: string | null
  /** What the live points gained, or lost. */
  readonly points: Points.Points
  /** What a credit gave back to lots that had expired. */
  readonly expired: Points.Points
  /** The live points after it; null where the page is about many accounts. */
  readonly balance: Points.Points | null
  /** The opaque key of the account; null where the page is about one. */
  readonly account: Ids.AccountKey | null
  readonly redemptionId: Ids.RedemptionId | null
  readonly creditId: Ids.CreditId | null
  readonly lots: ReadonlyArray<MovedLot>
}

/** A line of an account's statement. */
export const ofLine = ({ at, balance, event, expired, kind, lots, points }: Statement.StatementLine): Move => ({
  kind,
  at,
  recordedAt: event?.recordedAt ?? null,
  eventId: event?.eventId ?? null,
  points,
  expired,
  balance,
  account: null,
  redemptionId: event?.redemptionId ?? null,
  creditId: event?.creditId ?? null,
  lots
})

/** A redemption or a credit; none for any other event. */
export const ofEvent = ({ account, eventId, fact, recordedAt }: EventStore.StoredEvent): ReadonlyArray<Move> => {
  const { event, occurredAt: at, stream } = fact
  const told = {
    at,
    recordedAt,
    eventId,
    balance: null,
    account: account.key,
    redemptionId: stream._tag === "Redemption" ? stream.redemptionId : null
  }
  switch (event._tag) {
    case "Redeemed": {
      const lots = event.draws.map(({ lotId, points }) => ({ lotId, points: -points, expired: 0n }))
      return [{ ...told, kind: "redeemed", points: -event.points, expired: 0n, creditId: null, lots }]
    }
    case "PartiallyCredited":
    case "FullyCredited": {
      const { creditId, restorations } = event
      const lots = restorations.map(({ fate, lotId, points }) =>
        fate === "expired" ? { lotId, points: 0n, expired: points } : { lotId, points, expired: 0n }
      )
      const points = Restoration.livePoints(restorations)
      return [{ ...told, kind: "credited", points, expired: Restoration.expiredPoints(restorations), creditId, lots }]
    }
    default:
      return []
  }
}
