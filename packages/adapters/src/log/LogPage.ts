/** What every implementation of the log does alike: where a page begins, how long it is, and where it ends. */
import { Effect, Option, Stream } from "effect"
import type { StoredEvent } from "../eventStore/EventStore.ts"
import { MAXIMUM_PAGE } from "../eventStore/EventStore.ts"
import type { EventLog, LogRead, Positions } from "./EventLog.ts"

/** How many events a page has at most. */
export const limitOf = (limit: number | undefined): number => Math.min(limit ?? MAXIMUM_PAGE, MAXIMUM_PAGE)

/** The positions before the first event. */
export const beginning = (partitions: number): Positions => Array.from({ length: partitions }, () => 0)

/** Where a read begins. Throws where a partition has no position: its events would be skipped in silence. */
export const startOf = ({ after }: LogRead, partitions: number): Positions => {
  if (after !== undefined && after.length !== partitions) {
    throw new RangeError(`the log has ${partitions} partitions, and ${after.length} positions were given`)
  }
  return after ?? beginning(partitions)
}

/** Where a read goes on after events that follow the given positions. */
export const positionsAfter = (before: Positions, events: ReadonlyArray<StoredEvent>): Positions => {
  const positions = before.slice()
  for (const { account, position } of events) positions[account.partition] = position
  return positions
}

/** The whole log after some positions, page by page; it ends with the first page that is not full. */
export const streamOf =
  (readAll: EventLog["Service"]["readAll"]): EventLog["Service"]["streamAll"] =>
  (after) =>
    Stream.paginate(after, (from) =>
      Effect.map(readAll(from === undefined ? {} : { after: from }), ({ events, positions }) => [
        events,
        events.length < MAXIMUM_PAGE ? Option.none() : Option.some(positions)
      ])
    )
