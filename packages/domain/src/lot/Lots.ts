/**
 * What the lots of one account hold, at any instant from a horizon on.
 *
 * Expiry is not a movement: a lot's points stop being live at its `expiresAt`, booked or not, and bounds never look at
 * the sweep's events. What a lot holds is therefore the sum of what was earned, adjusted, drawn and restored, and all
 * of that happened before its `expiresAt`.
 *
 * @see semantics, sections 3 (late facts), 4 (L2, L7, L9) and 6 (expiry)
 */
import { HashMap, Option } from "effect"
import type { LotId } from "../identity/Ids.ts"
import { compare } from "../identity/Ids.ts"
import type * as Instant from "../time/Instant.ts"
import * as Points from "../points/Points.ts"
import * as Movements from "./Movements.ts"

/** One lot. */
export interface Lot {
  readonly lotId: LotId
  readonly earnedAt: Instant.Instant
  readonly expiresAt: Instant.Instant | null
  /** When the lot came to be: nothing moves in it before. Later than `earnedAt` where points were granted afterwards. */
  readonly openedAt: Instant.Instant
  /** What was earned, adjusted or extended into the lot: the most that it can ever hold (law L2). */
  readonly granted: Points.Points
  /** The sum of all movements. */
  readonly total: Points.Points
  /** What credits put back into the lot live; may exceed what it holds, since it can be drawn again. */
  readonly restored: Points.Points
  /** Movements after the horizon. */
  readonly later: Movements.Movements
  /** What the sweep has booked as expired so far. */
  readonly booked: Points.Points
  /** Whether the sweep has booked anything, so that later appends must book their difference. */
  readonly swept: boolean
}

/** The lots of an account, exact from `horizon` on (inclusive). */
export interface Lots {
  readonly horizon: Instant.Instant
  readonly byId: HashMap.HashMap<LotId, Lot>
}

/** No lots at all, exact at every instant. */
export const empty: Lots = { horizon: -(1n << 62n), byId: HashMap.empty() }

/** The lot of this id. */
export const get = (lots: Lots, lotId: LotId): Option.Option<Lot> => HashMap.get(lots.byId, lotId)

/** All lots, in draw order: soonest expiry first (never last), then earliest earned, then lot id. */
export const inDrawOrder = (lots: Lots): Array<Lot> => Array.from(HashMap.values(lots.byId)).sort(compareForDraw)

/** Lots that something can be drawn from at an instant, in draw order: an account's past ones are many, and are not sorted. */
export const drawableAt = (lots: Lots, at: Instant.Instant): Array<Lot> => {
  const drawable: Array<Lot> = []
  for (const lot of HashMap.values(lots.byId)) if (lot.total > 0n && isLive(lot, at)) drawable.push(lot)
  return drawable.sort(compareForDraw)
}

/** The draw order of every program. */
export const compareForDraw = (
  a: Pick<Lot, "expiresAt" | "earnedAt" | "lotId">,
  b: Pick<Lot, "expiresAt" | "earnedAt" | "lotId">
): number => {
  if (a.expiresAt !== b.expiresAt) {
    if (a.expiresAt === null) return 1
    if (b.expiresAt === null) return -1
    return a.expiresAt < b.expiresAt ? -1 : 1
  }
  if (a.earnedAt !== b.earnedAt) return a.earnedAt < b.earnedAt ? -1 : 1
  return compare(a.lotId, b.lotId)
}

/** Whether a lot's points are still live at an instant: up to its `expiresAt`, which is exclusive. */
export const isLive = (lot: Pick<Lot, "expiresAt">, at: Instant.Instant): boolean =>
  lot.expiresAt === null || at < lot.expiresAt

/** What a lot holds at an instant (movements at that very instant included), expired or not. */
export const heldAt = (lot: Lot, at: Instant.Instant): Points.Points => {
  let held = lot.total
  for (let movement = lot.later; movement !== null && movement.at > at; movement = movement.before) {
    held -= movement.points
  }
  return held
}

/** What a lot holds live at an instant. */
export const liveAt = (lot: Lot, at: Instant.Instant): Points.Points => (isLive(lot, at) ? heldAt(lot, at) : 0n)

