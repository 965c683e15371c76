/** What a simulation of thousands of histories should have met at least once; what it did not meet, it proves nothing about. */
import { SandboxFaults } from "@pointback/adapters"
import type { Tally } from "./Report.ts"

/** Steps of the use cases that credit, settle and sweep, each with a gate before and after it. */
const STEPS: ReadonlyArray<string> = [
  "load",
  "append refusal",
  "append CreditRequested",
  "credit call",
  "append PartiallyCredited",
  "append FullyCredited",
  "append CreditDeclined",
  "append CreditOutcomeUnknown",
  "readStream",
  "inFlight",
  "numbersOf",
  "history call",
  "toSweep",
  "append PointsExpired"
]

/** Faults and deaths that did not occur, in words; empty where all have. */
export const unmet = ({ died, faults }: Tally): ReadonlyArray<string> => [
  ...SandboxFaults.FAULTS.filter((fault) => !faults.has(fault)).map((fault) => `fault ${fault}`),
  ...STEPS.flatMap((step) => [`before ${step}`, `after ${step}`])
    .filter((point) => !died.has(point))
    .map((point) => `death ${point}`)
]
