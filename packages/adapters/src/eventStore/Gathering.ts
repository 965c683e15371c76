/**
 * Work that comes while other work is being done is gathered and done together. What finds nobody at work is done at
 * once; it does not wait for company.
 */
import { Deferred, Effect, type Scope } from "effect"

interface Waiting<In, Out, E> {
  readonly item: In
  readonly outcome: Deferred.Deferred<Out, E>
}

/** Takes what is to be done next from what waits, oldest first; what it leaves waits on. Takes something of anything. */
export type Choose<In> = (waiting: ReadonlyArray<In>) => ReadonlySet<number> | "all"

/** Does a batch and settles each item of it. Must settle every item, whatever happens. */
export type Carry<In, Out, E> = (batch: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>>

/** Starts what works in a line, in the background; it must not be interrupted. */
export type Start = (work: Effect.Effect<void>) => Effect.Effect<unknown>

/** Works as long as the scope is open, and ends what is under way when it closes. */
export const inScope =
  (scope: Scope.Scope): Start =>
  (work) =>
    Effect.forkIn(work, scope, { startImmediately: true, uninterruptible: true })

/** Makes a line in which one batch is carried at a time. `onIdle` is called when nothing waits any more. */
export const make = <In, Out, E>(
  start: Start,
  choose: Choose<In>,
  carry: Carry<In, Out, E>,
  onIdle: () => void = () => undefined
): ((item: In) => Effect.Effect<Out, E>) => {
  let waiting: Array<Waiting<In, Out, E>> = []
  let working = false

  const next = (): ReadonlyArray<Waiting<In, Out, E>> => {
    const chosen = choose(waiting.map(({ item }) => item))
    const batch = chosen === "all" ? waiting : waiting.filter((_, index) => chosen.has(index))
    waiting = chosen === "all" ? [] : waiting.filter((_, index) => !chosen.has(index))
    return batch
  }

  const work: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting.length === 0) {
      working = false
      onIdle()
      return Effect.void
    }
    const batch = next()
    return Effect.flatMap(carry(batch.map(({ item }) => item)), (outcomes) => {
      for (const [index, { outcome }] of batch.entries()) {
        Deferred.doneUnsafe(outcome, outcomes[index] as Effect.Effect<Out, E>)
      }
      return work
    })
  })

  return (item) =>
    Effect.uninterruptibleMask((restore) => {
      const outcome = Deferred.makeUnsafe<Out, E>()
      waiting.push({ item, outcome })
      // What waits is done even if nobody waits for it any more: it may be in a batch already.
      const settled = restore(Deferred.await(outcome))
      if (working) return settled
      working = true
      return Effect.andThen(start(work), settled)
    })
}
