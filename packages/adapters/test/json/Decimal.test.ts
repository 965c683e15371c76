import { Points } from "@pointback/domain"
import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Decimal from "../../src/json/Decimal.ts"

const read = (source: string) => Result.getOrThrow(Decimal.fromSource(source))

/** Integer and fraction digits, the way a JSON number may have them. */
const numberSource = fc.record({
  minus: fc.boolean(),
  integer: fc.bigInt({ min: 0n, max: 10n ** 20n }),
  fraction: fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 12 }),
  exponent: fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined })
})

/** The value as a fraction of two integers: an oracle that knows nothing of texts. */
const valueOf = (parts: { minus: boolean; integer: bigint; fraction: string; exponent: number | undefined }) => {
  const scale = 40n
  const digits = BigInt(parts.integer.toString() + parts.fraction)
  const exponent = scale - BigInt(parts.fraction.length) + BigInt(parts.exponent ?? 0)
  return (parts.minus ? -1n : 1n) * digits * 10n ** exponent
}

const valueOfPlain = (plain: string) => {
  const [integer = "", fraction = ""] = plain.replace("-", "").split(".")
  const magnitude = BigInt(integer + fraction) * 10n ** (40n - BigInt(fraction.length))
  return plain.startsWith("-") ? -magnitude : magnitude
}

const toSource = (parts: { minus: boolean; integer: bigint; fraction: string; exponent: number | undefined }) =>
  (parts.minus ? "-" : "") +
  parts.integer.toString() +
  (parts.fraction === "" ? "" : "." + parts.fraction) +
  (parts.exponent === undefined ? "" : `e${parts.exponent}`)

describe("Decimal", () => {
  it.each([
    ["96173827.88", "96173827.88"],
    ["0", "0"],
    ["-0", "0"],
    ["-0.000e5", "0"],
    ["3.00", "3"],
    ["9.6E7", "96000000"],
    ["9.6173827880e+07", "96173827.88"],
    ["9007199254740993", "9007199254740993"],
    ["1e-4", "0.0001"],
    ["-12.5e-1", "-1.25"],
    ["100e-2", "1"]
  ])("reads %s as %s", (source, plain) => {
    expect(read(source)).toBe(plain)
  })

  it.each(["", "abc", "1.", ".5", "01", "+1", "0x1", "1e", "NaN", "Infinity", " 1", "1\n"])("refuses %j", (source) => {
    expect(Decimal.fromSource(source)).toEqual(Result.fail("notANumber"))
  })

  it.each(["1e64", "1e999999999999999999999", "1e-99999999999", "1".repeat(65), "-" + "1".repeat(64)])(
    "refuses what would be too long: %s",
    (source) => {
      expect(Decimal.fromSource(source)).toEqual(Result.fail("tooLong"))
    }
  )

  it("reads any spelling of a zero, however large its exponent", () => {
    expect(read("0e999999999999")).toBe("0")
  })

  it("keeps the value exactly and gives each value one text", () => {
    fc.assert(
      fc.property(numberSource, (parts) => {
        const plain = read(toSource(parts))
        expect(valueOfPlain(plain)).toBe(valueOf(parts))
        expect(plain).toMatch(/^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/)
        expect(plain).not.toBe("-0")
        expect(read(plain)).toBe(plain)
      })
    )
  })

  it("turns every amount of points into a decimal and back", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 19n) + 1n, max: 10n ** 19n - 1n }), (points) => {
        const decimal = Decimal.fromPoints(points)
        expect(read(decimal)).toBe(decimal)
        expect(Decimal.toPoints(decimal)).toEqual(Result.succeed(points))
      })
    )
  })

  it("refuses more digits than an amount has", () => {
    expect(Decimal.toPoints(read("1e-5"))).toEqual(Result.fail("tooManyDigits"))
    expect(Decimal.toPoints(read("1e15"))).toEqual(Result.fail("tooLarge"))
    expect(Decimal.toPoints(read("999999999999999.9999"))).toEqual(Result.succeed(10n ** 19n - 1n))
    expect(Points.MAXIMUM_SCALE).toBe(4)
  })
})
