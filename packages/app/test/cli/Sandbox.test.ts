/** `pointback sandbox` as people run it: faults, a clock of its own, and a state that outlives a kill. */
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { temporaryFolder } from "../support/Files.ts"
import { start } from "../support/Process.ts"

/** Processes that are started one after the other take seconds where nothing else runs. */
const PATIENCE_MS = 120_000

const folder = temporaryFolder()

interface Running {
  readonly url: string
  readonly adminUrl: string
  readonly environment: Readonly<Record<string, string>>
}

const run = async (flags: string) => {
  const started = start(`sandbox --port 0 --json ${flags}`, { folder })
  await started.said("\n")
  return { ...started, ...(JSON.parse(started.out()) as Running) }
}

const ask = async (url: string, method = "GET", body?: string): Promise<Record<string, unknown>> => {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) })
  assert.strictEqual(response.status, 200, url)
  return (await response.json()) as Record<string, unknown>
}

const ACCOUNT = `{"lots":[{"lotId":"spring","earnedAt":"2025-03-10T00:00:00Z","expiresAt":null,"points":200}]}`
const REDEMPTION = `{"userId":"11","redemptionType":"MERCHANDISE","points":150}`

describe("the sandbox as a process", () => {
  it(
    "misbehaves as told, moves its clock, and knows everything again after a kill",
    async () => {
      const state = join(folder, "sandbox.ndjson")
      const first = await run(
        `--state ${state} --clock 2026-01-20T00:00:00Z --faults refuse=0.5:422,history-lag=30s --seed 7 --rules oldNumbers=false`
      )
      assert.deepStrictEqual(await ask(`${first.adminUrl}/faults`), {
        seed: 7,
        rates: { refuse: { rate: 0.5, status: 422 } },
        script: [],
        historyLag: "30s"
      })
      await ask(`${first.adminUrl}/accounts/11`, "PUT", ACCOUNT)
      await ask(`${first.adminUrl}/redemptions/5134720`, "PUT", REDEMPTION)
      assert.deepStrictEqual(await ask(`${first.adminUrl}/clock`, "POST", `{"by":"1h"}`), {
        now: "2026-01-20T01:00:00.000Z"
      })
      const truth = await ask(`${first.adminUrl}/truth`)
      const second = start(`sandbox --port 0 --state ${state}`, { folder })
      assert.strictEqual(await second.ended, 3)
      assert.match(second.err(), /^error: The state \S+ is in use by another sandbox, process \d+\. Stop that one/)
      first.signal("SIGKILL")
      await first.ended

      const again = await run(`--state ${state} --clock 2026-01-20T00:00:00Z`)
      assert.deepStrictEqual(await ask(`${again.adminUrl}/truth`), truth)
      assert.deepInclude(await ask(`${again.adminUrl}/rules`), { oldNumbers: false })
      assert.deepStrictEqual(await ask(`${again.adminUrl}/clock`), { now: "2026-01-20T01:00:00.000Z" })
      // Faults are of a run and not of the state.
      assert.deepInclude(await ask(`${again.adminUrl}/faults`), { rates: {} })
    },
    PATIENCE_MS
  )
})
