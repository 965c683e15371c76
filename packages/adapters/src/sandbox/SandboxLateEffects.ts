/** Effects that were promised for later: commands with the instant at which each takes place. */
import type { Instant } from "@pointback/domain"

/** A command that takes place at an instant. */
export interface LateEffect<A> {
  readonly due: Instant.Instant
  readonly what: A
}

/** Keeps what is to come, soonest first; of one instant in the order in which it was promised. */
export class LateEffects<A> {
  readonly #waiting: Array<LateEffect<A>> = []

  /** Promises something. */
  add(effect: LateEffect<A>): void {
    let index = this.#waiting.length
    while (index > 0 && (this.#waiting[index - 1] as LateEffect<A>).due > effect.due) index--
    this.#waiting.splice(index, 0, effect)
  }

  /** Takes out the next that is due at `now`; undefined where there is none. */
  take(now: Instant.Instant): LateEffect<A> | undefined {
    const [first] = this.#waiting
    return first !== undefined && first.due <= now ? this.#waiting.shift() : undefined
  }
}
