/** How redeemed points are given back: how often, how late, how many, and to which lots. */
import { type Draw, Ids, Instant, Points, Redemption } from "@pointback/domain"
import * as Amounts from "./Amounts.ts"
import type { Dice, Weighted } from "./Dice.ts"
import type { Life } from "./Life.ts"

/** Credits of a redemption that has any. */
const CREDITS: Weighted<number> = [
  [62, 1],
  [25, 2],
  [10, 3],
  [3, 5]
]

/** Days from a redemption to its credit, or from one credit to the next; the last is longer than most lots live. */
const DELAYS: Weighted<readonly [least: number, most: number]> = [
  [70, [0, 30]],
  [20, [31, 200]],
  [10, [201, 1_100]]
]

/** How often a redemption is credited at all, in percent. */
const CREDITED = 30

/** How often the last credit gives back all that remains, in percent. */
const IN_FULL = 70

/** How often the lots are named, in percent, and how often the points are given beside them. */
const NAMED = 35
const NAMED_WITH_POINTS = 50

/** How many credits a redemption will have. */
export const credits = (dice: Dice): number => (dice.chance(CREDITED) ? dice.weighted(CREDITS) : 0)

/** When the next credit comes. */
export const nextCredit = ({ dice, now }: Life): Instant.Instant => {
  const days = dice.between(...dice.weighted(DELAYS))
  return now + BigInt(days) * Instant.MICROS_PER_DAY + BigInt(dice.between(1, 86_399)) * 1_000_000n
}

/** Credits a redemption now, unless all its points are back already. */
export const credit = (life: Life, redemptionId: Ids.RedemptionId, last: boolean): void => {
  const { dice, now, owner } = life
  const state = life.redemption(redemptionId)
  if (state._tag !== "Outstanding") return
  life.record({
    type: "credited",
    ...owner,
    redemption: redemptionId,
    credit: Ids.CreditId.make(life.name("credit")),
    ...(last && dice.chance(IN_FULL) ? {} : partOf(dice, state.redemption)),
    occurredAt: Instant.toString(now)
  })
}

/** Seconds after which a credit is recorded a second time. */
const AGAIN_AFTER = 20n

/** Records the latest credit of a redemption once more, where as many points remain. */
export const creditAgain = (life: Life, redemptionId: Ids.RedemptionId): void => {
  const latest = life.latest()
  const state = life.redemption(redemptionId)
  if (latest === undefined || latest.again || state._tag !== "Outstanding") return
  const credited = latest.facts.map(({ event }) => event).find((event) => event._tag === "PartiallyCredited")
  if (credited === undefined || credited.points > Redemption.remaining(state.redemption)) return
  life.goOn(life.now + AGAIN_AFTER * 1_000_000n)
  life.record(
    {
      type: "credited",
      ...life.owner,
      redemption: redemptionId,
      credit: Ids.CreditId.make(life.name("credit")),
      points: credited.points,
      occurredAt: Instant.toString(life.now)
    },
    true
  )
}

const partOf = (dice: Dice, redemption: Redemption.Redemption) => {
  if (!dice.chance(NAMED)) return { points: Amounts.share(Redemption.remaining(redemption), dice.between(5, 100)) }
  const named = someOf(dice, redemption)
  return {
    ...(dice.chance(NAMED_WITH_POINTS) ? { points: Points.sum(named.map(({ points }) => points)) } : {}),
    lots: named.map(({ lotId, points }) => ({ lot: lotId, points }))
  }
}

/** A few lots of which points are outstanding, in any order, with a part of those or all of them. */
const someOf = (dice: Dice, { draws }: Redemption.Redemption): ReadonlyArray<Draw.LotPoints> => {
  const outstanding = draws.filter(({ points, restored }) => restored < points)
  return dice.some(outstanding, dice.between(1, 3)).map(({ lotId, points, restored }) => ({
    lotId,
    points: Amounts.share(points - restored, dice.between(10, 100))
  }))
}
