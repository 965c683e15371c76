/** How many breaks there are of a kind, and of how many points. */
import { StoredBreak } from "@pointback/adapters"
import { Ids, type Instant, Points } from "@pointback/domain"
import type { Grouping } from "./Groupings.ts"

/** Ages from days to days, as those of points are. */
const AGES: ReadonlyArray<readonly [name: string, most: number]> = [
  ["0-1", 1],
  ["2-7", 7],
  ["8-30", 30],
  ["31-90", 90],
  ["over-90", Number.POSITIVE_INFINITY]
]

const groupOf = (by: Grouping, found: StoredBreak.StoredBreak, at: Instant.Instant): string => {
  if (by !== "age") return found[by]
  const days = StoredBreak.ageOf(found.since, at)
  return (AGES.find(([, most]) => days <= most) as readonly [string, number])[0]
}

export interface BreakGroup {
  readonly group: string
  readonly breaks: number
  /** A decimal string. */
  readonly points: string
}

/** The groups by their names; ages are counted to an instant. */
export const groupsOf = (
  found: ReadonlyArray<StoredBreak.StoredBreak>,
  by: Grouping,
  at: Instant.Instant
): ReadonlyArray<BreakGroup> => {
  const groups = new Map<string, { breaks: number; points: bigint }>()
  for (const one of found) {
    const name = groupOf(by, one, at)
    const group = groups.get(name) ?? { breaks: 0, points: 0n }
    group.breaks++
    group.points += one.points === null ? 0n : Points.fromStringUnsafe(one.points)
    groups.set(name, group)
  }
  return Array.from(groups)
    .toSorted(([a], [b]) => Ids.compare(a, b))
    .map(([group, { breaks, points }]) => ({ group, breaks, points: Points.toString(points) }))
}
