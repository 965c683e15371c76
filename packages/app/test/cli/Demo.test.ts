/** The demo tells the main job to its end, and leaves nothing behind. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { commandLine } from "../support/Cli.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start } from "../support/Process.ts"

/** Processes of this machine whose parent is the given one; none where the system does not say. */
const childrenOf = (pid: number): ReadonlyArray<string> => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean)
  } catch {
    return []
  }
}

describe("pointback demo", () => {
  const folder = temporaryFolder()

  it("shows requests, events, journal and aging, concludes that nothing has changed, and ends", async () => {
    const demo = start("demo", { folder })
    await demo.said("Redeem 150 points")
    const children = childrenOf(demo.pid)
    assert.strictEqual(await demo.ended, 0, demo.err())
    assert.strictEqual(demo.err(), "")
    assert.deepStrictEqual(children, [])
    const out = demo.out()
    assert.match(out, /POST \/loyalty\/redemptions\/5134720\/credits/)
    assert.match(out, /"partialCreditPoints": ?3/)
    assert.match(out, /refused before any call: 150 points are more than the 147 that remain of redemption 5134720/)
    assert.match(out, /✔ The aging after the full credit equals the aging before the redemption: 4 lots/)
    assert.match(out, /✔ verify: 9 events and 11 postings, no differences\./)
    assert.notInclude(out, "✘")
    assert.deepStrictEqual(readdirSync(folder), [])
  })

  it("tells the same as JSON", async () => {
    const { code, err, out } = await commandLine(() => folder)("demo --json")
    assert.deepStrictEqual([code, err], [0, ""])
    const { differences, equal, events, steps } = JSON.parse(out) as {
      differences: number
      equal: boolean
      events: ReadonlyArray<{ event: string }>
      steps: ReadonlyArray<{
        aging: { total: string; lots: ReadonlyArray<object> }
        exchanges: ReadonlyArray<{ status: number }>
      }>
    }
    assert.deepStrictEqual([differences, equal], [0, true])
    assert.deepStrictEqual(
      events.slice(4).map(({ event }) => event),
      ["Redeemed", "CreditRequested", "PartiallyCredited", "CreditRequested", "FullyCredited"]
    )
    assert.deepStrictEqual(
      steps.map(({ aging }) => aging.total),
      ["205.5", "55.5", "58.5", "58.5", "205.5"]
    )
    assert.deepStrictEqual(steps[0]?.aging.lots.length, 4)
    assert.deepStrictEqual(
      steps.map(({ exchanges }) => exchanges.map(({ status }) => status)),
      [[], [200], [200], [], [200]]
    )
  })
})
