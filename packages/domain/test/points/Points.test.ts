import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Points from "../../src/points/Points.ts"

const LARGEST = 10n ** 19n - 1n

const points = fc.bigInt({ min: -LARGEST, max: LARGEST })

/** The value of a decimal text in ten-thousandths, digit by digit. */
const valueOf = (text: string): bigint => {
  const [integer = "", fraction = ""] = text.replace("-", "").split(".")
  const magnitude = Array.from(integer + fraction.padEnd(4, "0")).reduce(
    (value, digit) => value * 10n + BigInt(digit),
    0n
  )
  return text.startsWith("-") ? -magnitude : magnitude
}

describe("Points", () => {
  it("are written as the shortest decimal, which reads as the same amount", () => {
    fc.assert(
      fc.property(points, (amount) => {
        const text = Points.toString(amount)
        expect(text).toMatch(/^-?(0|[1-9][0-9]*)(\.[0-9]{0,3}[1-9])?$/)
        expect(text).not.toBe("-0")
        expect(valueOf(text)).toBe(amount)
        expect(Points.fromString(text)).toEqual(Result.succeed(amount))
      })
    )
  })

  it("are read from any plain decimal, zeros around it or not", () => {
    fc.assert(
      fc.property(points, fc.nat({ max: 20 }), fc.nat({ max: 20 }), (amount, before, after) => {
        const text = Points.toString(amount < 0n ? -amount : amount)
        const padded = "0".repeat(before) + text + (text.includes(".") ? "" : ".0") + "0".repeat(after)
        expect(Points.fromString(padded)).toEqual(Result.succeed(amount < 0n ? -amount : amount))
        expect(Points.fromString(`-${padded}`)).toEqual(Result.succeed(amount < 0n ? amount : -amount))
      })
    )
  })

  it("fit a scale exactly if their text has no more fractional digits", () => {
    fc.assert(
      fc.property(points, fc.nat({ max: 4 }), fc.nat({ max: 4 }), (amount, zeros, scale) => {
        const rounded = amount - (amount % 10n ** BigInt(zeros))
        const digits = Points.toString(rounded).split(".")[1]?.length ?? 0
        expect(Points.fitsScale(rounded, scale)).toBe(digits <= scale)
      })
    )
  })

  it.each([
    ["96173827.88", 961_738_278_800n],
    ["0", 0n],
    ["-0", 0n],
    ["-3", -30_000n],
    ["0.0001", 1n],
    ["999999999999999.9999", LARGEST],
    ["0000000000000000000007.50000000", 75_000n]
  ])("reads %s", (text, amount) => {
    expect(Points.fromString(text)).toEqual(Result.succeed(amount))
  })

  it.each([
    ["1000000000000000", "tooLarge"],
    ["-1000000000000000", "tooLarge"],
    ["0.00001", "tooManyDigits"],
    ["1.00001", "tooManyDigits"],
    ["", "notADecimal"],
    ["1e3", "notADecimal"],
    ["+1", "notADecimal"],
    ["1,000", "notADecimal"],
    [".5", "notADecimal"],
    ["5.", "notADecimal"],
    [" 1", "notADecimal"],
    ["1\n", "notADecimal"],
    ["--1", "notADecimal"],
    ["0x10", "notADecimal"],
    ["١", "notADecimal"],
    ["NaN", "notADecimal"]
  ] as const)("refuses %j as %s", (text, problem) => {
    expect(Points.fromString(text)).toEqual(Result.fail(problem))
    expect(Points.describeProblem(problem)).not.toBe("")
  })

  it("fit in size up to fifteen integer digits", () => {
    expect([LARGEST, LARGEST + 1n, -LARGEST, -LARGEST - 1n].map(Points.fitsSize)).toEqual([true, false, true, false])
  })

  it("pass through their schemas, which refuse the wrong sign", () => {
    const decode = (schema: typeof Points.Signed) => Schema.decodeUnknownResult(schema)
    fc.assert(
      fc.property(points, (amount) => {
        const text = Points.toString(amount)
        expect(Schema.encodeSync(Points.Signed)(amount)).toBe(text)
        expect(decode(Points.Signed)(text)).toEqual(Result.succeed(amount))
        expect(Result.isSuccess(decode(Points.Positive)(text))).toBe(amount > 0n)
        expect(Result.isSuccess(decode(Points.NonNegative)(text))).toBe(amount >= 0n)
      })
    )
    expect(Result.isFailure(decode(Points.Positive)("0"))).toBe(true)
    expect(Result.isSuccess(decode(Points.NonNegative)("0"))).toBe(true)
  })

  it("add up and compare", () => {
    expect(Points.sum([1n, -3n, 5n])).toBe(3n)
    expect(Points.sum([])).toBe(0n)
    expect([Points.min(1n, 2n), Points.min(2n, 1n), Points.min(-1n, -1n)]).toEqual([1n, 1n, -1n])
  })
})
