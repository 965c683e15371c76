/** Facts as a log would have recorded them: one after the other, each with an id of its own. */
import type { Fact } from "../../src/event/Fact.ts"
import type { RecordedFact } from "../../src/timeline/RecordedFact.ts"

/** When the first fact of a test was recorded. */
const FIRST = 1_800_000_000_000_000n

/** The instant at which the fact at this index was recorded. */
export const recordedAt = (index: number): bigint => FIRST + BigInt(index) * 1_000_000n

export const recorded = (facts: ReadonlyArray<Fact>, actor: string | null = null): ReadonlyArray<RecordedFact> =>
  facts.map((fact, index) => ({ fact, eventId: `event-${index + 1}`, recordedAt: recordedAt(index), actor }))

/** The instants around everything that happened: each occurrence, each expiry, and just before. */
export const instantsAround = (
  facts: ReadonlyArray<Fact>,
  ends: Iterable<{ readonly expiresAt: bigint | null }>
): Array<bigint> => {
  const expiries = Array.from(ends).flatMap(({ expiresAt }) => (expiresAt === null ? [] : [expiresAt]))
  return [...facts.map(({ occurredAt }) => occurredAt), ...expiries].flatMap((at) => [at - 1n, at])
}
