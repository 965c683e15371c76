/** Where a subscription may stand. */
import { Effect } from "effect"
import type { Head, Positions } from "../log/EventLog.ts"
import { SubscriptionAhead } from "./SubscriptionError.ts"

/** A place in the log: its beginning, its present end, or a position in each partition. */
export type Place = "beginning" | "end" | Positions

/** Fails for positions beyond the heads: events are gone, and others will take their positions unseen. */
export const requireWithin = (
  name: string,
  positions: Positions,
  heads: ReadonlyArray<Head>
): Effect.Effect<void, SubscriptionAhead> => {
  if (positions.length !== heads.length) {
    const given = `${positions.length} positions were given to subscription ${name}`
    return Effect.die(new RangeError(`the log has ${heads.length} partitions, and ${given}`))
  }
  for (const [partition, { position: head }] of heads.entries()) {
    const position = positions[partition] as number
    if (position > head) return Effect.fail(new SubscriptionAhead({ name, partition, position, head }))
  }
  return Effect.void
}

/** The positions of a place. */
export const positionsOf = (
  name: string,
  place: Place,
  heads: ReadonlyArray<Head>
): Effect.Effect<Positions, SubscriptionAhead> => {
  if (place === "beginning") return Effect.succeed(heads.map(() => 0))
  if (place === "end") return Effect.succeed(heads.map(({ position }) => position))
  return Effect.as(requireWithin(name, place, heads), place)
}
