/** Amounts, instants and names as the page writes them; amounts are exact. */
import { Civil, type Instant, Points, Zone } from "@pointback/domain"
import { Instant as Instants } from "@pointback/domain"
import * as Texts from "../page/Texts.ts"

export { bucket, count, counted } from "../page/Texts.ts"

/** Amounts as a page writes them. */
export interface Amounts {
  /** With its thousands apart: `96,173,827.88`. */
  readonly amount: (points: Points.Points) => string
  /** With its sign, also where it adds. */
  readonly change: (points: Points.Points) => string
}

/** Amounts with as many fractional digits as the program has, so that they stand one below the other. */
export const amounts = (scale: number): Amounts => ({
  amount: (points) => Texts.amount(Points.toString(points), scale),
  change: (points) => Texts.change(Points.toString(points), scale)
})

/** Points as a length that is drawn; what is said is exact. */
export const length = (points: Points.Points): number => Number(points) / Number(Points.UNITS_PER_POINT)

/** The date of an instant in the zone. */
export const date = (zone: Zone.Zone, at: Instant.Instant): string => Civil.toString(Zone.dateOf(zone, at))

/** An instant in UTC, without seconds that are zero. */
export const instant = (at: Instant.Instant): string => Texts.instant(Instants.toString(at))

/** Whole calendar days between two instants in the zone. */
export const daysBetween = (zone: Zone.Zone, from: Instant.Instant, to: Instant.Instant): number =>
  Zone.dayNumber(zone, to) - Zone.dayNumber(zone, from)

/** An instant as HTML reads it, which knows no more than milliseconds. */
export const machineInstant = (at: Instant.Instant): string => Texts.machineInstant(Instants.toString(at))
