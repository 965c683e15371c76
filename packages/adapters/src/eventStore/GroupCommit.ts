/**
 * Appends that come while others are being written are gathered and committed together, per log partition.
 *
 * An append that finds nobody writing is written at once; it does not wait for company. While it is being written
 * others gather, and go together when it is done. A batch that the database refuses is run again one by one, so that
 * one command's trouble never becomes its neighbours'. One whose connection broke is not: it may have been committed, and
 * each of its commands must be told that, not that another came first.
 */
import { Cause, Deferred, Effect, Option, type Scope } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { Appended, Prepared } from "./AppendBatch.ts"

/** Commands in one batch at most: beyond that a statement's rows cost more than its round trip saves. */
export const MAXIMUM_BATCH = 200

/** Writes a batch of commands of different accounts; answers in their order. */
export type Write = (batch: ReadonlyArray<Prepared>) => Effect.Effect<ReadonlyArray<Appended>, DatabaseError>

interface Waiting {
  readonly prepared: Prepared
  readonly outcome: Deferred.Deferred<Appended, DatabaseError>
}

/** What waits to be written to one partition. */
interface Line {
  waiting: Array<Waiting>
  writing: boolean
}

/** Hands an append to the writer of its partition and waits for what becomes of it. */
export type Submit = (prepared: Prepared) => Effect.Effect<Appended, DatabaseError>

/** Makes the writers; what they are writing when the scope closes is written to the end. */
export const make = Effect.fnUntraced(function* (write: Write): Effect.fn.Return<Submit, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const lines = new Map<number, Line>()

  // Whatever a batch fails with, its defects too, nobody may wait for ever for what will not come.
  const settle = (batch: ReadonlyArray<Waiting>): Effect.Effect<void> =>
    Effect.matchCauseEffect(write(batch.map(({ prepared }) => prepared)), {
      onSuccess: (outcomes) =>
        Effect.forEach(batch, ({ outcome }, index) => Deferred.succeed(outcome, outcomes[index]), { discard: true }),
      onFailure: (cause) =>
        batch.length === 1 || isUnreachable(cause)
          ? Effect.forEach(batch, ({ outcome }) => Deferred.failCause(outcome, cause), { discard: true })
          : Effect.forEach(batch, (one) => settle([one]), { discard: true })
    })

  const drain = (line: Line): Effect.Effect<void> =>
    Effect.suspend(() => {
      const batch = next(line)
      if (batch.length > 0) return Effect.andThen(settle(batch), drain(line))
      line.writing = false
      return Effect.void
    })

  return (prepared) =>
    Effect.gen(function* () {
      const outcome = yield* Deferred.make<Appended, DatabaseError>()
      const line = lines.get(prepared.account.partition) ?? { waiting: [], writing: false }
      lines.set(prepared.account.partition, line)
      line.waiting.push({ prepared, outcome })
      if (!line.writing) {
        line.writing = true
        yield* Effect.forkIn(Effect.uninterruptible(drain(line)), scope, { startImmediately: true })
      }
      return yield* Deferred.await(outcome)
    }).pipe(Effect.uninterruptible)
})

const isUnreachable = (cause: Cause.Cause<DatabaseError>): boolean =>
  Option.exists(Cause.findErrorOption(cause), ({ reason }) => reason._tag === "Unreachable")

/** Takes the next batch: at most one command of each account, in the order of their coming. */
const next = (line: Line): ReadonlyArray<Waiting> => {
  const batch: Array<Waiting> = []
  const rest: Array<Waiting> = []
  const accounts = new Set<string>()
  for (const waiting of line.waiting) {
    const { key, program } = waiting.prepared.account
    const account = JSON.stringify([program, key])
    if (batch.length === MAXIMUM_BATCH || accounts.has(account)) {
      rest.push(waiting)
      continue
    }
    accounts.add(account)
    batch.push(waiting)
  }
  line.waiting = rest
  return batch
}
