/**
 * Commands that are being carried out. What was begun is ended: neither a caller who hangs up nor a server that is asked
 * to stop breaks a credit off between Mastercard's answer and its booking.
 */
import { Context, Effect, Fiber, Layer } from "effect"

export class InFlight extends Context.Service<
  InFlight,
  {
    /** Runs a command to its end, whatever becomes of whoever waits for it. */
    readonly run: <A, E, R>(command: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** How many are running. */
    readonly count: () => number
  }
>()("@pointback/app/http/InFlight") {
  /** When its scope closes, it waits for all that is running. */
  static readonly layer: Layer.Layer<InFlight> = Layer.effect(
    InFlight,
    Effect.gen(function* () {
      const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
      const run = <A, E, R>(command: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(Effect.forkDetach(Effect.interruptible(command), { startImmediately: true }), (fiber) => {
            fibers.add(fiber)
            fiber.addObserver(() => fibers.delete(fiber))
            return restore(Fiber.join(fiber))
          })
        )
      yield* Effect.addFinalizer(() => Effect.suspend(() => Fiber.awaitAll(Array.from(fibers))))
      return { run, count: () => fibers.size }
    })
  )
}
