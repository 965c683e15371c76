/** What a credit gave back to one lot. */
import { Schema } from "effect"
import { LotId } from "../identity/Ids.ts"
import * as Instant from "../time/Instant.ts"
import * as Points from "../points/Points.ts"
import { ExpiresAt } from "./Draw.ts"

/**
 * What becomes of restored points: `live` in the lot they came from, `expired` in the same event because that lot had
 * expired before the credit, or `extended` into a new lot.
 */
export const Fate = Schema.Literals(["live", "expired", "extended"])
export type Fate = typeof Fate.Type

/** Points given back to one lot. `from` is the drawn lot where the points were extended into a new one. */
export const Restoration = Schema.Struct({
  lotId: LotId,
  points: Points.Positive,
  fate: Fate,
  earnedAt: Instant.Instant,
  expiresAt: ExpiresAt,
  from: Schema.optionalKey(LotId)
})
export type Restoration = typeof Restoration.Type

/** The lot whose points a restoration gives back: the one that was drawn. */
export const drawnLot = (restoration: Restoration): LotId => restoration.from ?? restoration.lotId

/** The points of some restorations that are spendable again: live and extended ones. */
export const livePoints = (restorations: ReadonlyArray<Restoration>): Points.Points =>
  Points.sum(restorations.filter((r) => r.fate !== "expired").map((r) => r.points))

/** The points of some restorations that expired in the same event. */
export const expiredPoints = (restorations: ReadonlyArray<Restoration>): Points.Points =>
  Points.sum(restorations.filter((r) => r.fate === "expired").map((r) => r.points))
