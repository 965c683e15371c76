/** Amounts, instants and names as pages write them, from the texts of our JSON: no digit is computed, so none is lost. */

/** A real minus sign, as wide as a digit. */
const MINUS = "\u2212"

/** A decimal with its thousands apart and as many fractional digits as the program has: `96,173,827.88`. */
export const amount = (decimal: string, scale: number): string => {
  const [integer = "", fraction = ""] = decimal.replace("-", "").split(".")
  const digits = fraction.padEnd(scale, "0")
  const sign = decimal.startsWith("-") ? MINUS : ""
  return `${sign}${integer.replace(/\B(?=(\d{3})+$)/g, ",")}${digits === "" ? "" : `.${digits}`}`
}

/** The same with its sign, also where it adds. */
export const change = (decimal: string, scale: number): string =>
  /^-|^0(\.0*)?$/.test(decimal) ? amount(decimal, scale) : `+${amount(decimal, scale)}`

/** A count with its thousands apart. */
export const count = (n: number): string => n.toLocaleString("en")

/** A count with its noun. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`

/** An instant in UTC, without seconds that are zero. */
export const instant = (iso: string): string =>
  iso
    .replace("T", " ")
    .replace(/(?::00)?\.000Z$/, " UTC")
    .replace(/Z$/, " UTC")

/** An instant as HTML reads it, which knows no more than milliseconds. */
export const machineInstant = (iso: string): string => iso.replace(/(\.\d{3})\d+Z$/, "$1Z")

/** A bucket as people say it: `31–60 days`, `over 365 days`, `never`. */
export const bucket = (name: string): string =>
  name === "never" ? "never" : `${name.replace("over-", "over ").replace("-", "\u2013")} days`
