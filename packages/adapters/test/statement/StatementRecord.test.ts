import type { SourceRecord } from "@pointback/domain"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromLine, keyOf, sortKey, toLine } from "../../src/statement/StatementRecord.ts"

const text = fc.string({
  unit: fc.constantFrom("a", "Z", "0", " ", "é", "😀", ":", ";", "\u00ff"),
  minLength: 1,
  maxLength: 6
})
const points = fc.bigInt({ min: 1n, max: 10n ** 18n })
const at = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n })

const record: fc.Arbitrary<SourceRecord.SourceRecord> = fc.record({
  kind: fc.constantFrom("redemption", "credit"),
  redemption: text,
  credit: fc.option(text),
  points,
  at,
  reference: fc.option(text),
  status: fc.constant("settled"),
  eventId: fc.constant(null),
  remaining: fc.option(fc.oneof(points, fc.constant(0n))),
  lots: fc.option(
    fc.array(fc.record({ lot: text, points, expiresAt: fc.oneof(at, fc.constant(null), fc.constant(undefined)) }), {
      maxLength: 3
    })
  )
})

describe("records as lines", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(text, record, (account, written) => {
        const line = toLine({ account, record: written })
        expect(line).not.toMatch(/[\n\u0100-\uffff]/)
        expect(fromLine(line)).toEqual({ account, record: written })
        expect(keyOf(line)).toBe(sortKey(account, written.redemption as string))
      })
    )
  })

  it("sort by the bytes of account and redemption, as the database does", () => {
    const bytes = (parts: readonly [string, string]) => parts.map((part) => Buffer.from(part, "utf8"))
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), (a, b) => {
        const [first, second] = bytes(a) as [Buffer, Buffer]
        const [otherFirst, otherSecond] = bytes(b) as [Buffer, Buffer]
        const expected = Buffer.compare(first, otherFirst) || Buffer.compare(second, otherSecond)
        const [x, y] = [sortKey(...a), sortKey(...b)]
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(expected)
      })
    )
  })
})
