import { Option, Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Json from "../../src/json/Json.ts"

const parse = (text: string) => Result.getOrThrow(Json.parse(text))

/** JSON values with numbers of more digits than a float holds. */
const anyJson = fc.letrec<{ value: Json.Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map((n) => Json.number(n.toString())),
    fc.array(tie("value"), { maxLength: 4 }),
    // `__proto__` as a member of an object literal means something else in JavaScript than in JSON.
    fc.dictionary(
      fc.string().filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true }
    )
  )
})).value

describe("Json", () => {
  it("keeps what a float would lose", () => {
    const text = `{"a":9007199254740993,"b":[96173827.88,0.1],"c":123456789012345.6789}`
    expect(Json.stringify(parse(text))).toBe(text)
  })

  it("reads exponents and writes none", () => {
    expect(Json.stringify(parse(`{"pointBalance":9.6E7}`))).toBe(`{"pointBalance":96000000}`)
  })

  it("keeps a number and a string of digits apart", () => {
    expect(Json.stringify(parse(`["1",1]`))).toBe(`["1",1]`)
  })

  it("says the same after writing and reading", () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(parse(Json.stringify(value))).toEqual(value)
        expect(parse(Json.stringify(value, 2))).toEqual(value)
      })
    )
  })

  it.each(["", "{", "nul", "1 2", "{'a':1}"])("refuses %j", (text) => {
    expect(Json.parse(text)).toEqual(Result.fail({ problem: "notJson" }))
  })

  it("refuses a number that asks for a gigabyte of zeros", () => {
    expect(Json.parse(`{"a":1e999999999}`)).toEqual(Result.fail({ problem: "numberTooLong" }))
  })

  it("refuses nesting that is too deep instead of throwing", () => {
    expect(Result.isFailure(Json.parse("[".repeat(1_000_000)))).toBe(true)
  })

  it("does not write members that are undefined", () => {
    expect(Json.stringify({ a: undefined, b: Json.number("1") })).toBe(`{"b":1}`)
  })

  it("reads decimals strictly or leniently", () => {
    const strict = Schema.decodeUnknownOption(Json.DecimalFromNumber)
    const lenient = Schema.decodeUnknownOption(Json.DecimalFromAnything)
    expect(strict(Json.number("1.5"))).toEqual(Option.some("1.5"))
    expect(strict("1.5")).toEqual(Option.none())
    expect(lenient("1.50")).toEqual(Option.some("1.5"))
    expect(lenient("x")).toEqual(Option.none())
    expect(lenient(null)).toEqual(Option.none())
    expect(Json.stringify(Schema.encodeUnknownSync(Json.DecimalFromNumber)("1.5") as Json.Json)).toBe("1.5")
  })
})
