/** How failures that may pass are met: tried again after waits that grow, as often as the settings say. */
import { Duration, Effect } from "effect"

/** The wait after the first failure, doubled with each that follows. */
const FIRST_WAIT = Duration.millis(200)

/** The longest wait. */
const LAST_WAIT = Duration.seconds(10)

/** Failures in a row. */
export interface Failures {
  /** Something succeeded: the next failure is the first one. */
  readonly passed: () => void
  /** Counts a failure and waits; or fails with the error that ends the subscription, if there were enough. */
  readonly failed: <E>(cause: unknown, ending: (failures: number) => E) => Effect.Effect<void, E>
}

/** Counts the failures of a subscription that ends with as many as `attempts`. */
export const counting = (name: string, attempts: number): Failures => {
  let failures = 0
  return {
    passed: () => void (failures = 0),
    failed: (cause, ending) =>
      Effect.suspend(() => {
        failures += 1
        if (failures >= attempts) return Effect.fail(ending(failures))
        const wait = Duration.min(Duration.times(FIRST_WAIT, 2 ** (failures - 1)), LAST_WAIT)
        const said = `Subscription ${name} failed ${failures} times in a row and tries again`
        return Effect.andThen(Effect.logWarning(said, cause), Effect.sleep(wait))
      })
  }
}
