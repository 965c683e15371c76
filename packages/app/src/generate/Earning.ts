/** How points are earned: how many, when, and until when. */
import { Ids, Instant, Zone } from "@pointback/domain"
import * as Amounts from "./Amounts.ts"
import type { Dice, Weighted } from "./Dice.ts"
import type { Life } from "./Life.ts"
import { LATE_DAYS } from "./ProgramPlan.ts"

/** Whole points of a lot, from and to: a purchase, a large one, a bonus, a business's. */
const SIZES: Weighted<readonly [least: number, most: number]> = [
  [60, [5, 200]],
  [30, [200, 2_000]],
  [9, [2_000, 25_000]],
  [1, [25_000, 250_000]]
]

type Term = "never" | "promotion" | { readonly months: number }

/** How long points live. */
const TERMS: Weighted<Term> = [
  [12, "never"],
  [8, "promotion"],
  [20, { months: 12 }],
  [35, { months: 24 }],
  [25, { months: 36 }]
]

/** How often points are granted later than they were earned, in percent. */
const LATE = 15

/** How often it is known where points come from, in percent. */
const SOURCES = 60

/** Earns points now; the lot that they make. */
export const earn = (life: Life): Ids.LotId => {
  const { dice, now, owner } = life
  const lot = Ids.LotId.make(life.name("lot"))
  const late = dice.chance(LATE)
  const earnedAt = late ? now - BigInt(dice.between(1, LATE_DAYS)) * Instant.MICROS_PER_DAY : now
  const expiresAt = expiryOf(dice, earnedAt)
  life.record({
    type: "earned",
    ...owner,
    lot,
    points: Amounts.amount(dice, ...dice.weighted(SIZES)),
    earnedAt: Instant.toString(earnedAt),
    expiresAt: expiresAt === null ? null : Instant.toString(expiresAt),
    ...(late ? { occurredAt: Instant.toString(now) } : {}),
    ...(dice.chance(SOURCES) ? { source: `shop ${dice.between(1, 400)}, till ${dice.between(1, 12)}` } : {})
  })
  return lot
}

const expiryOf = (dice: Dice, earnedAt: Instant.Instant): Instant.Instant | null => {
  const term = dice.weighted(TERMS)
  if (term === "never") return null
  // Longer than points can be late.
  if (term === "promotion") return earnedAt + BigInt(dice.between(30, 90)) * Instant.MICROS_PER_DAY
  return monthsLater(earnedAt, term.months)
}

/** The end of the month that lies so many months later, which many lots share. */
const monthsLater = (earnedAt: Instant.Instant, months: number): Instant.Instant => {
  const { month, year } = Zone.dateOf(Zone.UTC, earnedAt)
  const counted = year * 12 + month + months
  return Zone.startOfDate(Zone.UTC, { year: Math.floor(counted / 12), month: (counted % 12) + 1, day: 1 })
}
