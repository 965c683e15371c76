/**
 * Notices when nothing moves any more: no fiber has a step to take, and no work outside of the process is under way.
 * Only then does the simulation choose what happens next, so that its choices, and not the machine, order the steps.
 */
import { Effect, Scheduler } from "effect"

/** Counts steps that fibers have before them, and work under way. */
export class Attention {
  #moving = 0
  #waiting: (() => void) | undefined

  /** A scheduler whose steps are counted. */
  readonly scheduler: Scheduler.Scheduler

  constructor() {
    const real = new Scheduler.MixedScheduler()
    this.scheduler = {
      executionMode: real.executionMode,
      shouldYield: (fiber) => real.shouldYield(fiber),
      makeDispatcher: () => {
        const dispatcher = real.makeDispatcher()
        return {
          scheduleTask: (task, priority) => {
            this.begin()
            dispatcher.scheduleTask(() => {
              try {
                task()
              } finally {
                this.end()
              }
            }, priority)
          },
          flush: () => dispatcher.flush()
        }
      }
    }
  }

  /** Something moves. */
  begin(): void {
    this.#moving++
  }

  /** It moves no more. */
  end(): void {
    this.#moving--
    if (this.#moving === 0 && this.#waiting !== undefined) this.#look()
  }

  /** Waits until nothing moves. */
  readonly stillness: Effect.Effect<void> = Effect.callback<void>((resume) => {
    this.#waiting = () => resume(Effect.void)
    if (this.#moving === 0) this.#look()
    return Effect.sync(() => {
      this.#waiting = undefined
    })
  })

  // Whoever ended may be about to begin again: promises that are kept already come first.
  #look(): void {
    setImmediate(() => {
      if (this.#moving > 0 || this.#waiting === undefined) return
      const waiting = this.#waiting
      this.#waiting = undefined
      waiting()
    })
  }
}
