/** What `pointback import` answers. */
import { assert, describe, it } from "vitest"
import { MAXIMUM_NAMED_REFUSALS } from "../../src/import/Imported.ts"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { earned, program, redeemed } from "./Records.ts"

const folder = temporaryFolder()

describe("pointback import", () => {
  const type = commandLine(serverDatabase())

  it("answers what came of it, as JSON and as text", async () => {
    const file = writeNew(folder, ndjson([earned("a", "A", "10"), redeemed("b", "R1", "1"), redeemed("a", "R1", "2")]))
    const first = await type(["import", file, "--json"])
    assert.strictEqual(first.code, 1)
    const { refused, ...counts } = JSON.parse(first.out) as {
      refused: ReadonlyArray<{ line: number; program: string; account: string; error: object }>
    }
    assert.deepStrictEqual(counts, { records: 3, accounts: 2, imported: 2, replayed: 0, refusedAccounts: 1 })
    assert.strictEqual(refused.length, 1)
    assert.deepInclude(refused[0], { line: 2, program, account: "b" })
    assert.deepInclude(refused[0]?.error, { _tag: "InsufficientPoints" })
    const second = await type(["import", file])
    assert.strictEqual(second.code, 1)
    assert.match(
      second.out,
      /^imported 0 of 3 records of 2 accounts, 2 known already\nline 2: .+; nothing of account \S+ was imported$/
    )
    // Standard error is for what went wrong, and for terminals.
    assert.deepStrictEqual([first.err, second.err], ["", ""])
  })

  it("names the refused accounts with the first lines, and counts the others", async () => {
    const many = Array.from({ length: MAXIMUM_NAMED_REFUSALS + 5 }, (_, index) => redeemed(`x${index}`, "R1", "1"))
    const file = writeNew(folder, ndjson(many))
    const json = JSON.parse((await type(["import", file, "--json"])).out) as {
      refusedAccounts: number
      refused: ReadonlyArray<{ line: number }>
    }
    assert.strictEqual(json.refusedAccounts, many.length)
    assert.deepStrictEqual(
      json.refused.map(({ line }) => line),
      Array.from({ length: MAXIMUM_NAMED_REFUSALS }, (_, index) => index + 1)
    )
    const lines = (await type(["import", file])).out.split("\n")
    assert.strictEqual(lines.length, MAXIMUM_NAMED_REFUSALS + 2)
    assert.strictEqual(lines.at(-1), "and nothing of 5 more accounts")
  })
})
