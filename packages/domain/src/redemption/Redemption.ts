/**
 * The redemption: its state as a union of the legal situations, and how events lead from one to the next.
 *
 * @see semantics, section 3
 */
import type { CreditId, LotId, ProcessedBy, RedemptionId } from "../identity/Ids.ts"
import type { DrawState } from "../lot/Draw.ts"
import { drawnLot } from "../lot/Restoration.ts"
import type { Restoration } from "../lot/Restoration.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import type { CreditMode, RedemptionEvent, RedemptionType, UnknownCause } from "./RedemptionEvent.ts"

/** What is known of a redemption in every situation but the first. */
export interface Redemption {
  readonly redemptionId: RedemptionId
  readonly points: Points.Points
  readonly redemptionType: RedemptionType
  readonly processedBy: ProcessedBy
  readonly redeemedAt: Instant.Instant
  /** In draw order, each with what has been restored of it. */
  readonly draws: ReadonlyArray<DrawState>
  readonly credited: Points.Points
}

/** A credit that was asked for: its lots and fates are decided, its points are held. */
export interface CreditRequest {
  readonly creditId: CreditId
  readonly points: Points.Points
  readonly mode: CreditMode
  readonly restorations: ReadonlyArray<Restoration>
  readonly requestedAt: Instant.Instant
  readonly policyVersion: number
}

/** The legal situations of a redemption. Only one credit can be in flight; none once all points are back. */
export type RedemptionState =
  | { readonly _tag: "None" }
  | { readonly _tag: "Outstanding"; readonly redemption: Redemption }
  | { readonly _tag: "CreditPending"; readonly redemption: Redemption; readonly request: CreditRequest }
  | {
      readonly _tag: "CreditUnknown"
      readonly redemption: Redemption
      readonly request: CreditRequest
      readonly cause: UnknownCause
    }
  | { readonly _tag: "FullyCredited"; readonly redemption: Redemption }

/** Before anything was redeemed. */
export const none: RedemptionState = { _tag: "None" }

/** Redeemed points that no credit has given back yet, pending ones included. */
export const remaining = (redemption: Redemption): Points.Points => redemption.points - redemption.credited

/**
 * The draws as they are once the credit in flight is booked: what another credit is planned from, so that no two ever give
 * back the same points (law L2).
 */
export const drawsBesidesHeld = (state: Exclude<RedemptionState, { _tag: "None" }>): ReadonlyArray<DrawState> =>
  state._tag === "CreditPending" || state._tag === "CreditUnknown"
    ? giveBack(state.redemption.draws, state.request.restorations)
    : state.redemption.draws

/** Points of a credit that is in flight or whose outcome is unknown. */
export const pending = (state: RedemptionState): Points.Points =>
  state._tag === "CreditPending" || state._tag === "CreditUnknown" ? state.request.points : 0n

/**
 * Applies one event. History is taken as it is; an event that cannot follow the state is corrupt history and throws,
 * since no decision ever wrote it.
 */
export const evolve = (
  state: RedemptionState,
  event: RedemptionEvent,
  occurredAt: Instant.Instant
): RedemptionState => {
  switch (event._tag) {
    case "Redeemed":
      return state._tag === "None" ? redeemed(event, occurredAt) : corrupt(state, event)
    case "CreditRequested":
      return state._tag === "Outstanding"
        ? {
            _tag: "CreditPending",
            redemption: state.redemption,
            request: { ...requestOf(event), requestedAt: occurredAt }
          }
        : corrupt(state, event)
    case "PartiallyCredited":
    case "FullyCredited":
      return credited(state, event)
    case "CreditDeclined":
      return inFlight(state, event.creditId)
        ? { _tag: "Outstanding", redemption: state.redemption }
        : corrupt(state, event)
    case "CreditOutcomeUnknown":
      return inFlight(state, event.creditId)
        ? { _tag: "CreditUnknown", redemption: state.redemption, request: state.request, cause: event.cause }
        : corrupt(state, event)
  }
}

type Of<Tag extends RedemptionEvent["_tag"]> = Extract<RedemptionEvent, { _tag: Tag }>

