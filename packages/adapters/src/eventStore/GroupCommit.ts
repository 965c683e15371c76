/**
 * Appends that come while others are being written are gathered and committed together.
 *
 * A batch carries several log partitions. Where somebody else holds a partition's head, say a host's transaction that
 * has stalled, what belongs to that partition waits for it in a line of its own, and the others go on. A batch that the
 * database refuses is run again one by one, so that one command's trouble never becomes its neighbours'. One whose
 * connection broke is not: it may have been committed, and each of its commands must be told that, not that another came
 * first.
 */
import { Cause, Effect, Option, type Scope } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { Appended, Prepared } from "./AppendBatch.ts"
import * as Gathering from "./Gathering.ts"

/** Commands in one batch at most: beyond that a statement's rows cost more than its round trip saves. */
export const MAXIMUM_BATCH = 200

/** Events in one batch at most, unless one command has more by itself: a few megabytes of lines. */
const MAXIMUM_EVENTS = 5000

/** Lines that write side by side, each for its share of the partitions: fewer lines make larger batches. */
const LINES = 1

/** Writes a batch of commands of different accounts; answers in their order. `wait`: for heads that others hold. */
export type Write = (
  batch: ReadonlyArray<Prepared>,
  wait: boolean
) => Effect.Effect<ReadonlyArray<Appended>, DatabaseError>

type Outcome = Effect.Effect<Appended, DatabaseError>

/** Hands an append to the writers and waits for what becomes of it, interrupted or not. */
export type Submit = (prepared: Prepared) => Outcome

/** Makes the writers; what they are writing when the scope closes is written to the end. */
export const make = (scope: Scope.Scope, write: Write): Submit => {
  const waitingLines = new Map<number, (prepared: Prepared) => Outcome>()

  const waitingLine = (partition: number): ((prepared: Prepared) => Outcome) => {
    const line = waitingLines.get(partition) ?? Gathering.make(Gathering.inScope(scope), choose, carry(true))
    waitingLines.set(partition, line)
    return line
  }

  const carry =
    (wait: boolean): Gathering.Carry<Prepared, Appended, DatabaseError> =>
    (batch) =>
      Effect.matchCauseEffect(write(batch, wait), {
        onSuccess: (outcomes) =>
          Effect.succeed(outcomes.map((outcome, index) => settled(outcome, batch[index] as Prepared))),
        // Whatever a batch fails with, its defects too, nobody may wait for ever for what will not come.
        onFailure: (cause) =>
          batch.length === 1 || isUnreachable(cause)
            ? Effect.succeed(batch.map(() => Effect.failCause(cause)))
            : Effect.forEach(batch, (one) => Effect.map(carry(true)([one]), ([outcome]) => outcome as Outcome))
      })

  const settled = (outcome: Appended, prepared: Prepared): Outcome =>
    outcome === "busy" ? waitingLine(prepared.account.partition)(prepared) : Effect.succeed(outcome)

  const lines = Array.from({ length: LINES }, () => Gathering.make(Gathering.inScope(scope), choose, carry(false)))
  return (prepared) => {
    const line = lines[prepared.account.partition % LINES] as (prepared: Prepared) => Outcome
    return Effect.uninterruptible(line(prepared))
  }
}

const isUnreachable = (cause: Cause.Cause<DatabaseError>): boolean =>
  Option.exists(Cause.findErrorOption(cause), ({ reason }) => reason._tag === "Unreachable")

/** At most one command of each account, in the order of their coming. */
const choose: Gathering.Choose<Prepared> = (waiting) => {
  const chosen = new Set<number>()
  const accounts = new Set<string>()
  let events = 0
  for (const [index, { account, eventIds }] of waiting.entries()) {
    if (chosen.size === MAXIMUM_BATCH) break
    const name = `${account.program}\0${account.key}`
    if (accounts.has(name) || (chosen.size > 0 && events + eventIds.length > MAXIMUM_EVENTS)) continue
    accounts.add(name)
    chosen.add(index)
    events += eventIds.length
  }
  return chosen
}
