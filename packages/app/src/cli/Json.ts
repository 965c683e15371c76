/** The JSON shapes that other programs rely on. Points are decimal strings, instants ISO 8601 in UTC. */
import { type Draw, Instant, Points, type Restoration } from "@pointback/domain"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import type { PointsRedeemed } from "../command/RedeemPoints.ts"
import type { AgingAnswer } from "../query/Aging.ts"
import type { Json } from "./Output.ts"

const text = Points.toString

/** An instant, or null where there is none. */
export const instant = (at: Instant.Instant | null): string | null => (at === null ? null : Instant.toString(at))

export const draw = ({ earnedAt, expiresAt, lotId, points }: Draw.Draw): { readonly [key: string]: Json } => ({
  lot: lotId,
  points: text(points),
  earnedAt: instant(earnedAt),
  expiresAt: instant(expiresAt)
})

export const redeem = ({ balance, draws, points, redemptionId }: PointsRedeemed): Json => ({
  redemption: redemptionId,
  points: text(points),
  draws: draws.map(draw),
  balance: text(balance)
})

export const restoration = ({ earnedAt, expiresAt, fate, from, lotId, points }: Restoration.Restoration): Json => ({
  lot: lotId,
  points: text(points),
  fate,
  earnedAt: instant(earnedAt),
  expiresAt: instant(expiresAt),
  ...(from === undefined ? {} : { from })
})

export const credit = (outcome: CreditOutcome): Json => ({
  creditId: outcome.creditId,
  redemption: outcome.redemptionId,
  outcome: outcome.outcome,
  points: text(outcome.points),
  live: text(outcome.live),
  expired: text(outcome.expired),
  remaining: text(outcome.remaining),
  restorations: outcome.restorations.map(restoration),
  replayed: outcome.replayed,
  mastercard: outcome.mastercard,
  ...(outcome.outcome === "CreditDeclined" ? { reasons: outcome.reasons } : {}),
  ...(outcome.cause === null ? {} : { cause: outcome.cause })
})

export const aging = (answer: AgingAnswer, withLots: boolean): Json => ({
  program: answer.program,
  account: answer.account,
  asOf: instant(answer.asOf),
  // Null: the answer counts all that is recorded by now, and is provisional.
  knownAt: instant(answer.knownAt),
  basis: answer.basis,
  total: text(answer.total),
  buckets: answer.buckets.map((bucket) => ({
    bucket: bucket.bucket,
    points: text(bucket.points),
    lots: bucket.lots,
    accounts: bucket.accounts,
    restored: text(bucket.restored)
  })),
  ...(withLots ? { lots: answer.lots.map(lot) } : {})
})

const lot = (balance: AgingAnswer["lots"][number]): Json => ({
  account: balance.number,
  lot: balance.lotId,
  points: text(balance.points),
  earnedAt: instant(balance.earnedAt),
  expiresAt: instant(balance.expiresAt),
  restored: text(balance.restored)
})
