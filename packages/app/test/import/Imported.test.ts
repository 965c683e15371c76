/** What an import came to, account by account. */
import { Ids } from "@pointback/domain"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { type AccountHistory, AccountTooLong } from "../../src/import/History.ts"
import * as Imported from "../../src/import/Imported.ts"
import { program } from "../support/Commands.ts"

const refusal = new AccountTooLong({ maximumRecords: 1, maximumBytes: 1 })

const account = (line: number): AccountHistory => ({
  _tag: "TooLong",
  target: { program, account: Ids.AccountNumber.make(`account-${line}`) },
  count: 2,
  line,
  error: refusal
})

describe("what an import came to", () => {
  it("counts every refused account, and names those with the first lines, in whatever order they come", () => {
    const lines = fc.shuffledSubarray(
      Array.from({ length: Imported.MAXIMUM_NAMED_REFUSALS + 500 }, (_, index) => index + 1)
    )
    fc.assert(
      fc.property(lines, (refused) => {
        const imported = refused.reduce(
          (sofar, line) => Imported.add(sofar, account(line), { _tag: "Refused", line, refusal }),
          Imported.nothing
        )
        const expected = refused.toSorted((a, b) => a - b).slice(0, Imported.MAXIMUM_NAMED_REFUSALS)
        assert.deepStrictEqual(
          imported.refused.map(({ line }) => line),
          expected
        )
        assert.deepStrictEqual(
          [imported.refusedAccounts, imported.accounts, imported.records, imported.imported],
          [refused.length, refused.length, 2 * refused.length, 0]
        )
      }),
      { numRuns: 20 }
    )
  })
})
