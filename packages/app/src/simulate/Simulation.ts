/**
 * A simulation of credits: thousands of seeded histories with faults, deaths and clocks that jump, against the real client
 * and a real sandbox, for our own wiring or for another one.
 *
 * @see docs/simulation.md
 */
export { unmet } from "./Coverage.ts"
export type { Difference } from "./Difference.ts"
export type { Counts, Failed, Report, Tally } from "./Report.ts"
export { SEEDS } from "./Seeds.ts"
export { type Played, replay, simulate, type SimulateOptions, SimulationImpossible } from "./Simulate.ts"
export { database, LIMITS, memory, type ProcessStores, type Protocol, protocol, type Wiring } from "./Wiring.ts"
