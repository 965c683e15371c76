/**
 * The movements of one lot, newest first.
 *
 * A list that grows at its head: a replay of any number of movements in order takes constant time for each, a late one
 * copies those after it, and two versions of a lot share what they have in common and never disturb each other.
 */
import type * as Instant from "../time/Instant.ts"
import type * as Points from "../points/Points.ts"

/** Points that came into a lot (positive) or left it (negative) at an instant. */
export interface Movement {
  readonly at: Instant.Instant
  readonly points: Points.Points
}

/** The latest movement, by instant, then in the order of the log; all others stand before it. */
interface Latest extends Movement {
  readonly before: Movements
}

/** Movements of one lot; null where there are none. */
export type Movements = Latest | null

/** No movements. */
export const none: Movements = null

/** Adds a movement that the log has after all others: it comes after those of its own instant. */
export const add = (movements: Movements, { at, points }: Movement): Movements => {
  const later: Array<Movement> = []
  let before = movements
  while (before !== null && before.at > at) {
    later.push(before)
    before = before.before
  }
  let latest: Latest = { at, points, before }
  for (const movement of later.reverse()) latest = { at: movement.at, points: movement.points, before: latest }
  return latest
}

/** The movements of some rows, which must be in the order of the log where they share an instant. */
export const fromIterable = (movements: Iterable<Movement>): Movements => {
  let all: Movements = none
  for (const movement of movements) all = add(all, movement)
  return all
}
