/** Amounts as a program of two fractional digits writes them. */
import { Points } from "@pointback/domain"
import type { Dice } from "./Dice.ts"

/** The smallest amount: a hundredth of a point, the finest that a program of the default scale takes. */
export const HUNDREDTH: Points.Points = Points.UNITS_PER_POINT / 100n

/** How often an amount has a fraction, in percent. */
const FRACTIONS = 40

/** An amount of so many whole points, sometimes with a fraction beside them. */
export const amount = (dice: Dice, least: number, most: number): Points.Points => {
  const whole = BigInt(dice.between(least, most)) * Points.UNITS_PER_POINT
  return dice.chance(FRACTIONS) ? whole + BigInt(dice.between(1, 99)) * HUNDREDTH : whole
}

/** So many percent of an amount, rounded down to hundredths; at least the smallest amount. */
export const share = (points: Points.Points, percent: number): Points.Points => {
  const part = (points * BigInt(percent)) / 100n
  return part < HUNDREDTH ? HUNDREDTH : part - (part % HUNDREDTH)
}
