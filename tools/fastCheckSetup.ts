import fc from "fast-check"
import { inject } from "vitest"

// Every property of the run draws from one seed, which the configuration chose and printed.
const { seed, runs } = inject("fastCheck")
fc.configureGlobal({ seed, ...(runs === undefined ? {} : { numRuns: runs }) })
