/** What a credit came to, read from the events of its redemption. */
import type { EventStore } from "@pointback/adapters"
import { type Ids, type Points, Redemption, type RedemptionEvent, Restoration } from "@pointback/domain"

/** The outcome of a credit, as people and other programs are told it. */
export interface CreditOutcome {
  readonly creditId: Ids.CreditId
  readonly redemptionId: Ids.RedemptionId
  readonly outcome: "PartiallyCredited" | "FullyCredited" | "CreditDeclined" | "CreditOutcomeUnknown"
  readonly points: Points.Points
  /** Of the credited points, those that are spendable again; extended ones included. */
  readonly live: Points.Points
  /** Of the credited points, those that expired in the same event. */
  readonly expired: Points.Points
  /** Redeemed points that are not credited after this credit; held ones included. */
  readonly remaining: Points.Points
  /** What went back to which lot; empty unless the credit happened. */
  readonly restorations: ReadonlyArray<Restoration.Restoration>
  /** Mastercard's answer; null where there was none. */
  readonly mastercard: RedemptionEvent.MastercardAnswer | null
  /** Why Mastercard declined. */
  readonly reasons: ReadonlyArray<RedemptionEvent.DeclineReason>
  /** Why the outcome is unknown; `inFlight` while nothing is recorded of it: it is being asked for, or whoever did died. */
  readonly cause: RedemptionEvent.UnknownCause | "inFlight" | null
  /** Whether the credit was known already, so that nothing was done. */
  readonly replayed: boolean
}

type Event = RedemptionEvent.RedemptionEvent

/**
 * The present outcome of a credit, from a redemption's state and the events that follow it. A credit that was requested and of which nothing more is recorded is unknown: it is
 * in flight somewhere, or whoever sent it died.
 */
export const present = (
  before: Redemption.RedemptionState,
  events: ReadonlyArray<EventStore.StoredEvent>,
  redemptionId: Ids.RedemptionId,
  creditId: Ids.CreditId,
  replayed: boolean
): CreditOutcome => {
  let state = before
  let outcome: CreditOutcome | undefined
  for (const { fact } of events) {
    // What swept lots book with a credit is of the account's stream.
    if (fact.stream._tag === "Account") continue
    const event = fact.event as Event
    state = Redemption.evolve(state, event, fact.occurredAt)
    if ("creditId" in event && event.creditId === creditId) {
      outcome = { ...after(event, state), creditId, redemptionId, replayed }
    }
  }
  if (outcome === undefined) throw new Error(`no event of redemption ${redemptionId} tells of credit ${creditId}`)
  return outcome
}

const NOTHING = {
  live: 0n,
  expired: 0n,
  restorations: [],
  mastercard: null,
  reasons: [],
  cause: null
} satisfies Partial<CreditOutcome>

const after = (
  event: Exclude<Event, { _tag: "Redeemed" }>,
  state: Redemption.RedemptionState
): Omit<CreditOutcome, "creditId" | "redemptionId" | "replayed"> => {
  const remaining = state._tag === "None" ? 0n : Redemption.remaining(state.redemption)
  switch (event._tag) {
    case "PartiallyCredited":
    case "FullyCredited":
      return {
        ...NOTHING,
        outcome: event._tag,
        points: event.points,
        live: Restoration.livePoints(event.restorations),
        expired: Restoration.expiredPoints(event.restorations),
        remaining: event.remaining,
        restorations: event.restorations,
        mastercard: event.mastercard
      }
    case "CreditDeclined":
      return { ...NOTHING, outcome: "CreditDeclined", points: 0n, remaining, reasons: event.reasons }
    case "CreditRequested":
      return { ...NOTHING, outcome: "CreditOutcomeUnknown", points: event.points, remaining, cause: "inFlight" }
    case "CreditOutcomeUnknown":
      return {
        ...NOTHING,
        outcome: "CreditOutcomeUnknown",
        points: Redemption.pending(state),
        remaining,
        cause: event.cause
      }
  }
}
