/** What truly became of a redemption on the sandbox's side, whatever its callers were told. */
import { Instant, Points } from "@pointback/domain"
import * as Json from "../json/Json.ts"
import type { Part } from "./SandboxLots.ts"
import type { SandboxCredit, SandboxRedemption } from "./SandboxState.ts"

/** A redemption as the sandbox has it. Points are ten-thousandths. */
export interface RedemptionTruth {
  readonly redemptionId: string
  readonly userId: string
  readonly redemptionType: string
  readonly at: Instant.Instant
  readonly points: bigint
  readonly credited: bigint
  readonly remaining: bigint
  readonly draws: ReadonlyArray<Part>
  /** What all credits together gave back, per lot. */
  readonly restorations: ReadonlyArray<Part>
  /** Oldest first. */
  readonly credits: ReadonlyArray<SandboxCredit>
}

/** The truth about a redemption. */
export const of = (redemptionId: string, redemption: SandboxRedemption): RedemptionTruth => {
  const restored = new Map<string, bigint>()
  for (const { restorations } of redemption.credits) {
    for (const { lotId, points } of restorations) restored.set(lotId, (restored.get(lotId) ?? 0n) + points)
  }
  const { at, credited, credits, draws, points, redemptionType, userId } = redemption
  return {
    redemptionId,
    userId,
    redemptionType,
    at,
    points,
    credited,
    remaining: points - credited,
    draws,
    restorations: Array.from(restored, ([lotId, points]) => ({ lotId, points })),
    credits
  }
}

const amount = (points: bigint): Json.JsonNumber => Json.number(Points.toString(points))

const parts = (list: ReadonlyArray<Part>): Json.Json =>
  list.map(({ lotId, points }) => ({ lotId, points: amount(points) }))

/** The same as JSON. */
export const toJson = (truth: RedemptionTruth): Json.JsonObject => ({
  redemptionId: truth.redemptionId,
  userId: truth.userId,
  redemptionType: truth.redemptionType,
  at: Instant.toString(truth.at),
  points: amount(truth.points),
  credited: amount(truth.credited),
  remaining: amount(truth.remaining),
  draws: parts(truth.draws),
  restorations: parts(truth.restorations),
  credits: truth.credits.map(({ at, creditId, points, restorations }) => ({
    creditId,
    at: Instant.toString(at),
    points: amount(points),
    restorations: parts(restorations)
  }))
})
