/**
 * An independent model: plain arithmetic over facts, with nothing of the functions under test. Slow and obvious.
 */
import type { Fact } from "../../src/event/Fact.ts"
import type { CreditId, LotId, RedemptionId } from "../../src/identity/Ids.ts"
import type { Draw } from "../../src/lot/Draw.ts"
import type { Restoration } from "../../src/lot/Restoration.ts"
import type { Credited, RedemptionType } from "../../src/redemption/RedemptionEvent.ts"

export type Kind = "earned" | "adjusted" | "extended" | "drawn" | "restored"

/** Points that a fact moves into a lot (positive) or out of it. */
export interface Move {
  readonly at: bigint
  readonly lotId: LotId
  readonly kind: Kind
  readonly points: bigint
  readonly redemptionId: RedemptionId | undefined
}

export interface ModelLot {
  readonly lotId: LotId
  readonly earnedAt: bigint
  readonly expiresAt: bigint | null
  readonly openedAt: bigint
}

export interface ModelCredit {
  readonly creditId: CreditId
  readonly at: bigint
  readonly event: Credited
}

export interface ModelRedemption {
  readonly redemptionId: RedemptionId
  readonly at: bigint
  readonly points: bigint
  readonly redemptionType: RedemptionType
  readonly draws: ReadonlyArray<Draw>
  readonly credits: Array<ModelCredit>
  credited: bigint
  pending: bigint
  inFlight: CreditId | undefined
  /** What the credit in flight will give back. */
  held: ReadonlyArray<Restoration>
  /** Whether Mastercard ever made a credit while one of ours was in flight. */
  besideHeld: boolean
}

export const isCredited = (event: Fact["event"]): event is Credited =>
  event._tag === "PartiallyCredited" || event._tag === "FullyCredited"

export const sum = (amounts: Iterable<bigint>): bigint => Array.from(amounts).reduce((a, b) => a + b, 0n)

export const add = <K>(map: Map<K, bigint>, key: K, points: bigint): Map<K, bigint> =>
  map.set(key, (map.get(key) ?? 0n) + points)

/** The lot that a restoration's points were drawn from. */
export const originOf = (restoration: Restoration): LotId => restoration.from ?? restoration.lotId

/** What a fact moves; expiry is no movement, and what expires in its own credit never enters its lot. */
export const movesOf = ({ event, occurredAt: at, stream }: Fact): Array<Move> => {
  const redemptionId = stream._tag === "Redemption" ? stream.redemptionId : undefined
  const move = (kind: Kind, lotId: LotId, points: bigint): Move => ({ at, lotId, kind, points, redemptionId })
  if (event._tag === "PointsEarned") return [move("earned", event.lotId, event.points)]
  if (event._tag === "PointsAdjusted") return [move("adjusted", event.lotId, event.points)]
  if (event._tag === "Redeemed") return event.draws.map((draw) => move("drawn", draw.lotId, -draw.points))
  if (!isCredited(event)) return []
  return event.restorations
    .filter((r) => r.fate !== "expired")
    .map((r) => move(r.fate === "extended" ? "extended" : "restored", r.lotId, r.points))
}

/** Orders by instant; what is given in the order of the log stays so where instants are equal. */
export const byTime = <A extends { readonly at: bigint }>(items: ReadonlyArray<A>): Array<A> =>
  items.slice().sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))

/** Every movement, in order of `occurredAt`, ties in the order of the log. */
export const movesInTime = (facts: ReadonlyArray<Fact>): Array<Move> => byTime(facts.flatMap(movesOf))

/** What each lot holds at an instant, expired or not. */
export const heldAt = (facts: ReadonlyArray<Fact>, at: bigint): Map<LotId, bigint> => {
  const held = new Map<LotId, bigint>()
  for (const move of facts.flatMap(movesOf)) {
    if (move.at <= at) add(held, move.lotId, move.points)
  }
  return held
}

/** The end of time, for sums over everything. */
export const EVER = 1n << 62n

