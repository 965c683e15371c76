/**
 * What happened to the points of lots, one line for each column of a roll-forward that an event moves.
 *
 * Expiry is derived: a lot's points leave at its `expiresAt`, swept or not. What the sweep has booked of them comes as
 * lines of its events, the rest as a line without one, so that the lines of a lot always add up to what it held.
 *
 * @see semantics, sections 6 (expiry), 8 (roll-forward) and law L9
 */
import { HashMap } from "effect"
import * as Account from "../account/Account.ts"
import type { Event, Fact } from "../event/Fact.ts"
import type { AccountKey, CreditId, LotId, RedemptionId } from "../identity/Ids.ts"
import * as Lots from "../lot/Lots.ts"
import type { Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"

/** The columns of a roll-forward that something moves, in their order. */
export const COLUMNS = [
  "earned",
  "adjusted",
  "redeemed",
  "creditedLive",
  "creditedExpired",
  "expiredByTime",
  "expiredOnReversal"
] as const
/** What moved points outstanding: a column of the roll-forward. */
export type Column = (typeof COLUMNS)[number]

/** Whether what a column counts adds to the points outstanding or takes from them. */
export const SIGN: Readonly<Record<Column, 1n | -1n>> = {
  earned: 1n,
  adjusted: 1n,
  redeemed: -1n,
  creditedLive: 1n,
  creditedExpired: 1n,
  expiredByTime: -1n,
  expiredOnReversal: -1n
}

/** Nothing in any column, to be added to. */
export const nothing = (): Record<Column, Points.Points> => ({
  earned: 0n,
  adjusted: 0n,
  redeemed: 0n,
  creditedLive: 0n,
  creditedExpired: 0n,
  expiredByTime: 0n,
  expiredOnReversal: 0n
})

/** A fact of an account as it was recorded. */
export interface Recorded {
  readonly eventId: string
  readonly recordedAt: Instant.Instant
  readonly fact: Fact
}

/** The event that a line is of. */
export interface EventReference {
  readonly eventId: string
  readonly type: Event["_tag"]
  readonly recordedAt: Instant.Instant
  readonly redemptionId: RedemptionId | null
  readonly creditId: CreditId | null
}

/** Points of one lot in one column. */
export interface Entry {
  readonly account: AccountKey
  readonly lotId: LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  readonly column: Column
  /** When it was true; of an expiry the lot's `expiresAt`. */
  readonly at: Instant.Instant
  /** As the column counts them: above zero but for adjustments, and for what the sweep booked too much. */
  readonly points: Points.Points
  /** Null for points that expired and that no sweep has booked yet. */
  readonly event: EventReference | null
}

/** The lines of one account, from what was recorded of it in the order of the log; what expired stands last. */
export const ofAccount = (account: AccountKey, recorded: ReadonlyArray<Recorded>): ReadonlyArray<Entry> => {
  const lots = recorded.reduce((state, { fact }) => Account.evolveLots(state, fact), Lots.empty)
  const line = (lotId: LotId, column: Column, at: Instant.Instant, points: Points.Points, event: Entry["event"]) => {
    const { earnedAt, expiresAt } = HashMap.getUnsafe(lots.byId, lotId)
    return { account, lotId, earnedAt, expiresAt, column, at, points, event }
  }
  const booked = recorded.flatMap((one) =>
    movesOf(one.fact.event).map(([lotId, column, points]) =>
      line(lotId, column, one.fact.occurredAt, points, referenceOf(one))
    )
  )
  const derived = Array.from(HashMap.values(lots.byId)).flatMap((lot) =>
    lot.expiresAt === null || Lots.unbooked(lot) === 0n
      ? []
      : [line(lot.lotId, "expiredByTime", lot.expiresAt, Lots.unbooked(lot), null)]
  )
  return [...booked, ...derived.sort(Lots.compareForDraw)]
}

const referenceOf = ({ eventId, fact: { event, stream }, recordedAt }: Recorded): EventReference => ({
  eventId,
  type: event._tag,
  recordedAt,
  redemptionId: stream._tag === "Redemption" ? stream.redemptionId : null,
  creditId: event._tag === "PartiallyCredited" || event._tag === "FullyCredited" ? event.creditId : null
})

type Move = readonly [lotId: LotId, column: Column, points: Points.Points]

const movesOf = (event: Event): ReadonlyArray<Move> => {
  switch (event._tag) {
    case "PointsEarned":
      return [[event.lotId, "earned", event.points]]
    case "PointsAdjusted":
      return [[event.lotId, "adjusted", event.points]]
    case "PointsExpired":
      return [[event.lotId, "expiredByTime", event.points]]
    case "Redeemed":
      return event.draws.map(({ lotId, points }) => [lotId, "redeemed", points])
    case "PartiallyCredited":
    case "FullyCredited":
      return event.restorations.flatMap(restored)
    default:
      return []
  }
}

const restored = ({ fate, lotId, points }: Restoration): ReadonlyArray<Move> =>
  fate === "expired"
    ? [
        [lotId, "creditedExpired", points],
        [lotId, "expiredOnReversal", points]
      ]
    : [[lotId, "creditedLive", points]]
