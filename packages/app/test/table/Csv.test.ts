import fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as Csv from "../../src/table/Csv.ts"
import { parseCsv } from "../support/ParseCsv.ts"

describe("Csv.line", () => {
  it("gives back what went in, whatever the cells hold", () => {
    const cell = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', ",", "\r\n", "\n", " a ", "=1+1", "'"))
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }), (rows) => {
        assert.deepStrictEqual(parseCsv(rows.map(Csv.line).join("")), rows)
      })
    )
  })

  it("writes numbers as they are and nothing as an empty cell", () => {
    assert.strictEqual(Csv.line([1, null, "x", -2]), "1,,x,-2\n")
  })
})
