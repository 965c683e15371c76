/** Amounts, instants and names as the page writes them; amounts are exact. */
import { Civil, type Instant, Points, Zone } from "@pointback/domain"
import { Instant as Instants } from "@pointback/domain"

/** A real minus sign, as wide as a digit. */
const MINUS = "\u2212"

/** Amounts as a page writes them. */
export interface Amounts {
  /** With its thousands apart: `96,173,827.88`. */
  readonly amount: (points: Points.Points) => string
  /** With its sign, also where it adds. */
  readonly change: (points: Points.Points) => string
}

/** Amounts with as many fractional digits as the program has, so that they stand one below the other. */
export const amounts = (scale: number): Amounts => {
  const amount = (points: Points.Points): string => {
    const [integer = "", fraction = ""] = Points.toString(points).replace("-", "").split(".")
    const digits = fraction.padEnd(scale, "0")
    return `${points < 0n ? MINUS : ""}${integer.replace(/\B(?=(\d{3})+$)/g, ",")}${digits === "" ? "" : `.${digits}`}`
  }
  return { amount, change: (points) => (points > 0n ? `+${amount(points)}` : amount(points)) }
}

/** A count with its thousands apart. */
export const count = (n: number): string => n.toLocaleString("en")

/** A count with its noun. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? "" : "s"}`

/** The date of an instant in the zone. */
export const date = (zone: Zone.Zone, at: Instant.Instant): string => Civil.toString(Zone.dateOf(zone, at))

/** An instant in UTC, without seconds that are zero. */
export const instant = (at: Instant.Instant): string =>
  Instants.toString(at)
    .replace("T", " ")
    .replace(/(?::00)?\.000Z$/, " UTC")
    .replace(/Z$/, " UTC")

/** A bucket as people say it: `31–60 days`, `over 365 days`, `never`. */
export const bucket = (name: string): string =>
  name === "never" ? "never" : `${name.replace("over-", "over ").replace("-", "\u2013")} days`

/** Whole calendar days between two instants in the zone. */
export const daysBetween = (zone: Zone.Zone, from: Instant.Instant, to: Instant.Instant): number =>
  Zone.dayNumber(zone, to) - Zone.dayNumber(zone, from)

/** An instant as HTML reads it, which knows no more than milliseconds. */
export const machineInstant = (at: Instant.Instant): string => Instants.toString(at).replace(/(\.\d{3})\d+Z$/, "$1Z")
