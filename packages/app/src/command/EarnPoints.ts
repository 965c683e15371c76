/** Points are earned and make a lot of their own. */
import { type EventStore } from "@pointback/adapters"
import { type Ids, Instant, Points } from "@pointback/domain"
import { Effect } from "effect"
import * as Content from "./Content.ts"
import type { Caller, ExecutionError, Target } from "./Command.ts"
import { execute } from "./Execution.ts"

export interface EarnPoints extends Target {
  /** The lot is the key. */
  readonly lotId: Ids.LotId
  readonly points: Points.Points
  readonly earnedAt: Instant.Instant
  /** Null for points that never expire. */
  readonly expiresAt: Instant.Instant | null
  /** When the points came to be; `earnedAt` unless given. */
  readonly occurredAt?: Instant.Instant | undefined
  readonly source?: string | undefined
}

export interface PointsEarned extends EarnPoints {
  readonly replayed: boolean
}

/** The content that the lot remembers as its key. */
export const content = (earn: Omit<EarnPoints, "program" | "account">): string =>
  Content.canonical({
    points: Points.toString(earn.points),
    earnedAt: Instant.toString(earn.earnedAt),
    expiresAt: earn.expiresAt === null ? null : Instant.toString(earn.expiresAt),
    occurredAt: earn.occurredAt === undefined ? undefined : Instant.toString(earn.occurredAt),
    source: earn.source
  })

/** Records a lot; makes the account, and the program, where they are new. */
export const earnPoints = Effect.fn("earnPoints")(function* (
  earn: EarnPoints,
  caller: Caller = {}
): Effect.fn.Return<PointsEarned, ExecutionError, EventStore.EventStore> {
  const occurredAt = earn.occurredAt ?? earn.earnedAt
  const executed = yield* execute({
    target: earn,
    caller,
    command: { _tag: "Earn", ...earn, occurredAt, source: earn.source ?? null },
    key: { kind: "earn", key: earn.lotId, content: content(earn) },
    lots: [{ _tag: "Named", lotIds: [earn.lotId] }],
    horizon: occurredAt,
    redemptions: []
  })
  return { ...earn, occurredAt, replayed: executed._tag === "Replayed" }
})
