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

  it("have whole numbers between two places, of any size and sign, and nothing else", () => {
    const around = (power: bigint) => fc.bigInt({ min: power - 9n, max: power + 9n })
    const safe = 2n ** 53n
    const number = fc.oneof(
      fc.bigInt(),
      fc.bigInt({ min: -1n, max: 99n }),
      around(safe),
      around(-safe),
      around(10n ** 15n)
    )
    fc.assert(
      fc.property(field, fc.tuple(number, fc.nat({ max: 3 })), field, (before, [value, zeros], after) => {
        const text = value < 0n ? String(value) : "0".repeat(zeros) + String(value)
        assert.strictEqual(Lines.integer(before + text + after, before.length, before.length + text.length), value)
      })
    )
    assert.strictEqual(Lines.integer("12", 1, 1), 0n)
    for (const none of ["1.5", "1e3 ", "1234567890123456.", "x"])
      assert.throws(() => Lines.integer(none, 0, none.length))
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
