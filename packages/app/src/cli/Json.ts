/** The JSON shapes that other programs rely on. Points are decimal strings, instants ISO 8601 in UTC. */
import { type Draw, Instant, type Policy, Points, type Restoration } from "@pointback/domain"
import type { PointsAdjusted } from "../command/AdjustPoints.ts"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import type { PointsEarned } from "../command/EarnPoints.ts"
import type { PointsRedeemed } from "../command/RedeemPoints.ts"
import type { Imported } from "../import/Imported.ts"
import type { Swept } from "../command/SweepExpired.ts"
import type { Settled, SettledCredit } from "../settle/SettleCredits.ts"
import type { AgingAnswer } from "../query/Aging.ts"
import { errorJson } from "../error/ErrorJson.ts"
import type { Json } from "./Output.ts"

const text = Points.toString

/** An instant, or null where there is none. */
export const instant = (at: Instant.Instant | null): string | null => (at === null ? null : Instant.toString(at))

export const draw = ({ earnedAt, expiresAt, lotId, points }: Draw.Draw) => ({
  lot: lotId,
  points: text(points),
  earnedAt: Instant.toString(earnedAt),
  expiresAt: instant(expiresAt)
})

export const redeem = ({ balance, draws, points, redemptionId }: PointsRedeemed) => ({
  redemption: redemptionId,
  points: text(points),
  draws: draws.map(draw),
  balance: text(balance)
})

export const restoration = ({ earnedAt, expiresAt, fate, from, lotId, points }: Restoration.Restoration) => ({
  lot: lotId,
  points: text(points),
  fate,
  earnedAt: Instant.toString(earnedAt),
  expiresAt: instant(expiresAt),
  ...(from === undefined ? {} : { from })
})

export const credit = (outcome: CreditOutcome) => ({
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

// The declaration of what is exported has to name its types.
const basisName = (basis: "age" | "to-expiry"): "age" | "to-expiry" => basis

export const aging = (answer: AgingAnswer, withLots: boolean) => ({
  program: answer.program,
  account: answer.account,
  asOf: Instant.toString(answer.asOf),
  // Null: the answer counts all that is recorded by now, and is provisional.
  knownAt: instant(answer.knownAt),
  basis: basisName(answer.basis),
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

export const lot = (balance: AgingAnswer["lots"][number]) => ({
  account: balance.number,
  lot: balance.lotId,
  points: text(balance.points),
  earnedAt: Instant.toString(balance.earnedAt),
  expiresAt: instant(balance.expiresAt),
  restored: text(balance.restored)
})

export const earned = ({ account, earnedAt, expiresAt, lotId, points, program, replayed }: PointsEarned) => ({
  program,
  account,
  lot: lotId,
  points: text(points),
  earnedAt: Instant.toString(earnedAt),
  expiresAt: instant(expiresAt),
  replayed
})

export const adjusted = (done: PointsAdjusted) => ({
  program: done.program,
  account: done.account,
  lot: done.lotId,
  points: text(done.points),
  reason: done.reason,
  key: done.key,
  occurredAt: Instant.toString(done.occurredAt),
  replayed: done.replayed
})

export const swept = (program: string | null, { accounts, asOf, lots, points }: Swept) => ({
  program,
  asOf: Instant.toString(asOf),
  accounts,
  lots,
  points: text(points)
})

/** How many credits came to a result. */
export const countSettled = ({ credits }: Settled, result: SettledCredit["result"]): number =>
  credits.filter((one) => one.result === result).length

export const settled = (answer: Settled) => ({
  credits: answer.credits.map((one) => ({
    program: one.program,
    account: one.account,
    redemption: one.redemptionId,
    creditId: one.creditId,
    points: text(one.points),
    requestedAt: Instant.toString(one.requestedAt),
    result: one.result,
    reason: one.reason as string | null,
    detail: one.detail,
    certainFrom: instant(one.certainFrom)
  })),
  confirmed: countSettled(answer, "confirmed"),
  released: countSettled(answer, "released"),
  repeated: countSettled(answer, "repeated"),
  decidedMeanwhile: countSettled(answer, "decidedMeanwhile"),
  open: countSettled(answer, "open"),
  young: answer.young
})

/** What a policy does with expired lots, as it is typed. */
export const fate = (expiredLots: Policy.ExpiredLots): string =>
  expiredLots._tag === "Extend" ? `extend:${expiredLots.days}` : expiredLots._tag.toLowerCase()

export const policy = (
  program: string,
  { agingBoundaries, creditWindowDays, expiredLots, scale, version, zone }: Policy.Policy
) => ({
  program,
  version,
  scale,
  zone,
  expiredLots: fate(expiredLots),
  creditWindowDays,
  agingBoundaries
})

export const imported = (answer: Imported) => ({
  records: answer.records,
  accounts: answer.accounts,
  imported: answer.imported,
  replayed: answer.replayed,
  refusedAccounts: answer.refusedAccounts,
  refused: answer.refused.map(({ account, line, program, refusal }) => ({
    line,
    program,
    account,
    error: errorJson(refusal) as { readonly [key: string]: Json }
  }))
})
