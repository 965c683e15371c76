/**
 * Carries out what comes, so much side by side: what has one name one after the other, in the order in which it came, and
 * different names past each other.
 */
import { type Cause, Effect, Exit, Fiber, Queue, type Scope, Semaphore, Stream } from "effect"

export interface Workings<A, B, R> {
  readonly nameOf: (item: A) => string
  /** Carries one out; undefined where there is nothing to tell. It is never interrupted, and must not fail. */
  readonly carry: (item: A) => Effect.Effect<B | undefined, never, R>
  /** Carried out at once. */
  readonly sideBySide: number
  /** Taken at most and not carried out yet: where all of them have few names, others that come later must wait. */
  readonly taken: number
  /** Called when whoever waits for the results is interrupted; what is carried out then is carried out to its end. */
  readonly onInterrupt: () => void
}

/** The results of all items as they come: those of one name in their order. */
export const carryOut = <A, B, E, R, R2>(
  items: Stream.Stream<A, E, R>,
  workings: Workings<A, B, R2>
): Stream.Stream<B, E, R | R2> => Stream.unwrap(Effect.map(start(items, workings), Stream.fromQueue))

const start = Effect.fnUntraced(function* <A, B, E, R, R2>(
  items: Stream.Stream<A, E, R>,
  { carry, nameOf, onInterrupt, sideBySide, taken }: Workings<A, B, R2>
): Effect.fn.Return<Queue.Dequeue<B, E | Cause.Done>, never, Scope.Scope | R | R2> {
  const results = yield* Queue.bounded<B, E | Cause.Done>(sideBySide)
  const ready = yield* Queue.unbounded<A, Cause.Done>()
  const room = Semaphore.makeUnsafe(taken)
  /** What waits behind an item of its name that is carried out, or is about to be. */
  const lines = new Map<string, Array<A>>()

  const take = (item: A): Effect.Effect<void> => {
    const name = nameOf(item)
    const line = lines.get(name)
    if (line === undefined) lines.set(name, [])
    else line.push(item)
    return Effect.andThen(room.take(1), line === undefined ? Queue.offer(ready, item) : Effect.void)
  }

  /** Carries an item out, and then those behind it. */
  const carryLine = (item: A): Effect.Effect<void, never, R2> =>
    Effect.flatMap(carry(item), (result) => {
      const told = result === undefined ? Effect.void : Effect.asVoid(Queue.offer(results, result))
      const onwards = Effect.suspend(() => {
        const name = nameOf(item)
        const following = lines.get(name)?.shift()
        if (following !== undefined) return carryLine(following)
        lines.delete(name)
        return Effect.void
      })
      return Effect.andThen(Effect.andThen(told, room.release(1)), onwards)
    })

  const worker = Queue.take(ready).pipe(Effect.flatMap(carryLine), Effect.forever, Effect.exit)
  const workers = yield* Effect.forEach(Array.from({ length: sideBySide }), () => Effect.forkDetach(worker))
  const feed = Effect.gen(function* () {
    const fed = yield* Effect.exit(Stream.runForEach(items, take))
    yield* Queue.end(ready)
    yield* Fiber.awaitAll(workers)
    yield* Exit.isSuccess(fed) ? Queue.end(results) : Queue.failCause(results, fed.cause)
  })
  const feeder = yield* Effect.forkDetach(feed)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      onInterrupt()
      yield* Queue.shutdown(results)
      yield* Fiber.interrupt(feeder)
      // Those that wait for something to do are told that there is nothing; the others come to it when they have ended.
      yield* Queue.shutdown(ready)
      yield* Fiber.awaitAll(workers)
    })
  )
  return results
})
