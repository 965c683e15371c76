/** What a redemption took from one lot. */
import { Schema } from "effect"
import { LotId } from "../identity/Ids.ts"
import * as Instant from "../time/Instant.ts"
import * as Points from "../points/Points.ts"

/** The instant from which a lot's points are no longer live; null where they never expire. */
export const ExpiresAt = Schema.NullOr(Instant.Instant)

/** Points taken from one lot, with the aging status that they had and get back. */
export const Draw = Schema.Struct({
  lotId: LotId,
  earnedAt: Instant.Instant,
  expiresAt: ExpiresAt,
  points: Points.Positive
})
export type Draw = typeof Draw.Type

/** A draw and how much of it credits have given back, 0 to all of it. */
export interface DrawState extends Draw {
  readonly restored: Points.Points
}

/** Points of one lot, as a user names them for a draw or a restoration. */
export const LotPoints = Schema.Struct({ lotId: LotId, points: Points.Positive })
export type LotPoints = typeof LotPoints.Type
