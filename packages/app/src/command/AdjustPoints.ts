/** Points are added to a lot, or taken from it, by hand. */
import { type EventStore } from "@pointback/adapters"
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect } from "effect"
import * as Content from "./Content.ts"
import type { Caller, ExecutionError, Target } from "./Command.ts"
import { execute } from "./Execution.ts"

export interface AdjustPoints extends Target {
  readonly lotId: Ids.LotId
  /** Positive to add, negative to take. */
  readonly points: Points.Points
  readonly reason: string
  readonly key: string
  readonly occurredAt: Instant.Instant
  /** Whether `occurredAt` was given by the caller, and so is part of the command's content. */
  readonly dated: boolean
}

export interface PointsAdjusted extends AdjustPoints {
  readonly replayed: boolean
}

/** The content that the key remembers. */
export const content = (adjust: Omit<AdjustPoints, "program" | "account">): string =>
  Content.canonical({
    lot: adjust.lotId,
    points: Points.toString(adjust.points),
    reason: adjust.reason,
    occurredAt: adjust.dated ? Instant.toString(adjust.occurredAt) : undefined
  })

/** Records an adjustment. */
export const adjustPoints = Effect.fn("adjustPoints")(function* (
  adjust: AdjustPoints,
  caller: Caller = {}
): Effect.fn.Return<PointsAdjusted, ExecutionError, EventStore.EventStore> {
  const { lotId, occurredAt, points, reason } = adjust
  const actor = caller.actor === undefined ? null : Ids.Actor.make(caller.actor)
  const executed = yield* execute({
    target: adjust,
    caller,
    command: { _tag: "Adjust", lotId, points, reason, actor, occurredAt },
    key: { kind: "adjust", key: adjust.key, content: content(adjust) },
    lots: [{ _tag: "Named", lotIds: [lotId] }],
    horizon: occurredAt,
    redemptions: []
  })
  return { ...adjust, replayed: executed._tag === "Replayed" }
})
