/**
 * Asks Mastercard for one credit at a time until it has answered one. A credit that does not reach it is declined for
 * good: so an outage, or a wrong key, costs a few credit ids and not as many as are in flight.
 *
 * What is known already calls nobody and does not wait: a file that is run again goes fast from its first line on.
 */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import { Effect, Semaphore } from "effect"
import type { BatchedCredit } from "./CreditResult.ts"

export class Probe {
  readonly #one = Semaphore.makeUnsafe(1)
  #answered = false

  /** Mastercard has answered: all go at once from now on. */
  pass(): void {
    this.#answered = true
  }

  /** Runs a credit when it is its turn. `run` must call `pass` when it was answered. */
  through<A, E, R>(
    credit: BatchedCredit,
    run: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | DatabaseError, R | EventStore.EventStore> {
    return Effect.suspend(() => {
      if (this.#answered) return run
      const alone = this.#one.withPermits(1)(
        Effect.suspend(() => (this.#answered ? Effect.succeed(undefined) : Effect.map(run, (value) => ({ value }))))
      )
      const inTurn = Effect.flatMap(alone, (ran) => (ran === undefined ? run : Effect.succeed(ran.value)))
      return Effect.flatMap(callsNobody(credit), (known) => (known ? run : inTurn))
    })
  }
}

const callsNobody = ({
  account,
  creditId,
  program
}: BatchedCredit): Effect.Effect<boolean, DatabaseError, EventStore.EventStore> =>
  EventStore.EventStore.pipe(
    Effect.flatMap((store) =>
      store.load({
        program,
        account,
        lots: [],
        horizon: Instant.END,
        redemptions: [],
        keys: [{ kind: "credit", key: creditId }]
      })
    ),
    Effect.map(({ account: known, keys }) => known === null || keys.length > 0)
  )
