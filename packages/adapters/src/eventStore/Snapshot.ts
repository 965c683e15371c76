/**
 * A redemption's state as one row, so that a decision reads what a thousand credits came to and not the credits. The row
 * is derived from the events like every read model.
 */
import type { Ids } from "@pointback/domain"
import { type Draw, Instant, Points, type Redemption, type RedemptionEvent, type Restoration } from "@pointback/domain"
import * as Lines from "./Lines.ts"

type Known = Exclude<Redemption.RedemptionState, { readonly _tag: "None" }>

export type DrawTuple = readonly [
  lotId: string,
  earnedAt: string,
  expiresAt: string | null,
  points: string,
  restored: string
]

interface StoredRequest {
  readonly points: string
  readonly mode: RedemptionEvent.CreditMode
  readonly requestedAt: string
  readonly policyVersion: number
  readonly cause?: RedemptionEvent.UnknownCause
  readonly restorations: ReadonlyArray<StoredRestoration>
}

interface StoredRestoration {
  readonly lotId: string
  readonly points: string
  readonly fate: Restoration.Fate
  readonly earnedAt: string
  readonly expiresAt: string | null
  readonly from?: string
}

const instant = (at: Instant.Instant | null): string | null => (at === null ? null : Instant.toString(at))

const drawTuple = ({ earnedAt, expiresAt, lotId, points, restored }: Draw.DrawState): DrawTuple => [
  lotId,
  Instant.toString(earnedAt),
  instant(expiresAt),
  Points.toString(points),
  Points.toString(restored)
]

const storedRequest = (state: Known): string | null => {
  if (state._tag !== "CreditPending" && state._tag !== "CreditUnknown") return null
  const { mode, points, policyVersion, requestedAt, restorations } = state.request
  const stored: StoredRequest = {
    points: Points.toString(points),
    mode,
    requestedAt: Instant.toString(requestedAt),
    policyVersion,
    ...(state._tag === "CreditUnknown" ? { cause: state.cause } : {}),
    restorations: restorations.map((restoration) => ({
      ...restoration,
      points: Points.toString(restoration.points),
      earnedAt: Instant.toString(restoration.earnedAt),
      expiresAt: instant(restoration.expiresAt)
    }))
  }
  return JSON.stringify(stored)
}

/** The columns of a redemption's row, by name, all as text but the version. */
export const row = (state: Known, version: number) => {
  const { redemption } = state
  const request = state._tag === "CreditPending" || state._tag === "CreditUnknown" ? state.request : null
  return {
    redemption_id: redemption.redemptionId,
    redemption_type: redemption.redemptionType,
    processed_by: redemption.processedBy,
    redeemed_at: Instant.toString(redemption.redeemedAt),
    version,
    points: Points.toString(redemption.points),
    credited: Points.toString(redemption.credited),
    pending: Points.toString(request?.points ?? 0n),
    pending_credit: request?.creditId ?? null,
    state: state._tag,
    lot_ids: Lines.list(redemption.draws.map((draw) => draw.lotId)),
    draws: JSON.stringify(redemption.draws.map(drawTuple)),
    request: storedRequest(state)
  }
}

/** What `load_batch` answers of a redemption, after the number of the command. */
export type LoadedRow = readonly [
  redemptionId: string,
  redemptionType: string,
  processedBy: string,
  redeemedAt: string,
  version: string,
  points: string,
  credited: string,
  state: string,
  draws: string,
  pendingCredit: string,
  request: string
]

/** Reads a draw as it is stored. */
export const fromTuple = ([lotId, earnedAt, expiresAt, points, restored]: DrawTuple): Draw.DrawState => ({
  lotId: lotId as Ids.LotId,
  earnedAt: Instant.fromStringUnsafe(earnedAt),
  expiresAt: expiresAt === null ? null : Instant.fromStringUnsafe(expiresAt),
  points: Points.fromStringUnsafe(points),
  restored: Points.fromStringUnsafe(restored)
})

/** Reads a row that `row` wrote: its identifiers were checked when their events were. */
export const fromRow = (row: LoadedRow): Known => {
  const [redemptionId, redemptionType, processedBy, redeemedAt, , points, credited, state, draws, pendingCredit] = row
  const redemption: Redemption.Redemption = {
    redemptionId: redemptionId as Ids.RedemptionId,
    points: Points.fromStringUnsafe(points),
    redemptionType: redemptionType as RedemptionEvent.RedemptionType,
    processedBy: processedBy as Ids.ProcessedBy,
    redeemedAt: BigInt(redeemedAt),
    draws: (JSON.parse(draws) as ReadonlyArray<DrawTuple>).map(fromTuple),
    credited: Points.fromStringUnsafe(credited)
  }
  if (state === "Outstanding" || state === "FullyCredited") return { _tag: state, redemption }
  return inFlight(redemption, pendingCredit as Ids.CreditId, JSON.parse(row[10]) as StoredRequest)
}

const inFlight = (redemption: Redemption.Redemption, creditId: Ids.CreditId, stored: StoredRequest): Known => {
  const request: Redemption.CreditRequest = {
    creditId,
    points: Points.fromStringUnsafe(stored.points),
    mode: stored.mode,
    requestedAt: Instant.fromStringUnsafe(stored.requestedAt),
    policyVersion: stored.policyVersion,
    restorations: stored.restorations.map(({ from, ...restoration }) => ({
      ...restoration,
      lotId: restoration.lotId as Ids.LotId,
      points: Points.fromStringUnsafe(restoration.points),
      earnedAt: Instant.fromStringUnsafe(restoration.earnedAt),
      expiresAt: restoration.expiresAt === null ? null : Instant.fromStringUnsafe(restoration.expiresAt),
      ...(from === undefined ? {} : { from: from as Ids.LotId })
    }))
  }
  return stored.cause === undefined
    ? { _tag: "CreditPending", redemption, request }
    : { _tag: "CreditUnknown", redemption, request, cause: stored.cause }
}
