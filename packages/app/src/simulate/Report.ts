/** What a simulation came to. */
import type { Difference } from "./Difference.ts"

/** A history in which something was not as it must be. */
export interface Failed {
  /** Replays it. */
  readonly seed: number
  /** The places of the steps that it takes to fail; all, where it was not shrunk. */
  readonly steps: ReadonlyArray<number>
  readonly differences: ReadonlyArray<Difference>
  /** What happened, line by line. */
  readonly trace: ReadonlyArray<string>
}

/** Counts by name. */
export type Counts = ReadonlyMap<string, number>

/** What histories had in them. */
export interface Tally {
  readonly histories: number
  /** What those who asked for a credit were told: an outcome, the tag of an error, or `nothing`. */
  readonly told: Counts
  /** Calls that each fault befell. */
  readonly faults: Counts
  /** How often a process went through each gate. */
  readonly passed: Counts
  /** How often a process died at each gate. */
  readonly died: Counts
  /** What settling did: results by their names, and why what is open stayed so. */
  readonly settled: Counts
  /** Credits that nobody could settle by looking, and a person decided. */
  readonly leftToPeople: number
}

/** A simulation. */
export interface Report extends Tally {
  readonly seed: number
  /** Histories with differences, in the order in which they were found. */
  readonly failed: ReadonlyArray<Failed>
  /** What is wrong with the database as a whole. */
  readonly verification: ReadonlyArray<string>
}

/** Nothing yet. */
export const nothing: Tally = {
  histories: 0,
  told: new Map(),
  faults: new Map(),
  passed: new Map(),
  died: new Map(),
  settled: new Map(),
  leftToPeople: 0
}

const sum = (a: Counts, b: Counts): Counts => {
  const counts = new Map(a)
  for (const [name, more] of b) counts.set(name, (counts.get(name) ?? 0) + more)
  return counts
}

/** Two tallies together. */
export const add = (a: Tally, b: Tally): Tally => ({
  histories: a.histories + b.histories,
  told: sum(a.told, b.told),
  faults: sum(a.faults, b.faults),
  passed: sum(a.passed, b.passed),
  died: sum(a.died, b.died),
  settled: sum(a.settled, b.settled),
  leftToPeople: a.leftToPeople + b.leftToPeople
})
