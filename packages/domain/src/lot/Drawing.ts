/**
 * Which lots a redemption takes its points from.
 *
 * @see semantics, sections 3 (late facts) and 5 (draw order)
 */
import { steps } from "../command/Steps.ts"
import { Option, Result } from "effect"
import * as Points from "../points/Points.ts"
import {
  InsufficientPoints,
  LotExpired,
  LotNamedTwice,
  LotOverdrawn,
  LotsDoNotSum,
  TooManyDraws,
  UnknownLot
} from "../refusal/Refusal.ts"
import type * as Instant from "../time/Instant.ts"
import type { Draw, LotPoints } from "./Draw.ts"
import * as Lots from "./Lots.ts"

/** Lots that one redemption can draw from at most: an account of ten years with several lots a day. */
export const MAXIMUM_DRAWS = 10_000

/**
 * Draws `points` at an instant in the program's draw order, each lot up to what is free in it from that instant until
 * it expires, so that a late redemption breaks nothing that happened after it.
 */
export const byPolicy = (
  lots: Lots.Lots,
  points: Points.Points,
  at: Instant.Instant
): Result.Result<ReadonlyArray<Draw>, InsufficientPoints | TooManyDraws> => {
  const draws: Array<Draw> = []
  let missing = points
  for (const lot of Lots.drawableAt(lots, at)) {
    if (missing === 0n) break
    const taken = Points.min(Lots.freeFrom(lot, at), missing)
    if (taken <= 0n) continue
    draws.push(drawFrom(lot, taken))
    missing -= taken
  }
  if (missing > 0n) return Result.fail(new InsufficientPoints({ requested: points, available: points - missing, at }))
  return withinLimit(draws)
}

/** Draws exactly what the command names, in the order in which it names the lots. */
export const byName: (
  lots: Lots.Lots,
  points: Points.Points,
  named: ReadonlyArray<LotPoints>,
  at: Instant.Instant
) => Result.Result<
  ReadonlyArray<Draw>,
  LotNamedTwice | LotsDoNotSum | UnknownLot | LotExpired | LotOverdrawn | TooManyDraws
> = steps(function* (lots, points, named, at) {
  yield* namedOnce(named)
  yield* sumsTo(named, points)
  const draws: Array<Draw> = []
  for (const { lotId, points: wanted } of named) {
    const lot = yield* lotOf(lots, lotId)
    yield* canLeave(lot, wanted, at)
    draws.push(drawFrom(lot, wanted))
  }
  return yield* withinLimit(draws)
})

/** Refuses a lot that is not live at the instant, or that would hold less than nothing from then on. */
export const canLeave = (
  lot: Lots.Lot,
  points: Points.Points,
  at: Instant.Instant
): Result.Result<void, LotExpired | LotOverdrawn> => {
  if (lot.expiresAt !== null && !Lots.isLive(lot, at)) {
    return Result.fail(new LotExpired({ lotId: lot.lotId, expiresAt: lot.expiresAt, at }))
  }
  const shortage = Lots.firstShortage(lot, points, at)
  return shortage === undefined
    ? Result.succeed(undefined)
    : Result.fail(new LotOverdrawn({ lotId: lot.lotId, requested: points, available: shortage.held, at: shortage.at }))
}

/** Refuses a list that names a lot twice. */
export const namedOnce = (named: ReadonlyArray<LotPoints>): Result.Result<void, LotNamedTwice> => {
  const seen = new Set<string>()
  for (const { lotId } of named) {
    if (seen.has(lotId)) return Result.fail(new LotNamedTwice({ lotId }))
    seen.add(lotId)
  }
  return Result.succeed(undefined)
}

/** Refuses a list whose points add up to something else. */
export const sumsTo = (named: ReadonlyArray<LotPoints>, points: Points.Points): Result.Result<void, LotsDoNotSum> => {
  const sum = Points.sum(named.map((lot) => lot.points))
  return sum === points ? Result.succeed(undefined) : Result.fail(new LotsDoNotSum({ points, sum }))
}

const drawFrom = (lot: Lots.Lot, points: Points.Points): Draw => ({
  lotId: lot.lotId,
  earnedAt: lot.earnedAt,
  expiresAt: lot.expiresAt,
  points
})

const withinLimit = (draws: ReadonlyArray<Draw>): Result.Result<ReadonlyArray<Draw>, TooManyDraws> =>
  draws.length <= MAXIMUM_DRAWS
    ? Result.succeed(draws)
    : Result.fail(new TooManyDraws({ draws: draws.length, maximum: MAXIMUM_DRAWS }))

/** The one lot of this id, or a refusal that names it. */
export const lotOf = (lots: Lots.Lots, lotId: Lots.Lot["lotId"]): Result.Result<Lots.Lot, UnknownLot> =>
  Option.match(Lots.get(lots, lotId), {
    onNone: () => Result.fail(new UnknownLot({ lotId })),
    onSome: Result.succeed
  })
