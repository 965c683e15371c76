/**
 * Work that comes while other work is being done is gathered and done together. What finds nobody at work is done at
 * once; it does not wait for company.
 */
import { Cause, Context, Deferred, Effect, Option, type Scope } from "effect"

interface Waiting<In, Out, E> {
  readonly item: In
  /** Tells whoever waits for it. */
  readonly settle: (outcome: Effect.Effect<Out, E>) => void
  readonly patience: Patience | undefined
}

/** Hands work in. */
export interface Line<In, Out, E> {
  /** One item; answers what became of it. */
  (item: In): Effect.Effect<Out, E>
  /** Some items, which may go in different batches; answers what became of each when all are done. It has no patience. */
  readonly all: (items: ReadonlyArray<In>) => Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>>
}

/** How long work waits for company. Who has much in flight loses nothing by it, and every batch costs a round trip. */
export interface Patience {
  /** It is done when so much waits, */
  readonly enough: number
  /** or when the first of it has waited for so many milliseconds. */
  readonly milliseconds: number
  /** or when whoever hands it in has nothing else to do, which is asked every millisecond. */
  readonly isIdle?: (() => boolean) | undefined
}

/** The patience of whoever hands work in: none unless it says so. */
export const CurrentPatience = Context.Reference<Patience | undefined>("@pointback/adapters/CurrentPatience", {
  defaultValue: () => undefined
})

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

/** Works in the background for as long as it takes, whoever began it. */
export const detached: Start = (work) => Effect.forkDetach(work, { startImmediately: true })

/** What a line is made with. */
export interface LineOptions {
  /** Batches under way at a time at most. Default: 1. */
  readonly sideBySide?: number
  /** Whether the line heeds `CurrentPatience`. Default: no; work that cannot have company must not wait for it. */
  readonly patient?: boolean
  /** Called when nothing waits and nothing is under way. */
  readonly onIdle?: () => void
}

const NO_PATIENCE = Effect.succeed(undefined)

/** When patience ends with what still waits. */
const endOf = ({ isIdle, milliseconds }: Patience, waits: () => boolean): Effect.Effect<void> => {
  if (isIdle === undefined) return Effect.sleep(milliseconds)
  const after = (passed: number): Effect.Effect<void> =>
    Effect.flatMap(Effect.sleep(1), () =>
      passed >= milliseconds || isIdle() || !waits() ? Effect.void : after(passed + 1)
    )
  return after(1)
}

// Nobody may wait for ever for what will not come.
const safely =
  <In, Out, E>(carry: Carry<In, Out, E>): Carry<In, Out, E> =>
  (batch) =>
    Effect.catchCause(
      Effect.suspend(() => carry(batch)),
      (cause) => Effect.succeed(batch.map(() => Effect.failCause(cause)))
    )

/** Hands some items in, and waits until each of them is settled. */
const outcomesOf = <In, Out, E>(
  items: ReadonlyArray<In>,
  handIn: (item: In, settle: Waiting<In, Out, E>["settle"]) => void
): Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>> => {
  if (items.length === 0) return Effect.succeed([])
  const done = Deferred.makeUnsafe<ReadonlyArray<Effect.Effect<Out, E>>>()
  const outcomes: Array<Effect.Effect<Out, E>> = []
  let left = items.length
  items.forEach((item, place) =>
    handIn(item, (outcome) => {
      outcomes[place] = outcome
      if (--left === 0) Deferred.doneUnsafe(done, Effect.succeed(outcomes))
    })
  )
  return Deferred.await(done)
}

/** Makes a line. */
export const make = <In, Out, E>(
  start: Start,
  choose: Choose<In>,
  carry: Carry<In, Out, E>,
  { onIdle = () => undefined, patient = false, sideBySide = 1 }: LineOptions = {}
): Line<In, Out, E> => {
  let waiting: Array<Waiting<In, Out, E>> = []
  let underWay = 0
  // For whom the clock is watched, of those that wait patiently, and whether that one's time is up.
  let watched: Waiting<In, Out, E> | undefined
  let due = false

  const mustWait = ({ patience }: Waiting<In, Out, E>): boolean =>
    patience !== undefined && !due && waiting.length < patience.enough

  const next = (): ReadonlyArray<Waiting<In, Out, E>> => {
    if (waiting.every(mustWait)) return []
    due = false
    const chosen = choose(waiting.map(({ item }) => item))
    const batch = chosen === "all" ? waiting : waiting.filter((_, place) => chosen.has(place))
    waiting = chosen === "all" ? [] : waiting.filter((_, place) => !chosen.has(place))
    return batch
  }

  const carrySafely = safely(carry)

  const work = (batch: ReadonlyArray<Waiting<In, Out, E>>): Effect.Effect<void> =>
    Effect.flatMap(carrySafely(batch.map(({ item }) => item)), (outcomes) => {
      for (const [place, { settle }] of batch.entries()) settle(outcomes[place] as Effect.Effect<Out, E>)
      underWay--
      if (waiting.length === 0 && underWay === 0) onIdle()
      return startWhatCan
    })

  // Where the line is closed, nobody waits any longer.
  const watch = (first: Waiting<In, Out, E>, patience: Patience): Effect.Effect<void> =>
    Effect.flatMap(Effect.exit(Effect.interruptible(endOf(patience, () => waiting.includes(first)))), () => {
      watched = undefined
      // It may have gone with others long since.
      due = waiting.includes(first)
      return startWhatCan
    })

  const startWhatCan: Effect.Effect<void> = Effect.suspend(() => {
    const batch = underWay < sideBySide ? next() : []
    const [first] = waiting
    if (first?.patience === undefined || watched !== undefined) return startBatch(batch)
    watched = first
    return Effect.andThen(start(watch(first, first.patience)), startBatch(batch))
  })

  const startBatch = (batch: ReadonlyArray<Waiting<In, Out, E>>): Effect.Effect<void> => {
    if (batch.length === 0) return Effect.void
    underWay++
    return Effect.andThen(start(work(batch)), startWhatCan)
  }

  // What waits is done even if nobody waits for it any more: it may be in a batch already.
  const startAndAwait = <A, E2>(settled: Effect.Effect<A, E2>): Effect.Effect<A, E2> =>
    underWay < sideBySide ? Effect.andThen(startWhatCan, settled) : settled

  const one = (item: In) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(patient ? CurrentPatience : NO_PATIENCE, (patience) => {
        const outcome = Deferred.makeUnsafe<Out, E>()
        waiting.push({ item, settle: (settled) => Deferred.doneUnsafe(outcome, settled), patience })
        return startAndAwait(restore(Deferred.await(outcome)))
      })
    )

  const all = (items: ReadonlyArray<In>): Effect.Effect<ReadonlyArray<Effect.Effect<Out, E>>> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const handIn = (item: In, settle: Waiting<In, Out, E>["settle"]) =>
          waiting.push({ item, settle, patience: undefined })
        return startAndAwait(restore(outcomesOf(items, handIn)))
      })
    )

  return Object.assign(one, { all })
}