const redeemed = (event: Of<"Redeemed">, redeemedAt: Instant.Instant): RedemptionState => ({
  _tag: "Outstanding",
  redemption: {
    redemptionId: event.redemptionId,
    points: event.points,
    redemptionType: event.redemptionType,
    processedBy: event.processedBy,
    redeemedAt,
    draws: event.draws.map((draw) => ({ ...draw, restored: 0n })),
    credited: 0n
  }
})

const requestOf = ({ creditId, mode, points, policyVersion, restorations }: Of<"CreditRequested">) => ({
  creditId,
  points,
  mode,
  restorations,
  policyVersion
})

const credited = (state: RedemptionState, event: Of<"PartiallyCredited" | "FullyCredited">): RedemptionState => {
  if (state._tag === "None" || state._tag === "FullyCredited") return corrupt(state, event)
  const before = state.redemption
  // Written out, here and in `giveBackTo`: a replay does little else, and spreading is slower.
  const redemption: Redemption = {
    redemptionId: before.redemptionId,
    points: before.points,
    redemptionType: before.redemptionType,
    processedBy: before.processedBy,
    redeemedAt: before.redeemedAt,
    draws: giveBack(before.draws, event.restorations),
    credited: before.credited + event.points
  }
  // Mastercard may have made another credit while one of ours is in flight, which stays so.
  if (state._tag !== "Outstanding" && state.request.creditId !== event.creditId) return { ...state, redemption }
  return event._tag === "FullyCredited" ? { _tag: "FullyCredited", redemption } : { _tag: "Outstanding", redemption }
}

const giveBack = (
  draws: ReadonlyArray<DrawState>,
  restorations: ReadonlyArray<Restoration>
): ReadonlyArray<DrawState> => {
  // Most redemptions draw on one lot.
  if (draws.length === 1 && restorations.length === 1) return [giveBackTo(draws[0], restorations[0] as Restoration)]
  const next = draws.slice()
  let find: ((lotId: LotId) => number) | undefined
  // Unless lots were named, restorations go back along the draws, from the last one that has points out.
  let position = outstandingDraws(draws)
  for (const restoration of restorations) {
    const lotId = drawnLot(restoration)
    position -= 1
    if (next[position]?.lotId !== lotId) {
      find ??= finder(draws)
      position = find(lotId)
    }
    next[position] = giveBackTo(next[position], restoration)
  }
  return next
}

/** How many draws have points out, which come first unless lots were named. */
const outstandingDraws = (draws: ReadonlyArray<DrawState>): number => {
  let low = 0
  let high = draws.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const draw = draws[middle] as DrawState
    if (draw.restored < draw.points) low = middle + 1
    else high = middle
  }
  return low
}

const giveBackTo = (draw: DrawState | undefined, restoration: Restoration): DrawState => {
  const lotId = drawnLot(restoration)
  if (draw === undefined || draw.lotId !== lotId) {
    throw new Error(`corrupt history: points go back to lot ${lotId}, which was not drawn`)
  }
  const { earnedAt, expiresAt, points, restored } = draw
  return { lotId: draw.lotId, earnedAt, expiresAt, points, restored: restored + restoration.points }
}

/** Draws that are looked along, over all searches of one credit, before an index is worth making. */
const LOOKED_ALONG = 64

/** Finds the position of a lot among the draws; -1 where it was not drawn. */
const finder = (draws: ReadonlyArray<DrawState>): ((lotId: LotId) => number) => {
  let searches = 0
  let positions: ReadonlyMap<LotId, number> | undefined
  return (lotId) => {
    // The first search always: an index of thousands of draws costs more than one look along them.
    if (searches++ * draws.length < LOOKED_ALONG) return draws.findLastIndex((draw) => draw.lotId === lotId)
    positions ??= new Map(draws.map((draw, position) => [draw.lotId, position]))
    return positions.get(lotId) ?? -1
  }
}

type InFlight = Extract<RedemptionState, { _tag: "CreditPending" | "CreditUnknown" }>

/** Whether the state holds exactly this credit. */
export const inFlight = (state: RedemptionState, creditId: CreditId): state is InFlight =>
  (state._tag === "CreditPending" || state._tag === "CreditUnknown") && state.request.creditId === creditId

const corrupt = (state: RedemptionState, event: RedemptionEvent): never => {
  throw new Error(`corrupt history: ${event._tag} cannot follow the state ${state._tag}`)
}
