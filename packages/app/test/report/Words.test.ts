import { Points } from "@pointback/domain"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as Words from "../../src/report/Words.ts"

describe("Words.amounts", () => {
  it("loses no digit and adds none, whatever the scale", () => {
    const most = 10n ** 19n - 1n
    fc.assert(
      fc.property(fc.bigInt({ min: -most, max: most }), fc.integer({ min: 0, max: 4 }), (points, scale) => {
        const written = Words.amounts(scale).amount(points)
        const plain = written.replaceAll(",", "").replace("\u2212", "-")
        assert.strictEqual(Points.fromStringUnsafe(plain), points)
        assert.match(written, /^\u2212?\d{1,3}(,\d{3})*(\.\d+)?$/)
      })
    )
  })

  it("gives amounts of a program as many digits as the program has", () => {
    const { amount, change } = Words.amounts(2)
    assert.deepStrictEqual([0n, 5000n, 12_345_678_900n, -10_000n].map(amount), [
      "0.00",
      "0.50",
      "1,234,567.89",
      "\u22121.00"
    ])
    assert.deepStrictEqual([0n, 5000n, -10_000n].map(change), ["0.00", "+0.50", "\u22121.00"])
    assert.strictEqual(Words.amounts(0).amount(10_000_000n), "1,000")
  })
})

describe("Words", () => {
  it("names buckets as people do", () => {
    assert.deepStrictEqual(["0-30", "over-365", "never"].map(Words.bucket), [
      "0\u201330 days",
      "over 365 days",
      "never"
    ])
  })

  it("writes instants without what is zero", () => {
    assert.strictEqual(Words.instant(0n), "1970-01-01 00:00 UTC")
    assert.strictEqual(Words.instant(1_000_000n), "1970-01-01 00:00:01.000 UTC".replace(".000", ""))
    assert.strictEqual(Words.instant(1n), "1970-01-01 00:00:00.000001 UTC")
    assert.strictEqual(Words.machineInstant(123_456n), "1970-01-01T00:00:00.123Z")
  })
})
