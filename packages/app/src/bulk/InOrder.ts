/** Lets what has one name go one after the other, in the order in which it came, and different names side by side. */
import { Deferred, Effect } from "effect"

/** Runs an effect in its place: when all that came before it under its name has ended. */
export type Place = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

export class InOrder {
  /** The end of what came last, by name; only as long as it has not ended. */
  readonly #last = new Map<string, Deferred.Deferred<void>>()

  /** Takes the next place of a name. Whoever takes one must run something in it, or those behind it wait for ever. */
  enter(name: string): Place {
    const before = this.#last.get(name)
    const ended = Deferred.makeUnsafe<void>()
    this.#last.set(name, ended)
    const leave = Effect.sync(() => {
      if (this.#last.get(name) === ended) this.#last.delete(name)
      Deferred.doneUnsafe(ended, Effect.void)
    })
    return (effect) =>
      Effect.ensuring(before === undefined ? effect : Effect.andThen(Deferred.await(before), effect), leave)
  }
}
