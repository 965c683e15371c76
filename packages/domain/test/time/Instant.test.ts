import { Option, Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Instant from "../../src/time/Instant.ts"

const instant = fc.bigInt({ min: Instant.EARLIEST, max: Instant.END - 1n })

/** `Date` knows milliseconds; the microseconds below them are put back by hand. */
const throughDate = (at: bigint): string => {
  const millis = Number(Instant.floorDivide(at, 1000n))
  const micros = at - BigInt(millis) * 1000n
  const text = new Date(millis).toISOString()
  return micros === 0n ? text : text.replace("Z", `${micros.toString().padStart(3, "0")}Z`)
}

describe("Instant", () => {
  it("is written as Date writes it, microseconds kept, and reads as the same instant", () => {
    fc.assert(
      fc.property(fc.oneof(instant, fc.bigInt({ min: -2n, max: 2n })), fc.boolean(), (at, whole) => {
        const chosen = whole ? at - (((at % 1000n) + 1000n) % 1000n) : at
        fc.pre(chosen >= Instant.EARLIEST)
        const text = Instant.toString(chosen)
        expect(text).toBe(throughDate(chosen))
        expect(Instant.fromString(text)).toEqual(Option.some(chosen))
        expect(Schema.decodeUnknownSync(Instant.Instant)(Schema.encodeSync(Instant.Instant)(chosen))).toBe(chosen)
      })
    )
  })

  it("is read with any offset, as Date reads it", () => {
    const offset = fc.tuple(fc.constantFrom("+", "-"), fc.nat({ max: 14 }), fc.nat({ max: 59 }))
    fc.assert(
      fc.property(instant, offset, (at, [sign, hours, minutes]) => {
        const two = (value: number) => value.toString().padStart(2, "0")
        const millis = Instant.toString(at).slice(0, 23)
        const text = `${millis}${sign}${two(hours)}:${two(minutes)}`
        const expected = BigInt(Date.parse(text)) * 1000n
        fc.pre(expected >= Instant.EARLIEST && expected < Instant.END)
        expect(Instant.fromString(text)).toEqual(Option.some(expected))
        expect(Instant.fromString(text.replace(/:(\d\d)$/, "$1").replace("T", " "))).toEqual(Option.some(expected))
      })
    )
  })

  it("keeps milliseconds rounded down, before 1970 too", () => {
    fc.assert(
      fc.property(instant, (at) => {
        const millis = BigInt(Instant.toEpochMillis(at))
        expect(millis * 1000n <= at && at < (millis + 1n) * 1000n).toBe(true)
        expect(Instant.fromEpochMillis(Number(millis))).toBe(millis * 1000n)
      })
    )
  })

  it.each([
    ["2026-01-20T09:30:00Z", "2026-01-20T09:30:00.000Z"],
    ["2026-01-20T09:30Z", "2026-01-20T09:30:00.000Z"],
    ["2026-01-20 09:30:00.123456+00", "2026-01-20T09:30:00.123456Z"],
    ["2026-01-20T09:30:00.5+01:00", "2026-01-20T08:30:00.500Z"],
    ["2026-01-20T09:30:00.1000000-0130", "2026-01-20T11:00:00.100Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"]
  ])("reads %s", (text, written) => {
    expect(Option.map(Instant.fromString(text), Instant.toString)).toEqual(Option.some(written))
    expect(Instant.toString(Instant.fromStringUnsafe(text))).toBe(written)
  })

  it.each([
    "2026-01-20",
    "2026-01-20T09:30:00",
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-20T24:00:00Z",
    "2026-01-20T23:60:00Z",
    "2026-01-20T23:59:60Z",
    "2026-01-20T09:30:00.1234567Z",
    "0000-12-31T23:59:59Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-00:01",
    "10000-01-01T00:00:00Z",
    "2026-01-20T09:30:00+19:00",
    "2026-01-20T09:30:00z",
    "20260120T093000Z",
    ""
  ])("refuses %j", (text) => {
    expect(Instant.fromString(text)).toEqual(Option.none())
    expect(() => Instant.fromStringUnsafe(text)).toThrow("not an instant")
    expect(Result.isFailure(Schema.decodeUnknownResult(Instant.Instant)(text))).toBe(true)
  })

  it("knows what it can write", () => {
    expect(Instant.inRange(Instant.EARLIEST)).toEqual(Result.succeed(Instant.EARLIEST))
    expect(Instant.inRange(Instant.END - 1n)).toEqual(Result.succeed(Instant.END - 1n))
    expect(Instant.inRange(Instant.EARLIEST - 1n)).toEqual(Result.fail("outOfRange"))
    expect(Instant.inRange(Instant.END)).toEqual(Result.fail("outOfRange"))
  })
})
