/** The clock that is there, set ahead. */
import { Clock, Effect, Layer } from "effect"

/** Runs an effect by a clock that is so many milliseconds ahead, as often as it is asked. */
export const ahead = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: () => number): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => Effect.provideService(effect, Clock.Clock, setAhead(clock, millis)))

/** The clock of what is built with the layer, so many milliseconds ahead, as often as it is asked. */
export const layerAhead = (millis: () => number): Layer.Layer<never> =>
  Layer.effect(
    Clock.Clock,
    Effect.map(Clock.Clock, (clock) => setAhead(clock, millis))
  )

const setAhead = (clock: Clock.Clock, millis: () => number): Clock.Clock =>
  Object.create(clock, {
    currentTimeMillis: { value: Effect.map(clock.currentTimeMillis, (now) => now + millis()) },
    currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + millis() }
  }) as Clock.Clock
