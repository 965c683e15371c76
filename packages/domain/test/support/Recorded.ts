/** Facts as they were recorded: one instant each, in the order of the log. */
import type { Recorded } from "../../src/aging/Entry.ts"
import type { Fact } from "../../src/event/Fact.ts"

/** The instant at which the fact of this number was recorded. */
export const recordedAt = (index: number): bigint => 1_000_000n * BigInt(index + 1)

/** Facts with event ids and instants of recording that stand in the order of the log. */
export const recorded = (facts: ReadonlyArray<Fact>): ReadonlyArray<Recorded> =>
  facts.map((fact, index) => ({
    eventId: `event-${String(index).padStart(4, "0")}`,
    recordedAt: recordedAt(index),
    fact
  }))
