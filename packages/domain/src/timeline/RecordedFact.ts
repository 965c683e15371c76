/** Facts together with who recorded them and when: what a timeline shows of both clocks. */
import type { Fact } from "../event/Fact.ts"
import type * as Instant from "../time/Instant.ts"

/** A fact as it stands in the log. */
export interface RecordedFact {
  readonly fact: Fact
  readonly eventId: string
  /** When we learned it. */
  readonly recordedAt: Instant.Instant
  readonly actor: string | null
}

/** Where a step comes from. */
export interface Told {
  readonly occurredAt: Instant.Instant
  readonly recordedAt: Instant.Instant
  readonly eventId: string
  readonly actor: string | null
  /** The version of the policy that decided; null where none had a part in it. */
  readonly policyVersion: number | null
}

/** The two clocks of a question (law L11). */
export interface Clocks {
  /** Facts that were true by then count. */
  readonly asOf: Instant.Instant
  /** Facts that were recorded by then count; null for all that is recorded. */
  readonly knownAt: Instant.Instant | null
}

/** Whether the fact was recorded early enough to count. */
export const isKnown = ({ recordedAt }: Pick<RecordedFact, "recordedAt">, knownAt: Clocks["knownAt"]): boolean =>
  knownAt === null || recordedAt <= knownAt

/** The facts that count, in the order in which they were true; ties stay in the order of the log, as they came in. */
export const counted = <R extends RecordedFact>(facts: ReadonlyArray<R>, { asOf, knownAt }: Clocks): ReadonlyArray<R> =>
  facts
    .filter((recorded) => recorded.fact.occurredAt <= asOf && isKnown(recorded, knownAt))
    .sort((a, b) => compareInstants(a.fact.occurredAt, b.fact.occurredAt))

/** Orders instants. */
export const compareInstants = (a: Instant.Instant, b: Instant.Instant): number => (a < b ? -1 : a > b ? 1 : 0)
