/** What two records that are the same do not agree on. */
import * as Points from "../points/Points.ts"
import * as Instant from "../time/Instant.ts"
import * as Break from "./Break.ts"
import * as Caps from "./Caps.ts"
import type { OfRedemption, Pair } from "./Pairing.ts"
import type { Context } from "./Rules.ts"
import { difference, distance, type RecordLot, type SourceRecord } from "./SourceRecord.ts"

const text = Points.toString

const isHeld = ({ status }: SourceRecord): boolean => status === "pending" || status === "unknown"

/** Amounts that differ, and credits of unknown outcome that are found there. */
export const amounts = (account: string, found: OfRedemption, context: Context): ReadonlyArray<Break.Break> =>
  found.pairs.flatMap((pair) => {
    if (isHeld(pair.here)) return held(account, pair, context)
    const { here, there } = pair
    const points = difference(here, there)
    if (points <= context.tolerances.points) return []
    const beyond = Caps.beyond(found, there)
    const evidence = { account, here: [here], there: [there] }
    return beyond === undefined
      ? [
          Break.make("amountMismatch", {
            ...evidence,
            points,
            remedy: "person",
            reason: `${text(there.points)} points there, ${text(here.points)} here`
          })
        ]
      : [Break.make("overCredited", { ...evidence, points: beyond, remedy: "person", reason: Caps.reason(beyond) })]
  })

/** A credit that we wait for, found there: it happened, and only that. */
const held = (account: string, { here, there }: Pair, context: Context): ReadonlyArray<Break.Break> => {
  // Whoever asked for it is about to record the answer.
  if (here.status === "pending" && here.at + context.tolerances.settled > context.at) return []
  const same = difference(here, there) <= context.tolerances.points
  return [
    Break.make("unknownOutcome", {
      account,
      here: [here],
      there: [there],
      points: here.points,
      remedy: same ? "confirm" : "person",
      reason: same
        ? "the credit was asked for and its outcome is unknown here; it is there, so it happened"
        : `the outcome of the credit is unknown here, and a credit of ${text(there.points)} points is there`
    })
  ]
}

/** Records that came to the other side much earlier or later. */
export const times = (account: string, { pairs }: OfRedemption, { tolerances }: Context): ReadonlyArray<Break.Break> =>
  pairs
    .filter(({ here, there }) => !isHeld(here) && distance(here, there) > tolerances.time)
    .map(({ here, there }) =>
      Break.make("late", {
        account,
        here: [here],
        there: [there],
        points: here.points,
        remedy: "none",
        reason: `${Instant.toString(there.at)} there, ${Instant.toString(here.at)} here`
      })
    )

/** What remains of the redemption, where everything that moved points agrees. */
export const remaining = (
  account: string,
  { all, pairs, redemption }: OfRedemption,
  { tolerances, window }: Context
): ReadonlyArray<Break.Break> => {
  const differing = pairs.flatMap((pair) => {
    const here = remainingHere(pair.here, all, window === null ? undefined : window.to)
    const there = pair.there.remaining
    if (here === null || there === null || isHeld(pair.here)) return []
    const points = here > there ? here - there : there - here
    return points > tolerances.points ? [{ pair, here, there, points }] : []
  })
  const [first] = differing
  if (first === undefined) return []
  const ended = differing.find(({ here, there }) => (here === 0n) !== (there === 0n))
  const told = ended ?? first
  return [
    Break.make(ended === undefined ? "remainingMismatch" : "stateMismatch", {
      account,
      redemption,
      whole: true,
      here: differing.map(({ pair }) => pair.here),
      there: differing.map(({ pair }) => pair.there),
      points: told.points,
      remedy: "person",
      reason:
        ended === undefined
          ? `${text(told.there)} points remain there, ${text(told.here)} here, while the credits agree`
          : told.here === 0n
            ? `the redemption is fully credited here, and ${text(told.there)} points remain there`
            : `the redemption is fully credited there, and ${text(told.here)} points remain here`
    })
  ]
}

/** A credit says what remained after it; of a redemption it is what remains at the end of the window. */
const remainingHere = (
  record: SourceRecord,
  all: ReadonlyArray<SourceRecord>,
  end: Instant.Instant | undefined
): Points.Points | null => {
  if (record.kind === "credit") return record.remaining
  const credited = all.filter(
    ({ at, kind, status }) => kind === "credit" && status === "settled" && (end === undefined || at < end)
  )
  return record.points - Points.sum(credited.map(({ points }) => points))
}

/** Lots that the points went to, or came from, where both sides know lots and agree on the points. */
export const lots = (account: string, { pairs }: OfRedemption): ReadonlyArray<Break.Break> =>
  pairs.flatMap(({ here, there }) => {
    if (here.lots === null || there.lots === null || here.points !== there.points) return []
    const differences = lotDifferences(here.lots, there.lots)
    if (differences.length === 0) return []
    return [
      Break.make("agingMismatch", {
        account,
        here: [here],
        there: [there],
        points: Points.sum(differences.map(({ points }) => points)) / 2n,
        remedy: "person",
        reason: differences.map(({ problem }) => problem).join("; ")
      })
    ]
  })

interface LotDifference {
  /** Twice the points in question: what one lot has too much, another one lacks. */
  readonly points: Points.Points
  readonly problem: string
}

const lotDifferences = (
  here: ReadonlyArray<RecordLot>,
  there: ReadonlyArray<RecordLot>
): ReadonlyArray<LotDifference> => {
  const ours = byLot(here)
  const theirs = byLot(there)
  return Array.from(new Set([...ours.keys(), ...theirs.keys()]))
    .toSorted()
    .flatMap((lot) => {
      const [mine, other] = [ours.get(lot), theirs.get(lot)]
      const points = (other?.points ?? 0n) - (mine?.points ?? 0n)
      if (points !== 0n) {
        const problem = `lot ${lot}: ${text(other?.points ?? 0n)} points there, ${text(mine?.points ?? 0n)} here`
        return [{ points: points < 0n ? -points : points, problem }]
      }
      const [expiry, theirExpiry] = [mine?.expiresAt, other?.expiresAt]
      if (expiry === undefined || theirExpiry === undefined || expiry === theirExpiry) return []
      return [
        {
          points: 2n * (mine?.points ?? 0n),
          problem: `lot ${lot}: expires ${moment(theirExpiry)} there, ${moment(expiry)} here`
        }
      ]
    })
}

const moment = (at: Instant.Instant | null): string => (at === null ? "never" : Instant.toString(at))

/** A lot may stand in several places; what counts is what is of it in all. */
const byLot = (lots: ReadonlyArray<RecordLot>): ReadonlyMap<string, RecordLot> => {
  const sums = new Map<string, RecordLot>()
  for (const lot of lots) {
    const known = sums.get(lot.lot)
    sums.set(lot.lot, known === undefined ? lot : { ...known, points: known.points + lot.points })
  }
  return sums
}
