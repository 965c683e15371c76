/** How points are redeemed: how many, for what, and from which lots. */
import { type Draw, Ids, Instant, Points, type RedemptionEvent } from "@pointback/domain"
import * as Amounts from "./Amounts.ts"
import type { Dice, Weighted } from "./Dice.ts"
import type { Life } from "./Life.ts"

const TYPES: Weighted<RedemptionEvent.RedemptionType> = [
  [70, "MERCHANDISE"],
  [18, "TRAVEL"],
  [12, "CASHBACK"]
]

/** Merchants as Mastercard names them. */
const MERCHANTS = ["E078562", "E078563", "E102277", "E940001"].map((name) => Ids.ProcessedBy.make(name))

/** Nobody redeems less than a point. */
const LEAST = Points.UNITS_PER_POINT

/** How often all points are redeemed, in percent. */
const ALL = 15

/** How often the lots are named, in percent. */
const NAMED = 20

/** Whether there is anything worth redeeming. */
export const canRedeem = (life: Life): boolean => Points.sum(life.spendable().map(({ points }) => points)) >= LEAST

/** Redeems points now; what they were redeemed for. There must be something worth redeeming. */
export const redeem = (life: Life, redemption: Ids.RedemptionId): RedemptionEvent.RedemptionType => {
  const { dice, now, owner } = life
  const lots = life.spendable()
  const draws = dice.chance(NAMED) ? someOf(dice, lots) : undefined
  const balance = Points.sum(lots.map(({ points }) => points))
  const redemptionType = dice.weighted(TYPES)
  life.record({
    type: "redeemed",
    ...owner,
    redemption,
    points: draws === undefined ? partOf(dice, balance) : Points.sum(draws.map(({ points }) => points)),
    redemptionType,
    processedBy: dice.pick(MERCHANTS),
    occurredAt: Instant.toString(now),
    ...(draws === undefined ? {} : { draws: draws.map(({ lotId, points }) => ({ lot: lotId, points })) })
  })
  return redemptionType
}

const partOf = (dice: Dice, balance: Points.Points): Points.Points =>
  dice.chance(ALL) ? balance : Amounts.share(balance, dice.between(5, 70))

/** A few lots in any order, with a part of what each holds or all of it. */
const someOf = (dice: Dice, lots: ReadonlyArray<Draw.LotPoints>): ReadonlyArray<Draw.LotPoints> =>
  dice
    .some(lots, dice.between(1, 4))
    .map(({ lotId, points }) => ({ lotId, points: Amounts.share(points, dice.between(10, 100)) }))
