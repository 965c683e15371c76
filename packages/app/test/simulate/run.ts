/**
 * The long simulation: histories in memory, on PGlite and on a real PostgreSQL that is started for it. Prints the report
 * of each, and ends with 4 where something differs or where a fault or a death that there is was never met.
 *
 *     pnpm simulate [seed] [histories in all] [of them on each database]
 */
import { EmbeddedDatabase, Migrations, PostgresDatabase } from "@pointback/adapters"
import { Effect, Layer, Redacted } from "effect"
import { randomInt } from "node:crypto"
import { startEmbeddedServer } from "../../../adapters/test/support/PostgresServer.ts"
import { reportText } from "../../src/cli/commands/Simulate.ts"
import { ExitCode } from "../../src/cli/ExitCode.ts"
import { Simulation } from "../../src/index.ts"

const numberAt = (place: number, fallback: number): number => {
  const given = process.argv[place]
  if (given === undefined) return fallback
  if (!/^\d{1,10}$/.test(given)) throw new Error(`${given} is no whole number`)
  return Number(given)
}

const seed = numberAt(2, randomInt(Simulation.SEEDS))
const all = numberAt(3, 10_000)
const onEach = numberAt(4, 500)

console.log(`pnpm simulate ${seed} ${all} ${onEach}`)

let clean = true

const simulate = async <Run, Data>(name: string, wiring: Simulation.Wiring<Run, Data>, from: number, count: number) => {
  const began = performance.now()
  const report = await Effect.runPromise(
    Simulation.simulate(wiring, { seed: from % Simulation.SEEDS, histories: count })
  )
  const seconds = (performance.now() - began) / 1000
  console.log(`\n${name}, ${seconds.toFixed(0)} s`)
  console.log(reportText(report))
  clean &&= report.failed.length + report.verification.length === 0 && report.histories === count
  return report
}

const migrate = Effect.asVoid(Migrations.migrate)
const server = await startEmbeddedServer()
try {
  const postgres = PostgresDatabase.layer({ url: Redacted.make(server.url) })
  await simulate(
    "PostgreSQL",
    Simulation.database(Layer.effectDiscard(migrate).pipe(Layer.provideMerge(postgres))),
    seed,
    onEach
  )
} finally {
  await server.stop()
}
const pglite = EmbeddedDatabase.layerMemory({ prepare: migrate })
await simulate("PGlite", Simulation.database(pglite), seed + onEach, onEach)
const inMemory = await simulate("memory", Simulation.memory, seed + 2 * onEach, all - 2 * onEach)
process.exitCode = clean && Simulation.unmet(inMemory).length === 0 ? ExitCode.done : ExitCode.differences
