/** How the points of a lot are corrected by hand. */
import { Instant } from "@pointback/domain"
import * as Amounts from "./Amounts.ts"
import type { Life } from "./Life.ts"

const REASONS_TO_ADD = ["goodwill", "receipt handed in later", "promotion applied by hand"]
const REASONS_TO_TAKE = ["goods returned", "entered twice", "agreed with the customer"]

/** How often points are added, in percent; else some are taken. */
const ADDED = 60

/** Adjusts one of the lots that hold points now, where there is one. */
export const adjust = (life: Life): void => {
  const { dice, now, owner } = life
  const lots = life.spendable()
  if (lots.length === 0) return
  const { lotId, points } = dice.pick(lots)
  const added = dice.chance(ADDED)
  life.record({
    type: "adjusted",
    ...owner,
    lot: lotId,
    points: added ? Amounts.amount(dice, 1, 500) : -Amounts.share(points, dice.between(1, 100)),
    reason: dice.pick(added ? REASONS_TO_ADD : REASONS_TO_TAKE),
    occurredAt: Instant.toString(now),
    key: life.name("adjustment")
  })
}
