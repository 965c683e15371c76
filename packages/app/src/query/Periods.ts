/** The periods of a report. */
import { Instant, Months, type Zone } from "@pointback/domain"
import { Effect } from "effect"
import { InvalidInterval } from "../error/AppError.ts"

/** Months of one report at most: a hundred years, beyond which an interval is a typing error. */
export const MAXIMUM_MONTHS = 1200

/** An interval of instants: [from, to). */
export interface Interval {
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** Fails unless something can lie in the interval. */
export const require = ({ from, to }: Interval): Effect.Effect<void, InvalidInterval> =>
  from < to
    ? Effect.void
    : Effect.fail(
        new InvalidInterval({
          from: Instant.toString(from),
          to: Instant.toString(to),
          problem: "it must end after it begins"
        })
      )

/** The months of an interval; the first and the last are cut where it begins or ends within them. */
export const months = Effect.fnUntraced(function* (
  interval: Interval,
  zone: Zone.Zone
): Effect.fn.Return<ReadonlyArray<Months.Period>, InvalidInterval> {
  yield* require(interval)
  const { from, to } = interval
  if (to - from > BigInt(MAXIMUM_MONTHS * 31) * Instant.MICROS_PER_DAY) {
    const problem = `at most ${MAXIMUM_MONTHS} months can be asked for`
    return yield* new InvalidInterval({ from: Instant.toString(from), to: Instant.toString(to), problem })
  }
  return Months.months(zone, from, to)
})
