/** A reconciliation is a process that is killed, again and again, at any moment. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine } from "../support/Cli.ts"
import { lookingInto, serverDatabase } from "../support/Databases.ts"
import { dice, runSeed } from "../support/Dice.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { type Generated, generate } from "../support/Reconciling.ts"

/** Kills in all. Each takes a start of a process; twenty are a soak of its own. */
const KILLS = Number(process.env["POINTBACK_RECONCILE_KILLS"] ?? "3")

/** A batch for each kill, and some more: it is killed when it has committed another one. */
const REDEMPTIONS = 2_500 * (KILLS + 1)

/** Milliseconds behind a commit. */
const LATEST_KILL = 150

const PATIENCE_MS = 300_000

describe("a reconciliation that is killed", () => {
  const folder = temporaryFolder()
  const url = serverDatabase()
  const look = lookingInto(url)
  const type = commandLine(url)
  let generated: Generated
  beforeAll(async () => {
    generated = await generate(join(folder, "program"), 11, REDEMPTIONS, 5)
    const imported = await type(["import", generated.records])
    assert.strictEqual(imported.code, 0, imported.err)
  }, PATIENCE_MS)

  it(
    "goes on, and comes to the same report as one that was not",
    async () => {
      const line = (run: string) =>
        `reconcile --program ${generated.program} --statement ${generated.statement} --at 2026-01-01 --run ${run} --json`
      const chance = dice(runSeed(), 20)
      const placeOf = async () => {
        const [run] = await look(rows<{ place: string }>("select place from reconciliation_runs where run = 'killed'"))
        return run?.place ?? null
      }
      let midway = 0
      for (let kill = 0; kill < KILLS; kill++) {
        const before = await placeOf()
        const started = start(`${line("killed")} --database ${url()}`)
        let hasEnded = false
        void started.ended.then(() => (hasEnded = true))
        while (!hasEnded && (await placeOf()) === before) await sleep(10)
        await sleep(chance.below(LATEST_KILL))
        started.signal("SIGKILL")
        await started.ended
        if ((await placeOf()) !== null) midway++
      }
      const last = await type(line("killed"))
      const clean = await type(line("clean"))
      assert.deepStrictEqual([last.code, clean.code], [4, 4])
      assert.strictEqual(last.out.replace('"run":"killed"', '"run":"clean"'), clean.out)
      const twice = await look(
        rows("select break_id from reconciliation_history where run = 'killed' group by break_id having count(*) > 1")
      )
      assert.deepStrictEqual(twice, [])
      // A fast machine may be through before it is killed for the last time.
      assert.isAbove(midway, 0)
    },
    PATIENCE_MS
  )
})
