import fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as Lines from "../../src/eventStore/Lines.ts"

const SEPARATORS = ["\x1d", "\x1e", "\x1f"]

/** Text of every kind, line breaks and quotes too, that has no separator. */
const field = fc.string({ unit: "binary" }).filter((text) => !SEPARATORS.some((one) => text.includes(one)))

describe("lines", () => {
  it("are read as they were written", () => {
    const lines = fc.array(fc.tuple(fc.nat().map(String), field, field), { minLength: 1 })
    fc.assert(
      fc.property(lines, (rows) => {
        const text = Lines.text(rows.map(Lines.line))
        assert.deepStrictEqual(Lines.parse(text), rows)
        // The database may end each line.
        assert.deepStrictEqual(Lines.parse(`${text}\x1e`), rows)
      })
    )
  })

  it("have numbers and truth values as text, and null as nothing", () => {
    assert.deepStrictEqual(Lines.parse(Lines.text([Lines.line([1, "", null, true, "end"])])), [
      ["1", "", "", "true", "end"]
    ])
  })

  it("are null where there are none", () => {
    assert.isNull(Lines.text([]))
    for (const none of [null, undefined, ""]) assert.deepStrictEqual(Lines.parse(none), [])
  })

  it("have lists in one field", () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (items) => {
        const [[, list] = []] = Lines.parse(Lines.line([1, Lines.list(items)]))
        assert.deepStrictEqual(list?.split("\x1d"), items)
      })
    )
  })

  it("take any text but an empty one and one with a separator", () => {
    const some = field.filter((text) => text !== "")
    fc.assert(fc.property(some, (text) => assert.strictEqual(Lines.plain("a key", text), text)))
    assert.throws(() => Lines.plain("a key", ""), "a key must not be empty")
    fc.assert(
      fc.property(field, fc.constantFrom(...SEPARATORS), field, (before, separator, after) => {
        assert.throws(() => Lines.plain("a key", before + separator + after), "a key must have no control characters")
      })
    )
    assert.isNull(Lines.plain("a key", null))
  })
})
