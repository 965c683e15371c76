/**
 * Decimals as they travel in JSON: plain decimal strings, with no binary float on the way.
 *
 * A JSON number may be written in many ways (`3`, `3.0`, `30e-1`). Here each value has one text: no exponent, no zeros
 * that say nothing, no minus before zero. `"96173827.88"` is such a text.
 *
 * @see semantics, section 2
 */
import { Points } from "@pointback/domain"
import { Result } from "effect"

/** A decimal in its one plain text form. */
export type Decimal = string

/**
 * Characters of a decimal at most. An amount has 20 at most; an exponent such as `1e999999999` must not be able to ask
 * for a gigabyte of zeros.
 */
export const MAXIMUM_LENGTH = 64

/** Why a text is not a decimal that can be kept. */
export type DecimalProblem = "notANumber" | "tooLong"

const JSON_NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/**
 * Reads the source text of a JSON number, exponent included, and gives its plain form: `9.6E7` is `"96000000"`.
 *
 * Fails with `notANumber` where the text is not a JSON number, and with `tooLong` where its plain form would have more
 * than 64 characters.
 */
export const fromSource = (source: string): Result.Result<Decimal, DecimalProblem> => {
  const match = JSON_NUMBER.exec(source)
  if (match === null) return Result.fail("notANumber")
  const integer = match[2] as string
  const fraction = match[3] ?? ""
  const digits = integer + fraction
  const exponent = match[4] ?? "0"
  if (/^0+$/.test(digits)) return Result.succeed("0")
  // Compared as text first: the exponent itself may have more digits than a number holds exactly.
  if (digits.length > MAXIMUM_LENGTH || exponent.replace(/^[+-]?0*/, "").length > 3) return Result.fail("tooLong")
  const plain = shift(digits, integer.length + Number(exponent))
  const text = (match[1] as string) + plain
  return text.length > MAXIMUM_LENGTH ? Result.fail("tooLong") : Result.succeed(text)
}

/** Puts the decimal point after `position` digits and drops the zeros that say nothing. */
const shift = (digits: string, position: number): string => {
  const padded = position > 0 ? digits.padEnd(position, "0") : "0".repeat(1 - position) + digits
  const point = Math.max(position, 1)
  const integer = padded.slice(0, point).replace(/^0+(?=[0-9])/, "")
  const fraction = padded.slice(point).replace(/0+$/, "")
  return fraction === "" ? integer : `${integer}.${fraction}`
}

/** Says in words what `fromSource` found wrong. */
export const describeProblem = (problem: DecimalProblem): string =>
  problem === "notANumber"
    ? "a JSON number is expected"
    : `a number of at most ${MAXIMUM_LENGTH} characters is expected`

/**
 * A decimal as an amount of points, in ten-thousandths. Fails where it has more than four fractional or more than
 * fifteen integer digits.
 */
export const toPoints: (decimal: Decimal) => Result.Result<Points.Points, Points.PointsProblem> = Points.fromString

/** An amount of points as a decimal. */
export const fromPoints: (points: Points.Points) => Decimal = Points.toString
