/** Checks that several commands share. */
import { steps } from "./Steps.ts"
import { Result } from "effect"
import type { LotPoints } from "../lot/Draw.ts"
import * as Points from "../points/Points.ts"
import type { Policy } from "../program/Policy.ts"
import { InvalidDates, InvalidPoints } from "../refusal/Refusal.ts"
import * as Instant from "../time/Instant.ts"

/** The instant from which on no command may occur: an extension by the longest policy must still be writable. */
export const LATEST: Instant.Instant = Instant.fromStringUnsafe("9800-01-01T00:00:00Z")

/** Refuses amounts that are not positive, too large, or finer than the program's scale. */
export const amount = (field: string, points: Points.Points, policy: Policy): Result.Result<void, InvalidPoints> =>
  points <= 0n ? invalid(field, points, "an amount must be more than zero") : signedAmount(field, points, policy)

/** Refuses amounts that are zero, too large, or finer than the program's scale. */
export const signedAmount = (
  field: string,
  points: Points.Points,
  policy: Policy
): Result.Result<void, InvalidPoints> => {
  if (points === 0n) return invalid(field, points, "an amount must not be zero")
  if (!Points.fitsSize(points)) return tooLarge(field, points)
  if (!Points.fitsScale(points, policy.scale)) {
    return invalid(field, points, `the program keeps ${policy.scale} fractional digits`)
  }
  return Result.succeed(undefined)
}

/** Refuses an amount for its size. */
export const tooLarge = (field: string, points: Points.Points): Result.Result<never, InvalidPoints> =>
  invalid(field, points, Points.describeProblem("tooLarge"))

/** Refuses lots that are named with amounts of which one, or their sum, no command may carry. */
export const lotPoints: (
  field: string,
  lots: ReadonlyArray<LotPoints>,
  policy: Policy
) => Result.Result<void, InvalidPoints> = steps(function* (field, lots, policy) {
  for (const lot of lots) yield* amount(`${field}.${lot.lotId}`, lot.points, policy)
  const sum = Points.sum(lots.map((lot) => lot.points))
  if (!Points.fitsSize(sum)) yield* tooLarge(field, sum)
})

/** Refuses instants that nobody can mean. */
export const instant = (field: string, at: Instant.Instant): Result.Result<void, InvalidDates> =>
  at >= Instant.EARLIEST && at < LATEST
    ? Result.succeed(undefined)
    : Result.fail(new InvalidDates({ field, problem: "the year must be 1 to 9799" }))

const invalid = (field: string, points: Points.Points, problem: string) =>
  Result.fail(new InvalidPoints({ field, value: Points.toString(points), problem }))
