/** What an account held at each of several instants: its history as a series. */
import { HashMap } from "effect"
import * as Account from "../account/Account.ts"
import type { LotBalance } from "../aging/LotBalance.ts"
import type { AccountKey } from "../identity/Ids.ts"
import * as Lots from "../lot/Lots.ts"
import * as Points from "../points/Points.ts"
import type * as Civil from "../time/Civil.ts"
import { civilFromDays, daysFromCivil, isDate } from "../time/Civil.ts"
import type * as Instant from "../time/Instant.ts"
import * as Zone from "../time/Zone.ts"
import type { RecordedFact } from "./RecordedFact.ts"
import { counted } from "./RecordedFact.ts"

/** The lots that held points at an instant, in draw order. */
export interface Held {
  readonly at: Instant.Instant
  readonly lots: ReadonlyArray<LotBalance>
}

/**
 * The lots of one account at each of some ascending instants, from facts in the order of the log. Each fact is looked
 * at once, however many instants there are; for each of them the answer is what `LotBalance.asOf` gives.
 */
export const heldAt = (
  account: AccountKey,
  facts: ReadonlyArray<RecordedFact>,
  instants: ReadonlyArray<Instant.Instant>,
  knownAt: Instant.Instant | null
): ReadonlyArray<Held> => {
  const last = instants.at(-1)
  const known = last === undefined ? [] : counted(facts, { asOf: last, knownAt })
  let lots = Lots.empty
  let next = 0
  return instants.map((at) => {
    for (; next < known.length && (known[next] as RecordedFact).fact.occurredAt <= at; next++) {
      lots = Account.evolveLots(lots, (known[next] as RecordedFact).fact)
    }
    return { at, lots: liveLots(account, lots, at) }
  })
}

const liveLots = (account: AccountKey, lots: Lots.Lots, at: Instant.Instant): ReadonlyArray<LotBalance> =>
  Array.from(HashMap.values(lots.byId))
    .map((lot) => {
      const { earnedAt, expiresAt, lotId, restored } = lot
      const points = Lots.liveAt(lot, at)
      return { account, lotId, earnedAt, expiresAt, points, restored: Points.min(restored, points) }
    })
    .filter(({ points }) => points > 0n)
    .sort(Lots.compareForDraw)

/** How far apart the instants of a series are. */
export const STEPS = ["day", "week", "month", "quarter", "year"] as const
/** How far apart the instants of a series are: calendar steps in the program's zone. */
export type Step = (typeof STEPS)[number]

/** Instants of a series at most: more than a chart or a table can show. */
export const MAXIMUM_INSTANTS = 1000

const DAYS = { day: 1, week: 7 } as const
const MONTHS = { month: 1, quarter: 3, year: 12 } as const

/**
 * The instants of a series: `from`, then the first instants of the dates that are whole steps after its date in the zone
 * (clamped to the ends of months), and `to`. Null where there would be more than `MAXIMUM_INSTANTS`.
 */
export const instantsOf = (
  zone: Zone.Zone,
  from: Instant.Instant,
  to: Instant.Instant,
  step: Step
): ReadonlyArray<Instant.Instant> | null => {
  const start = Zone.dateOf(zone, from)
  const instants = [from]
  for (let steps = 1; ; steps++) {
    const at = Zone.startOfDate(zone, dateAfter(start, step, steps))
    if (at >= to) break
    if (at <= from) continue
    if (instants.length > MAXIMUM_INSTANTS) return null
    instants.push(at)
  }
  if (to > from) instants.push(to)
  return instants.length > MAXIMUM_INSTANTS ? null : instants
}

const dateAfter = (date: Civil.Civil, step: Step, steps: number): Civil.Civil =>
  step === "day" || step === "week"
    ? civilFromDays(daysFromCivil(date.year, date.month, date.day) + DAYS[step] * steps)
    : monthsAfter(date, MONTHS[step] * steps)

/** The same day of a later month, or its last one where the month is too short. */
export const monthsAfter = ({ day, month, year }: Civil.Civil, months: number): Civil.Civil => {
  const count = year * 12 + (month - 1) + months
  const later = { year: Math.floor(count / 12), month: (((count % 12) + 12) % 12) + 1 }
  let last = day
  while (!isDate(later.year, later.month, last)) last -= 1
  return { ...later, day: last }
}
