/**
 * Work that comes while other work is being done is gathered and done together. What finds nobody at work is done at
 * once; it does not wait for company.
 */
import { Cause, Deferred, Effect, Option, type Scope } from "effect"

interface Waiting<In, Out, E> {
  readonly item: In
  readonly outcome: Deferred.Deferred<Out, E>
}

/**
 * Takes what is to be done next from what waits, oldest first, by its places; what it leaves waits on. It may take nothing
 * while a batch is under way that stands in its way.
 */
export type Choose<In> = (waiting: ReadonlyArray<In>) => ReadonlySet<number> | "all"

/** Does a batch and says what became of each item of it. A defect becomes every item's. */
export type Carry<In, Out, E> = (batch: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>>

/** Takes the oldest, so many at most. */
export const oldest =
  <In>(maximum: number): Choose<In> =>
  (waiting) =>
    waiting.length <= maximum ? "all" : new Set(Array.from({ length: maximum }, (_, place) => place))

/**
 * Does a batch together, and one by one where that fails, so that one item's trouble never becomes its neighbours'. An
 * error that concerns all of them is told to each instead.
 */
export const orOneByOne = <In, Out, E>(
  together: (batch: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>, E>,
  concernsAll: (error: E) => boolean
): Carry<In, Out, E> => {
  const carry: Carry<In, Out, E> = (batch) =>
    Effect.catchCause(together(batch), (cause) =>
      batch.length === 1 || Option.exists(Cause.findErrorOption(cause), concernsAll)
        ? Effect.succeed(batch.map(() => Effect.failCause(cause)))
        : Effect.map(
            Effect.forEach(batch, (one) => carry([one])),
            (outcomes) => outcomes.flat()
          )
    )
  return carry
}

/** Starts what works in a line, in the background; it must not be interrupted. */
export type Start = (work: Effect.Effect<void>) => Effect.Effect<unknown>

/** Works as long as the scope is open, and ends what is under way when it closes. */
export const inScope =
  (scope: Scope.Scope): Start =>
  (work) =>
    Effect.forkIn(work, scope, { startImmediately: true, uninterruptible: true })

/** What a line is made with. */
export interface LineOptions {
  /** Batches under way at a time at most. Default: 1. */
  readonly sideBySide?: number
  /** Called when nothing waits and nothing is under way. */
  readonly onIdle?: () => void
}

/** Makes a line. */
export const make = <In, Out, E>(
  start: Start,
  choose: Choose<In>,
  carry: Carry<In, Out, E>,
  { onIdle = () => undefined, sideBySide = 1 }: LineOptions = {}
): ((item: In) => Effect.Effect<Out, E>) => {
  let waiting: Array<Waiting<In, Out, E>> = []
  let underWay = 0

  const next = (): ReadonlyArray<Waiting<In, Out, E>> => {
    if (waiting.length === 0) return []
    const chosen = choose(waiting.map(({ item }) => item))
    const batch = chosen === "all" ? waiting : waiting.filter((_, place) => chosen.has(place))
    waiting = chosen === "all" ? [] : waiting.filter((_, place) => !chosen.has(place))
    return batch
  }

  // Nobody may wait for ever for what will not come.
  const carrySafely: Carry<In, Out, E> = (batch) =>
    Effect.catchCause(
      Effect.suspend(() => carry(batch)),
      (cause) => Effect.succeed(batch.map(() => Effect.failCause(cause)))
    )

  const work = (batch: ReadonlyArray<Waiting<In, Out, E>>): Effect.Effect<void> =>
    Effect.flatMap(carrySafely(batch.map(({ item }) => item)), (outcomes) => {
      for (const [place, { outcome }] of batch.entries()) {
        Deferred.doneUnsafe(outcome, outcomes[place] as Effect.Effect<Out, E>)
      }
      underWay--
      if (waiting.length === 0 && underWay === 0) onIdle()
      return startWhatCan
    })

  const startWhatCan: Effect.Effect<void> = Effect.suspend(() => {
    const batch = underWay < sideBySide ? next() : []
    if (batch.length === 0) return Effect.void
    underWay++
    return Effect.andThen(start(work(batch)), startWhatCan)
  })

  return (item) =>
    Effect.uninterruptibleMask((restore) => {
      const outcome = Deferred.makeUnsafe<Out, E>()
      waiting.push({ item, outcome })
      // What waits is done even if nobody waits for it any more: it may be in a batch already.
      const settled = restore(Deferred.await(outcome))
      return underWay < sideBySide ? Effect.andThen(startWhatCan, settled) : settled
    })
}
