/** What `pointback rebuild` prints, and how it ends. */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine } from "../support/Cli.ts"
import { open, serverDatabase } from "../support/Databases.ts"

describe("rebuild on a server", () => {
  const url = serverDatabase()
  const type = commandLine(url)
  const spoil = () => Effect.runPromise(Effect.provide(rows("update lots set late = true"), open(url())))

  it("ends with 0 where every row is as the events give it", async () => {
    assert.strictEqual((await type("earn --program p --account a --lot A --points 3 --earned-at 2025-01-10")).code, 0)
    const { code, out } = await type("rebuild")
    assert.strictEqual(code, 0)
    assert.match(out, /postings +1 +0\nlots +1 +0\nredemptions +0 +0\nevery row is as the events give it$/)
  })

  it("ends with 4 and names what differs, which a check leaves and a rebuild puts right", async () => {
    await spoil()
    const checked = await type("rebuild --check")
    assert.strictEqual(checked.code, 4)
    assert.match(
      checked.out,
      /lots: p \S+ A: late is true, the events give false\n1 row differed from what the events give$/
    )
    const rebuilt = await type("rebuild --json")
    assert.strictEqual(rebuilt.code, 4)
    const { differing, tables } = JSON.parse(rebuilt.out) as { differing: number; tables: { lots: object } }
    assert.strictEqual(differing, 1)
    assert.deepInclude(tables.lots, { rows: 1, differing: 1 })
    assert.strictEqual((await type("rebuild --check")).code, 0)
    assert.strictEqual((await type("verify")).code, 0)
  })
})