/** The live points of an account at an instant. */
export const balanceAt = (lots: Lots, at: Instant.Instant): Points.Points => {
  let balance = 0n
  for (const lot of HashMap.values(lots.byId)) balance += liveAt(lot, at)
  return balance
}

/** What can leave a lot at an instant without its holding less than nothing at any later one. */
export const freeFrom = (lot: Lot, at: Instant.Instant): Points.Points => {
  let held = lot.total
  let least = held
  for (let movement = lot.later; movement !== null && movement.at > at; movement = movement.before) {
    held -= movement.points
    least = Points.min(least, held)
  }
  return least
}

/** The first instant from `at` on at which a lot holds less than `points`, and what it holds then. */
export const firstShortage = (
  lot: Lot,
  points: Points.Points,
  at: Instant.Instant
): { readonly at: Instant.Instant; readonly held: Points.Points } | undefined => {
  let held = lot.total
  let first: { readonly at: Instant.Instant; readonly held: Points.Points } | undefined
  for (let movement = lot.later; movement !== null && movement.at > at; movement = movement.before) {
    if (held < points) first = { at: movement.at, held }
    held -= movement.points
  }
  return held < points ? { at, held } : first
}

/** Opens a lot that holds nothing yet. A lot is opened once: a second opening would forget what it held. */
export const open = (
  lots: Lots,
  { earnedAt, expiresAt, lotId, openedAt }: Pick<Lot, "lotId" | "earnedAt" | "expiresAt" | "openedAt">
): Lots => {
  if (HashMap.has(lots.byId, lotId)) throw new Error(`corrupt history: lot ${lotId} is opened twice`)
  const nothing = { granted: 0n, total: 0n, restored: 0n, later: Movements.none, booked: 0n, swept: false }
  return replace(lots, { lotId, earnedAt, expiresAt, openedAt, ...nothing })
}

/** Moves points into a lot that were in none before, or takes them out of it for good. */
export const grant = (lots: Lots, lotId: LotId, movement: Movements.Movement): Lots => {
  const lot = existing(lots, lotId)
  return replace(lots, moved(lots.horizon, { ...lot, granted: lot.granted + movement.points }, movement))
}

/** Moves points into a lot or out of it. The lot must exist: history that moves points of no lot is corrupt. */
export const move = (lots: Lots, lotId: LotId, movement: Movements.Movement): Lots =>
  replace(lots, moved(lots.horizon, existing(lots, lotId), movement))

/** Puts points back into a lot that a credit restores. */
export const restore = (lots: Lots, lotId: LotId, movement: Movements.Movement): Lots =>
  replace(lots, restored(moved(lots.horizon, existing(lots, lotId), movement), movement.points))

/** Moves points that a credit extends into the lot that it opened for them. */
export const extend = (lots: Lots, lotId: LotId, movement: Movements.Movement): Lots => {
  const granted = grant(lots, lotId, movement)
  return replace(granted, restored(existing(granted, lotId), movement.points))
}

const restored = (lot: Lot, points: Points.Points): Lot => ({ ...lot, restored: lot.restored + points })

const moved = (horizon: Instant.Instant, lot: Lot, movement: Movements.Movement): Lot => ({
  ...lot,
  total: lot.total + movement.points,
  later: movement.at <= horizon ? lot.later : Movements.add(lot.later, movement)
})

/** Records what the sweep booked for a lot. */
export const book = (lots: Lots, lotId: LotId, points: Points.Points): Lots => {
  const lot = existing(lots, lotId)
  return replace(lots, { ...lot, booked: lot.booked + points, swept: true })
}

/** What is still to be booked as expired for a lot; negative where too much was. */
export const unbooked = (lot: Lot): Points.Points => lot.total - lot.booked

const replace = (lots: Lots, lot: Lot): Lots => ({
  horizon: lots.horizon,
  byId: HashMap.set(lots.byId, lot.lotId, lot)
})

const existing = (lots: Lots, lotId: LotId): Lot =>
  Option.getOrThrowWith(get(lots, lotId), () => new Error(`corrupt history: points move in lot ${lotId}, never opened`))
