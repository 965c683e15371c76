import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Ids from "../../src/identity/Ids.ts"
import * as Text from "../../src/identity/Text.ts"

const reads = (schema: typeof Text.Identifier, text: unknown): boolean =>
  Result.isSuccess(Schema.decodeUnknownResult(schema)(text))

describe("Identifier", () => {
  it.each(["a", "RANAC-000000000000000000000000000001", "naïve ü", "日本", "👍", "a b", "x".repeat(128)])(
    "reads %j",
    (text) => {
      expect(reads(Text.Identifier, text)).toBe(true)
    }
  )

  it.each(["", " a", "a ", "a\n", "a\u0000b", "a\tb", "\u007f", "\ud800", "a\udc00b", "x".repeat(129), 7, null])(
    "refuses %j",
    (text) => {
      expect(reads(Text.Identifier, text)).toBe(false)
    }
  )

  it("survives JSON and UTF-8 as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), (text) => {
        fc.pre(reads(Text.Identifier, text))
        expect(JSON.parse(JSON.stringify(text))).toBe(text)
        expect(Buffer.from(text, "utf8").toString("utf8")).toBe(text)
        expect(text).not.toMatch(/[\n\r\0]/)
      })
    )
  })
})

describe("Note", () => {
  it("may be longer, and is never empty", () => {
    expect(reads(Text.Note, "x".repeat(1000))).toBe(true)
    expect(["", "x".repeat(1001), "a\nb"].filter((text) => reads(Text.Note, text))).toEqual([])
  })
})

describe("lots that a credit extends", () => {
  it("have names that fit, whatever the credit is called, and that nobody else may give", () => {
    const longest = Ids.CreditId.make("c".repeat(128))
    expect(Ids.extendedLotId(longest, 9_999)).toBe(`extended:${longest}:10000`)
    expect(reads(Ids.EarnedLotId as never, "extended:c:1")).toBe(false)
    expect(reads(Ids.EarnedLotId as never, "extend")).toBe(true)
  })
})

describe("compare", () => {
  it("orders by code units, like the default order of arrays", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
        expect(texts.slice().sort(Ids.compare)).toEqual(texts.slice().sort())
      })
    )
    expect(["a", "B", "á", "b", "A"].sort(Ids.compare)).toEqual(["A", "B", "a", "b", "á"])
  })
})
