/**
 * What later knowledge changed: the same instant as known at two others, which lots and buckets moved, and the events
 * that moved them (law L11).
 *
 * @see semantics, section 8
 */
import type { AccountKey, LotId } from "../identity/Ids.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"
import type { Aging, Bucket } from "./Aging.ts"
import type { Entry } from "./Entry.ts"
import { compareEntries } from "./RollForward.ts"
import type { LotBalance } from "./LotBalance.ts"

/** What a lot held live, and how much of it credits had put back. */
export interface Holding {
  readonly points: Points.Points
  readonly restored: Points.Points
}

const NOTHING: Holding = { points: 0n, restored: 0n }

/** A lot that held something else by the later knowledge. */
export interface RestatedLot {
  readonly account: AccountKey
  readonly lotId: LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  readonly before: Holding
  readonly after: Holding
}

/** A bucket that moved; null where the policy of that time had no such bucket. */
export interface RestatedBucket {
  readonly bucket: string
  readonly before: Bucket | null
  readonly after: Bucket | null
}

const nameOf = ({ account, lotId }: Pick<LotBalance, "account" | "lotId">): string => JSON.stringify([account, lotId])

/** The lots that hold something else afterwards; those that there were before in their order, then new ones. */
export const restatedLots = (
  before: ReadonlyArray<LotBalance>,
  after: ReadonlyArray<LotBalance>
): ReadonlyArray<RestatedLot> => {
  const then = new Map(before.map((lot) => [nameOf(lot), lot]))
  const now = new Map(after.map((lot) => [nameOf(lot), lot]))
  return [...before, ...after.filter((lot) => !then.has(nameOf(lot)))].flatMap((lot) => {
    const [held, holds] = [then.get(nameOf(lot)) ?? NOTHING, now.get(nameOf(lot)) ?? NOTHING]
    if (held.points === holds.points && held.restored === holds.restored) return []
    const { account, earnedAt, expiresAt, lotId } = lot
    return [{ account, lotId, earnedAt, expiresAt, before: holding(held), after: holding(holds) }]
  })
}

const holding = ({ points, restored }: Holding): Holding => ({ points, restored })

/** The buckets that are not the same afterwards, in the order of the later policy; those that it lacks stand last. */
export const restatedBuckets = (before: Aging, after: Aging): ReadonlyArray<RestatedBucket> => {
  const then = new Map(before.buckets.map((bucket) => [bucket.bucket, bucket]))
  const now = new Map(after.buckets.map((bucket) => [bucket.bucket, bucket]))
  return Array.from(new Set([...now.keys(), ...then.keys()]), (bucket) => ({
    bucket,
    before: then.get(bucket) ?? null,
    after: now.get(bucket) ?? null
  })).filter(({ after, before }) => !isSame(before, after))
}

const isSame = (a: Bucket | null, b: Bucket | null): boolean =>
  a !== null &&
  b !== null &&
  a.points === b.points &&
  a.lots === b.lots &&
  a.accounts === b.accounts &&
  a.restored === b.restored

/**
 * The lines that moved the restated lots, in order of time. For each lot they add up to what it holds more afterwards,
 * where what expired in the event that restored it moves nothing.
 */
export const movedBy = <Line extends Entry>(
  entries: Iterable<Line>,
  lots: ReadonlyArray<Pick<RestatedLot, "account" | "lotId">>
): ReadonlyArray<Line> => {
  const moved = new Set(lots.map(nameOf))
  return Array.from(entries)
    .filter((entry) => moves(entry) && moved.has(nameOf(entry)))
    .sort(compareEntries)
}

/** Whether an entry changes what a live lot holds. */
export const moves = ({ column }: Entry): boolean =>
  column === "earned" || column === "adjusted" || column === "redeemed" || column === "creditedLive"
