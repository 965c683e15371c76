/** The clock that is there, set ahead. */
import { Clock, Effect } from "effect"

/** Runs an effect by a clock that is so many milliseconds ahead, as often as it is asked. */
export const ahead = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: () => number): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const set = Object.create(clock, {
      currentTimeMillis: { value: Effect.map(clock.currentTimeMillis, (now) => now + millis()) },
      currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + millis() }
    }) as Clock.Clock
    return Effect.provideService(effect, Clock.Clock, set)
  })
