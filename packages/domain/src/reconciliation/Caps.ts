/**
 * What a redemption has left for credits that the other side has and we do not (law L1): what exceeds it is
 * `overCredited`, in the order in which it happened.
 */
import type * as Points from "../points/Points.ts"
import { toString } from "../points/Points.ts"
import type { OfRedemption } from "./Pairing.ts"
import { order, type SourceRecord } from "./SourceRecord.ts"

/** Points by which a credit of theirs goes beyond what was redeemed here; undefined where it does not. */
export const beyond = (found: OfRedemption, credit: SourceRecord): Points.Points | undefined => {
  const redeemed = found.all.find(({ kind }) => kind === "redemption")?.points
  if (redeemed === undefined || credit.kind === "redemption") return undefined
  let left = redeemed
  for (const { kind, points, status } of found.all) if (kind === "credit" && status !== "declined") left -= points
  for (const { points, record } of additions(found)) {
    if (record === credit) return points > left ? points - (left > 0n ? left : 0n) : undefined
    if (points <= left) left -= points
  }
  return undefined
}

/** What the other side credited more than we know of, in the order of time. */
const additions = ({ pairs, there }: OfRedemption) =>
  [
    ...there.map((record) => ({ record, points: record.points })),
    ...pairs.map(({ here, there: record }) => ({ record, points: record.points - here.points }))
  ]
    .filter(({ points, record }) => record.kind === "credit" && points > 0n)
    .toSorted((a, b) => (a.record.at < b.record.at ? -1 : a.record.at > b.record.at ? 1 : order(a.record, b.record)))

/** Says by how much. */
export const reason = (points: Points.Points): string =>
  `credited there beyond what was redeemed, by ${toString(points)} points`
