/**
 * Time of one simulated history. It stands still until the simulation moves it, so a time limit of half a minute or a
 * lag of a quarter of an hour costs nothing, and passes at the same point of every replay.
 */
import { type Clock, Duration, Effect } from "effect"

/** Whoever sleeps until an instant. */
interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

const NANOS_PER_MILLI = 1_000_000n

/** A clock that is moved by hand; milliseconds since 1970. */
export class SimulatedClock implements Clock.Clock {
  #now: number
  readonly #start: number
  // By instant, those of one instant in the order in which they came.
  readonly #sleepers: Array<Sleeper> = []

  constructor(start: number) {
    this.#now = start
    this.#start = start
  }

  currentTimeMillisUnsafe(): number {
    return this.#now
  }

  currentTimeNanosUnsafe(): bigint {
    return BigInt(this.#now) * NANOS_PER_MILLI
  }

  monotonicTimeNanosUnsafe(): bigint {
    return BigInt(this.#now - this.#start) * NANOS_PER_MILLI
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return this.sleepTelling(duration, () => undefined)
  }

  /** Another clock, that shows this one's time and some milliseconds more, with another way of sleeping. */
  beside(ahead: number, sleep: Clock.Clock["sleep"] = (duration) => this.sleep(duration)): Clock.Clock {
    const currentTimeMillisUnsafe = () => this.currentTimeMillisUnsafe() + ahead
    const currentTimeNanosUnsafe = () => BigInt(currentTimeMillisUnsafe()) * NANOS_PER_MILLI
    return {
      currentTimeMillisUnsafe,
      currentTimeNanosUnsafe,
      monotonicTimeNanosUnsafe: () => this.monotonicTimeNanosUnsafe(),
      currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
      currentTimeNanos: Effect.sync(currentTimeNanosUnsafe),
      monotonicTimeNanos: this.monotonicTimeNanos,
      sleep
    }
  }

  /** When the first of those who sleep is to wake; undefined where nobody does. */
  get nextWake(): number | undefined {
    return this.#sleepers[0]?.at
  }

  /** Moves time to the first instant at which somebody wakes, but not beyond `limit`; wakes all who wake then. */
  moveTowards(limit: number): void {
    const next = this.#sleepers[0]?.at ?? Infinity
    this.#now = Math.max(this.#now, Math.min(next, limit))
    while ((this.#sleepers[0]?.at ?? Infinity) <= this.#now) this.#sleepers.shift()?.wake()
  }

  /** Sleeps, and says when the sleep has ended, just before anybody goes on: by time or by interruption. */
  sleepTelling(duration: Duration.Duration, onEnd: () => void): Effect.Effect<void> {
    // A pause with a random part may have fractions; an instant has none.
    const millis = Math.ceil(Duration.toMillis(duration))
    if (millis <= 0) return Effect.yieldNow
    // Nobody wakes from that.
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.callback<void>((resume) => {
      const sleeper: Sleeper = {
        at: this.#now + millis,
        wake: () => {
          onEnd()
          resume(Effect.void)
        }
      }
      const behind = this.#sleepers.findIndex(({ at }) => at > sleeper.at)
      this.#sleepers.splice(behind === -1 ? this.#sleepers.length : behind, 0, sleeper)
      return Effect.sync(() => {
        const place = this.#sleepers.indexOf(sleeper)
        if (place === -1) return
        this.#sleepers.splice(place, 1)
        onEnd()
      })
    })
  }
}
