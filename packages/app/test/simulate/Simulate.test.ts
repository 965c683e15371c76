/** Histories with faults and deaths end without a difference; protocols that are wrong do not. */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { databaseLayer } from "../../../adapters/test/support/StoresUnderTest.ts"
import { Simulation } from "../../src/index.ts"
import { runSeed } from "../support/Dice.ts"
import { broken } from "./BrokenProtocols.ts"

/** Each run has other histories; the seed that it prints repeats it. */
const seed = Math.abs(runSeed()) % Simulation.SEEDS

/** In memory, and on each database. `pnpm simulate` is the long run. */
const HISTORIES = 80
const ON_EACH = 10

const found = (report: Simulation.Report) => ({
  failed: report.failed.map(({ differences, seed }) => ({ seed, differences })),
  verification: report.verification
})

const simulate = <Run, Data>(wiring: Simulation.Wiring<Run, Data>, histories: number, from: number) =>
  Effect.runPromise(Simulation.simulate(wiring, { seed: from % Simulation.SEEDS, histories }))

describe("simulated histories", () => {
  it("end with what is booked, what Mastercard did and what callers were told in agreement", async () => {
    const report = await simulate(Simulation.memory, HISTORIES, seed)
    assert.deepStrictEqual(found(report), { failed: [], verification: [] })
    assert.strictEqual(report.histories, HISTORIES)
    // What never happened proves nothing.
    const happened = [report.told, report.faults, report.died, report.passed, report.settled].map(
      ({ size }) => size > 2
    )
    assert.deepStrictEqual(happened, [true, true, true, true, true])
  })

  it.each(["pglite", "postgres"] as const)(
    "do so on %s, which then verifies (L10 replay among it)",
    async (dialect) => {
      const report = await simulate(Simulation.database(await databaseLayer(dialect)), ON_EACH, seed + HISTORIES)
      assert.deepStrictEqual(found(report), { failed: [], verification: [] })
      assert.strictEqual(report.histories, ON_EACH)
    }
  )

  // Several accounts have credits in flight in the last four: which of them a store lists first must not matter.
  const again = [1, 2, 3, 4, 5, 20260145, 20260209, 20260268, 20260397]
  const traceOf = async <Run, Data>(wiring: Simulation.Wiring<Run, Data>, of: number) => {
    const { trace } = await Effect.runPromise(Simulation.replay(wiring, of))
    assert.isAbove(trace.length, 10)
    return trace
  }

  it("are the same for the same seed, step by step", async () => {
    for (const of of again) {
      assert.deepStrictEqual(await traceOf(Simulation.memory, of), await traceOf(Simulation.memory, of))
    }
  })

  it.each(["pglite", "postgres"] as const)("are the same on %s as in memory, step by step", async (dialect) => {
    const wiring = Simulation.database(await databaseLayer(dialect))
    for (const of of again.slice(-2)) {
      assert.deepStrictEqual(await traceOf(wiring, of), await traceOf(Simulation.memory, of))
    }
  })
})

describe("a protocol that is wrong", () => {
  // Where to begin to find it soon; from any other seed it takes some dozens of histories.
  it.each([
    ["retryAfterTimeout", 7, "creditedThereOnly"],
    ["releaseOnServerError", 415, "creditedThereOnly"],
    ["releaseOnLostConnection", 7, "creditedThereOnly"],
    ["appendBeforeCall", 2, "creditedHereOnly"],
    ["appendAfterCall", 2, "creditedHereOnly"],
    ["settleTooEarly", 807, "held"],
    ["tellDeclined", 1, "told"],
    ["neverSettle", 1, "held"]
  ] as const)("is found out: %s", async (name, from, expected) => {
    const report = await Effect.runPromise(
      Simulation.simulate(broken[name], { seed: from, histories: 200, failures: 1, together: 1 })
    )
    const kinds = report.failed.flatMap(({ differences }) => differences.map(({ kind }) => kind))
    assert.isNotEmpty(kinds, `${name} was not found out in ${report.histories} histories`)
    assert.includeMembers(["creditedThereOnly", "creditedHereOnly", expected], kinds)
  })
})
