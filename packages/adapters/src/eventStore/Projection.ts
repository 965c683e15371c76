/**
 * What facts change in the read models of lots and redemptions: one pure function from facts to row changes, used when
 * they are appended and when the read models are checked against a replay.
 *
 * @see semantics, law L10
 */
import type { AccountEvent, Fact, Ids, Instant, Points, RedemptionEvent, Restoration } from "@pointback/domain"

/** A new lot, or what a known one gains. */
export interface LotChange {
  readonly lotId: Ids.LotId
  /** Set where these facts open the lot. */
  opens: Opening | null
  total: Points.Points
  granted: Points.Points
  booked: Points.Points
  swept: boolean
}

/** The aging status of a lot, and when it came to be. */
interface Opening {
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  readonly openedAt: Instant.Instant
}

/** A redemption's credit that is in flight. */
interface Pending {
  readonly creditId: Ids.CreditId
  readonly points: Points.Points
}

/** A new redemption, or what a known one gains. */
export interface RedemptionChange {
  readonly redemptionId: Ids.RedemptionId
  /** Set where these facts begin the redemption. */
  opens: (Event<"Redeemed"> & { readonly redeemedAt: Instant.Instant }) | null
  credited: Points.Points
  /** What is in flight afterwards; undefined where that does not change. */
  pending: Pending | null | undefined
  state: "Outstanding" | "CreditPending" | "CreditUnknown" | "FullyCredited"
}

type Event<Tag extends Fact.Event["_tag"]> = Extract<Fact.Event, { _tag: Tag }>

/** The changes of the read models that belong to some facts, in the order of the log. */
export interface Changes {
  readonly lots: ReadonlyArray<LotChange>
  readonly redemptions: ReadonlyArray<RedemptionChange>
}

/** Derives the changes. Facts of one account, in the order of the log. */
export const changes = (facts: Iterable<Fact.Fact>): Changes => {
  const tables = new Collected()
  for (const fact of facts) {
    if (fact.stream._tag === "Account") ofAccount(tables, fact.event as AccountEvent.AccountEvent, fact.occurredAt)
    else ofRedemption(tables, fact.stream.redemptionId, fact.event as RedemptionEvent.RedemptionEvent, fact.occurredAt)
  }
  return { lots: Array.from(tables.lots.values()), redemptions: Array.from(tables.redemptions.values()) }
}

class Collected {
  readonly lots = new Map<Ids.LotId, LotChange>()
  readonly redemptions = new Map<Ids.RedemptionId, RedemptionChange>()

  lot(lotId: Ids.LotId): LotChange {
    const known = this.lots.get(lotId)
    if (known !== undefined) return known
    const fresh = { lotId, opens: null, total: 0n, granted: 0n, booked: 0n, swept: false }
    this.lots.set(lotId, fresh)
    return fresh
  }

  redemption(redemptionId: Ids.RedemptionId): RedemptionChange {
    const known = this.redemptions.get(redemptionId)
    if (known !== undefined) return known
    const fresh: RedemptionChange = {
      redemptionId,
      opens: null,
      credited: 0n,
      pending: undefined,
      state: "Outstanding"
    }
    this.redemptions.set(redemptionId, fresh)
    return fresh
  }
}

const grant = (lot: LotChange, points: Points.Points): void => {
  lot.total += points
  lot.granted += points
}

const ofAccount = (tables: Collected, event: AccountEvent.AccountEvent, openedAt: Instant.Instant): void => {
  switch (event._tag) {
    case "PointsEarned": {
      const lot = tables.lot(event.lotId)
      lot.opens = { earnedAt: event.earnedAt, expiresAt: event.expiresAt, openedAt }
      return grant(lot, event.points)
    }
    case "PointsAdjusted":
      return grant(tables.lot(event.lotId), event.points)
    case "PointsExpired": {
      const lot = tables.lot(event.lotId)
      lot.booked += event.points
      lot.swept = true
      return
    }
    case "AccountAliased":
      return
  }
}

const ofRedemption = (
  tables: Collected,
  redemptionId: Ids.RedemptionId,
  event: RedemptionEvent.RedemptionEvent,
  occurredAt: Instant.Instant
): void => {
  const redemption = tables.redemption(redemptionId)
  switch (event._tag) {
    case "Redeemed":
      redemption.opens = { ...event, redeemedAt: occurredAt }
      for (const draw of event.draws) tables.lot(draw.lotId).total -= draw.points
      return
    case "CreditRequested":
      redemption.pending = { creditId: event.creditId, points: event.points }
      redemption.state = "CreditPending"
      return
    case "PartiallyCredited":
    case "FullyCredited":
      redemption.pending = null
      redemption.credited += event.points
      redemption.state = event._tag === "FullyCredited" ? "FullyCredited" : "Outstanding"
      for (const restoration of event.restorations) restore(tables, restoration, occurredAt)
      return
    case "CreditDeclined":
      redemption.pending = null
      redemption.state = "Outstanding"
      return
    case "CreditOutcomeUnknown":
      redemption.state = "CreditUnknown"
      return
  }
}

const restore = (tables: Collected, restoration: Restoration.Restoration, openedAt: Instant.Instant): void => {
  if (restoration.fate === "expired") return
  const lot = tables.lot(restoration.lotId)
  if (restoration.fate === "live") {
    lot.total += restoration.points
    return
  }
  lot.opens = { earnedAt: restoration.earnedAt, expiresAt: restoration.expiresAt, openedAt }
  grant(lot, restoration.points)
}
