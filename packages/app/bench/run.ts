/**
 * Measures Pointback against the plainest thing that could do the work, and prints one table of ratios.
 *
 *     pnpm bench [name of a workload…]
 */
import { Migrations, PostgresDatabase, Stores } from "@pointback/adapters"
import { Layer, ManagedRuntime, Redacted } from "effect"
import { startEmbeddedServer } from "../../adapters/test/support/PostgresServer.ts"
import { table } from "../src/cli/Output.ts"
import * as Baseline from "./Baseline.ts"
import { measure, REPETITIONS } from "./Measure.ts"
import { workloads } from "./Workloads.ts"

/** Connections of ours and of the baseline. */
const POOL = 32

/** A commit waits for the disk, as it does in production. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_buffers: "256MB" }

const wanted = new Set(process.argv.slice(2))
const server = await startEmbeddedServer(DURABLE)
const database = PostgresDatabase.layer({ url: Redacted.make(server.url), poolSize: POOL })
const runtime = ManagedRuntime.make(
  Stores.layer.pipe(Layer.merge(Layer.effectDiscard(Migrations.migrate)), Layer.provideMerge(database))
)
const many = await Baseline.open(server.url, POOL)
const one = await Baseline.open(server.url, 1)

try {
  const rows: Array<ReadonlyArray<string>> = []
  for (const workload of await workloads((effect) => runtime.runPromise(effect), many, one)) {
    if (wanted.size > 0 && !wanted.has(workload.name)) continue
    console.error(`measuring ${workload.name} …`)
    const measured = await measure(workload)
    const { baseline, goal, greatest, least, name, ours, ratio, what } = measured
    const spread = `${least.toFixed(2)}–${greatest.toFixed(2)}`
    rows.push([name, ours.toFixed(0), baseline.toFixed(0), ratio.toFixed(2), spread, goal.toFixed(2), what])
  }
  const head = ["", "ours/s", "baseline/s", "ratio", "spread", "goal", "ours; baseline"]
  console.log(table(head, rows, new Set(["ours/s", "baseline/s", "ratio", "goal"])))
  console.log(`medians of ${REPETITIONS} alternating runs; fsync and synchronous_commit on; ${POOL} connections each`)
} finally {
  await runtime.dispose()
  await many.close()
  await one.close()
  await server.stop()
}
