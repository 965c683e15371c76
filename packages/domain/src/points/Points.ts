/**
 * Amounts of points: exact decimals, held as a bigint count of the smallest unit.
 *
 * The smallest unit is one ten-thousandth of a point, for every program: a program's scale says how many of the four
 * fractional digits it may use, not what the integer means. Amounts of two programs can therefore never be confused,
 * and an event can be read without knowing its program's policy.
 *
 * @see semantics, section 2
 */
import { Effect, Result, Schema, SchemaGetter, SchemaIssue } from "effect"

/** An amount in ten-thousandths of a point. `15000n` is one and a half points. */
export type Points = bigint

/** Fractional digits that any program can have at most. */
export const MAXIMUM_SCALE = 4

/** Integer digits of any amount at most: beyond a quadrillion points an amount is a mistake, not a balance. */
export const MAXIMUM_INTEGER_DIGITS = 15

/** Ten-thousandths in one point. */
export const UNITS_PER_POINT = 10_000n

/** The first amount that has too many integer digits. */
const LIMIT = 10n ** BigInt(MAXIMUM_INTEGER_DIGITS) * UNITS_PER_POINT

const WHOLE = /^\d{1,15}$/

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** Why a text is not an amount. */
export type PointsProblem = "notADecimal" | "tooManyDigits" | "tooLarge"

/**
 * Reads a plain decimal string such as `"96173827.88"` or `"-3"`; no exponent, no sign but minus, no separators.
 *
 * Fails with `notADecimal`, with `tooManyDigits` (more than four significant fractional digits) or with `tooLarge`
 * (more than fifteen integer digits).
 */
export const fromString = (text: string): Result.Result<Points, PointsProblem> => {
  // Most amounts of most programs; read several times as fast.
  if (WHOLE.test(text)) return Result.succeed(BigInt(text) * UNITS_PER_POINT)
  const match = DECIMAL.exec(text)
  if (match === null) return Result.fail("notADecimal")
  const integer = (match[2] as string).replace(/^0+/, "")
  const fraction = (match[3] ?? "").replace(/0+$/, "")
  if (integer.length > MAXIMUM_INTEGER_DIGITS) return Result.fail("tooLarge")
  if (fraction.length > MAXIMUM_SCALE) return Result.fail("tooManyDigits")
  const magnitude = BigInt(integer + fraction.padEnd(MAXIMUM_SCALE, "0"))
  return Result.succeed(match[1] === "-" ? -magnitude : magnitude)
}

/** Reads an amount that is known to be well-formed, as the database writes it; anything else is a bug and throws. */
export const fromStringUnsafe = (text: string): Points => Result.getOrThrow(fromString(text))

/** Writes an amount as the shortest plain decimal string: `"3"`, `"96173827.88"`, `"-0.5"`. */
export const toString = (points: Points): string => {
  const magnitude = points < 0n ? -points : points
  const integer = (magnitude / UNITS_PER_POINT).toString()
  const rest = magnitude % UNITS_PER_POINT
  const fraction = rest === 0n ? "" : "." + rest.toString().padStart(MAXIMUM_SCALE, "0").replace(/0+$/, "")
  return (points < 0n ? "-" : "") + integer + fraction
}

/** Whether an amount uses no more than `scale` fractional digits (0 to 4). */
export const fitsScale = (points: Points, scale: number): boolean =>
  points % 10n ** BigInt(MAXIMUM_SCALE - scale) === 0n

/** Whether an amount has at most fifteen integer digits. */
export const fitsSize = (points: Points): boolean => points > -LIMIT && points < LIMIT

/** The smaller of two amounts. */
export const min = (a: Points, b: Points): Points => (a < b ? a : b)

/** The sum of amounts. */
export const sum = (amounts: Iterable<Points>): Points => {
  let total = 0n
  for (const points of amounts) total += points
  return total
}

const PROBLEMS: Record<PointsProblem, string> = {
  notADecimal: 'a plain decimal string such as "3" or "96173827.88" is expected',
  tooManyDigits: `at most ${MAXIMUM_SCALE} fractional digits are kept`,
  tooLarge: `at most ${MAXIMUM_INTEGER_DIGITS} integer digits are kept`
}

/** Says in words what `fromString` found wrong. */
export const describeProblem = (problem: PointsProblem): string => PROBLEMS[problem]

/** Any amount, also negative or zero, as a decimal string outside and a bigint inside. */
export const Signed = Schema.String.pipe(
  Schema.decodeTo(Schema.BigInt, {
    decode: SchemaGetter.transformEffect((text: string, options) =>
      Result.match(fromString(text), {
        onSuccess: (points) => Effect.succeed(points),
        onFailure: (problem) =>
          Effect.fail(new SchemaIssue.InvalidValue({ message: describeProblem(problem) }, text, options))
      })
    ),
    encode: SchemaGetter.transform(toString)
  })
)

/** An amount of zero or more. */
export const NonNegative = Signed.check(Schema.isGreaterThanOrEqualToBigInt(0n, { message: "must not be negative" }))

/** An amount above zero: what can be earned, redeemed or credited. */
export const Positive = Signed.check(Schema.isGreaterThanBigInt(0n, { message: "must be more than zero" }))
