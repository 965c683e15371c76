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
import * as Copy from "./Copy.ts"
import * as CreditOverHttp from "./CreditOverHttp.ts"
import * as Import from "./Import.ts"
import type { Workload } from "./Measure.ts"
import { measure, REPETITIONS } from "./Measure.ts"
import * as Others from "./Others.ts"
import * as Program from "./Program.ts"
import * as Questions from "./Questions.ts"
import * as Rebuild from "./Rebuild.ts"
import * as Reconcile from "./Reconcile.ts"
import { EACH, workloads, WRITERS } from "./Workloads.ts"

/** Connections of ours and of the baseline. */
const POOL = 32

/** A commit waits for the disk, as it does in production. */
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on", shared_buffers: "256MB" }

/** Runs of what takes seconds each; as odd as the others. */
const LONG_REPETITIONS = 5

const wanted = new Set(process.argv.slice(2))
const isWanted = (name: string): boolean => wanted.size === 0 || wanted.has(name)
const server = await startEmbeddedServer(DURABLE)
const database = PostgresDatabase.layer({ url: Redacted.make(server.url), poolSize: POOL })
const runtime = ManagedRuntime.make(
  Stores.layer.pipe(Layer.merge(Layer.effectDiscard(Migrations.migrate)), Layer.provideMerge(database))
)
const many = await Baseline.open(server.url, POOL)
const one = await Baseline.open(server.url, 1)

const rows: Array<ReadonlyArray<string>> = []

const add = async (workload: Workload, repetitions = REPETITIONS): Promise<void> => {
  console.error(`measuring ${workload.name} …`)
  const { baseline, goal, greatest, least, name, ours, ratio, what } = await measure(workload, repetitions)
  const spread = `${least.toFixed(2)}–${greatest.toFixed(2)}`
  rows.push([
    name,
    ours.toFixed(0),
    baseline.toFixed(0),
    ratio.toFixed(2),
    spread,
    goal === undefined ? "" : goal.toFixed(2),
    what
  ])
}

/** The same appends through other stores, against the same baseline. */
const others = async (): Promise<void> => {
  const opened = await Others.open(server.url)
  for (const { appends, close, name } of opened) {
    const what = `the same through ${name}`
    await add({
      name: `W1 ${name}`,
      what,
      ours: appends(WRITERS, EACH),
      baseline: many.insertRows(WRITERS, EACH)
    })
    await close()
  }
}

/** Questions about the past, in a small and a large program; W6 or W6p alone where one is wanted. */
const questions = async (): Promise<void> => {
  const databases = Copy.databases(server.url, "questions")
  const [small, large] = [await databases.make(), await databases.make()]
  console.error("importing a program of 10⁴ events and one of 10⁶ …")
  await Program.prepare(small, Program.SMALL, POOL)
  await Program.prepare(large, Program.LARGE, POOL)
  const { close, list } = await Questions.workloads(small, large)
  for (const workload of list) {
    if (isWanted(workload.name.split(" ")[0] as string)) await add(workload)
  }
  await close()
  await databases.drop(small)
  await databases.drop(large)
}

try {
  for (const workload of await workloads((effect) => runtime.runPromise(effect), many, one)) {
    if (isWanted(workload.name)) await add(workload)
  }
  if (isWanted("others")) await others()
  if (isWanted("W3")) {
    const { close, workload } = await Import.open(server.url, POOL)
    await add(workload, LONG_REPETITIONS)
    await close()
  }
  if (isWanted("W6") || isWanted("W6p")) await questions()
  if (isWanted("W4")) await add(await Rebuild.open(server.url, POOL), LONG_REPETITIONS)
  if (isWanted("W7")) {
    const { close, workload } = await Reconcile.open(server.url, POOL)
    await add(workload, LONG_REPETITIONS)
    await close()
  }
  if (isWanted("W8")) {
    const { close, workload } = await CreditOverHttp.open((effect) => runtime.runPromise(effect))
    await add(workload)
    close()
  }
  const head = ["", "ours/s", "baseline/s", "ratio", "spread", "goal", "ours; baseline"]
  console.log(table(head, rows, new Set(["ours/s", "baseline/s", "ratio", "goal"])))
  console.log(
    `medians of ${REPETITIONS} alternating runs, W3, W4 and W7 of ${LONG_REPETITIONS}; fsync and synchronous_commit on; ` +
      `${POOL} connections each`
  )
} finally {
  await runtime.dispose()
  await many.close()
  await one.close()
  await server.stop()
}