export const lotsOf = (facts: ReadonlyArray<Fact>): Map<LotId, ModelLot> => {
  const lots = new Map<LotId, ModelLot>()
  for (const { event, occurredAt: openedAt } of facts) {
    if (event._tag === "PointsEarned") lots.set(event.lotId, { ...pickLot(event), openedAt })
    if (!isCredited(event)) continue
    for (const r of event.restorations) {
      if (r.fate === "extended") lots.set(r.lotId, { ...pickLot(r), openedAt })
    }
  }
  return lots
}

const pickLot = ({ earnedAt, expiresAt, lotId }: Pick<Draw, "lotId" | "earnedAt" | "expiresAt">) => ({
  lotId,
  earnedAt,
  expiresAt
})

export const isLiveAt = (lot: { readonly expiresAt: bigint | null }, at: bigint): boolean =>
  lot.expiresAt === null || at < lot.expiresAt

/** What each lot of the account holds live at an instant. */
export const liveAt = (facts: ReadonlyArray<Fact>, at: bigint): Map<LotId, bigint> => {
  const lots = lotsOf(facts)
  const live = new Map<LotId, bigint>()
  for (const [lotId, points] of heldAt(facts, at)) {
    const lot = lots.get(lotId)
    if (lot !== undefined && isLiveAt(lot, at) && points !== 0n) live.set(lotId, points)
  }
  return live
}

/** The redemptions with what is credited and what is held for a credit in flight. */
export const redemptionsOf = (facts: ReadonlyArray<Fact>): Map<RedemptionId, ModelRedemption> => {
  const redemptions = new Map<RedemptionId, ModelRedemption>()
  for (const fact of facts) tell(redemptions, fact)
  return redemptions
}

const tell = (redemptions: Map<RedemptionId, ModelRedemption>, { event, occurredAt: at, stream }: Fact): void => {
  if (stream._tag === "Account") return
  const { redemptionId } = stream
  if (event._tag === "Redeemed") {
    const { draws, points, redemptionType } = event
    const nothing = { credits: [], credited: 0n, pending: 0n, inFlight: undefined, held: [], besideHeld: false }
    redemptions.set(redemptionId, { redemptionId, at, points, redemptionType, draws, ...nothing })
    return
  }
  const redemption = redemptions.get(redemptionId)
  if (redemption === undefined) throw new Error(`${event._tag} of a redemption that never was`)
  if (event._tag === "CreditRequested") {
    redemption.pending += event.points
    redemption.inFlight = event.creditId
    redemption.held = event.restorations
    return
  }
  if (event._tag === "CreditDeclined" || (isCredited(event) && event.creditId === redemption.inFlight)) {
    redemption.pending = 0n
    redemption.inFlight = undefined
    redemption.held = []
  } else if (isCredited(event) && redemption.inFlight !== undefined) {
    redemption.besideHeld = true
  }
  if (isCredited(event)) {
    redemption.credited += event.points
    redemption.credits.push({ creditId: event.creditId, at, event })
  }
}

/** What is out of each drawn lot: drawn less restored, in draw order. */
export const outstandingOf = (redemption: ModelRedemption): Array<readonly [LotId, bigint]> => {
  const restored = new Map<LotId, bigint>()
  for (const { event } of redemption.credits) {
    for (const restoration of event.restorations) add(restored, originOf(restoration), restoration.points)
  }
  return redemption.draws.map((draw) => [draw.lotId, draw.points - (restored.get(draw.lotId) ?? 0n)] as const)
}

/** The points that credits expired in their own events. */
export const expiredOnReversal = (facts: ReadonlyArray<Fact>): bigint =>
  sum(
    facts.flatMap(({ event }) =>
      isCredited(event) ? event.restorations.filter((r) => r.fate === "expired").map((r) => r.points) : []
    )
  )

/** The first lot and instant at which a replay in time goes below zero or above what was granted. */
export const firstBreach = (facts: ReadonlyArray<Fact>): Move | undefined => {
  const held = new Map<LotId, bigint>()
  const granted = new Map<LotId, bigint>()
  return movesInTime(facts).find((move) => {
    add(held, move.lotId, move.points)
    if (move.kind !== "drawn" && move.kind !== "restored") add(granted, move.lotId, move.points)
    const points = held.get(move.lotId) ?? 0n
    return points < 0n || points > (granted.get(move.lotId) ?? 0n)
  })
}
