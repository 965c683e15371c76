/**
 * The three stages of a credit among many, with as many places in each: its request is stored, Mastercard is asked, the
 * answer is recorded. So Mastercard is kept busy while the database works, and neither waits for the other.
 */
import { Effect, Semaphore } from "effect"
import { type AroundCall, CurrentAroundCall, notBegun } from "../command/CreditCall.ts"
import type { Brake } from "./Brake.ts"
import * as Turns from "./Turns.ts"

/** How many stages there are. */
export const STAGES = 3

/** Calls that are signed before what is ready to be read and written is: a few milliseconds. */
const CALLS_AT_A_TIME = 10

export class Stages {
  readonly #storing: Semaphore.Semaphore
  readonly #asking: Semaphore.Semaphore
  readonly #turn = Turns.make(CALLS_AT_A_TIME)
  readonly #brake: Brake

  constructor(places: number, brake: Brake) {
    this.#storing = Semaphore.makeUnsafe(places)
    this.#asking = Semaphore.makeUnsafe(places)
    this.#brake = brake
  }

  /** Runs a credit from the first stage on. What asks nobody stays in the first one. */
  through<A, E, R>(credit: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.andThen(
      this.#storing.take(1),
      Effect.suspend(() => {
        const place = new Place(this.#storing)
        const around: AroundCall = {
          before: Effect.andThen(
            Effect.andThen(this.#asking.take(1), Effect.andThen(place.change(this.#asking), this.#turn)),
            this.#unlessStopped
          ),
          answered: place.change(undefined)
        }
        return Effect.ensuring(Effect.provideService(credit, CurrentAroundCall, around), around.answered)
      })
    )
  }

  /** What is stored and not asked for when the run stops need not be lost to the same trouble, or be held for long. */
  readonly #unlessStopped = Effect.suspend(() => {
    const stopped = this.#brake.stopped
    return stopped === undefined ? Effect.void : Effect.fail(notBegun("runStopped", stopped.message))
  })
}

/** A place that is held in one stage at a time. */
class Place {
  #held: Semaphore.Semaphore | undefined

  constructor(held: Semaphore.Semaphore) {
    this.#held = held
  }

  /** Gives the present place back. `next` is one that is held already. */
  change(next: Semaphore.Semaphore | undefined): Effect.Effect<void> {
    return Effect.suspend(() => {
      const held = this.#held
      this.#held = next
      return held === undefined ? Effect.void : Effect.asVoid(held.release(1))
    })
  }
}
