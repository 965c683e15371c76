/** Comma-separated values that a spreadsheet reads as they are, and runs nothing of. */
import { assert, describe, it } from "vitest"
import { csv, exact } from "../../src/cli/Csv.ts"

describe("CSV", () => {
  it.each(["=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx"])("takes the text %j for no formula", (text) => {
    const line = csv(["a"], [[text]])
      .split("\n")
      .slice(1)
      .join("\n")
    assert.include([`'${text}`, `"'${text}"`], line)
  })

  it("leaves amounts as they are, negative ones too, and other texts", () => {
    assert.strictEqual(
      csv(
        ["lot", "points", "note"],
        [
          ["lot-1", exact("-5.25"), "a=b"],
          [null, exact(7), ""]
        ]
      ),
      "lot,points,note\nlot-1,-5.25,a=b\n,7,"
    )
  })

  it("quotes what would end a field or a line", () => {
    assert.strictEqual(
      csv(
        ["a", "b"],
        [
          ['say "x"', "1,2"],
          ["two\nlines", "'"]
        ]
      ),
      'a,b\n"say ""x""","1,2"\n"two\nlines",\''
    )
  })
})
