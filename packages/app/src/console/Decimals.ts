/** Exact sums of the API's decimals. A number of JavaScript's is used for what is drawn, and for nothing that is said. */

/** Fractional digits of an amount at most. */
const DIGITS = 4

const units = (decimal: string): bigint => {
  const [integer = "0", fraction = ""] = decimal.replace("-", "").split(".")
  const magnitude = BigInt(integer + fraction.padEnd(DIGITS, "0"))
  return decimal.startsWith("-") ? -magnitude : magnitude
}

const text = (sum: bigint): string => {
  const digits = (sum < 0n ? -sum : sum).toString().padStart(DIGITS + 1, "0")
  const fraction = digits.slice(-DIGITS).replace(/0+$/, "")
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -DIGITS)}${fraction === "" ? "" : `.${fraction}`}`
}

/** The sum of amounts. */
export const sum = (decimals: ReadonlyArray<string>): string =>
  text(decimals.reduce((total, decimal) => total + units(decimal), 0n))

/** The amount with the other sign. */
export const negated = (decimal: string): string => text(-units(decimal))

/** Whether two amounts are the same, however they are written. */
export const equal = (a: string, b: string): boolean => units(a) === units(b)

export const isZero = (decimal: string): boolean => units(decimal) === 0n

/** A length that is drawn. */
export const length = (decimal: string): number => Number(decimal)

/** How many hundredths an amount is of a whole, for bars. */
export const share = (part: string, whole: string): number =>
  isZero(whole) ? 0 : Number((units(part) * 10_000n) / units(whole)) / 100
