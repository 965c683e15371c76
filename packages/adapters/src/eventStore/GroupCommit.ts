/**
 * Appends that come while others are being written are gathered and committed together.
 *
 * A batch carries several log partitions. Where somebody else holds a partition's head, say a host's transaction that
 * has stalled, what belongs to that partition waits for it in a line of its own, and the others go on. A batch that the
 * database refuses is run again one by one, so that one command's trouble never becomes its neighbours'. One whose
 * connection broke is not: it may have been committed, and each of its commands must be told that, not that another came
 * first.
 */
import { Effect, type Scope } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { Appended, Prepared } from "./AppendBatch.ts"
import * as Gathering from "./Gathering.ts"

/** Commands in one batch at most: beyond that a statement's rows cost more than its round trip saves. */
export const MAXIMUM_BATCH = 200

/** Events in one batch at most, unless one command has more by itself: a few megabytes of lines. */
const MAXIMUM_EVENTS = 5000

/**
 * Commands that wait from which on two batches are written side by side, each of half of the partitions; fewer fill one
 * batch better than two.
 */
const ENOUGH_FOR_TWO = 100

/** Writes a batch of commands of different accounts; answers in their order. `wait`: for heads that others hold. */
export type Write = (
  batch: ReadonlyArray<Prepared>,
  wait: boolean
) => Effect.Effect<ReadonlyArray<Appended>, DatabaseError>

type Outcome = Effect.Effect<Appended, DatabaseError>

/** Hands appends to the writers and waits for what becomes of them, interrupted or not. */
export type Submit = Gathering.Line<Prepared, Appended, DatabaseError>

/** Makes the writers; what they are writing when the scope closes is written to the end. */
export const make = (scope: Scope.Scope, write: Write): Submit => {
  const waitingLines = new Map<number, (prepared: Prepared) => Outcome>()

  const waitingLine = (partition: number): ((prepared: Prepared) => Outcome) => {
    const line =
      waitingLines.get(partition) ??
      Gathering.make(Gathering.inScope(scope), (waiting) => choose(waiting, anyHalf), carry(true))
    waitingLines.set(partition, line)
    return line
  }

  // All that wait together wait for one head: one by one, each would wait for as long again. Where nobody waits, a batch
  // that is run again one by one does not either: under a head that others hold by now, one must not keep the rest.
  const carry = (wait: boolean): Gathering.Carry<Prepared, Appended, DatabaseError> =>
    Gathering.orOneByOne(
      (batch) =>
        Effect.map(write(batch, wait), (outcomes) =>
          outcomes.map((outcome, index) => settled(outcome, batch[index] as Prepared))
        ),
      ({ reason }) => reason._tag === "Unreachable" || (wait && reason._tag === "LockTimeout")
    )

  const settled = (outcome: Appended, prepared: Prepared): Outcome =>
    outcome === "busy" ? waitingLine(prepared.account.partition)(prepared) : Effect.succeed(outcome)

  // Two batches never carry the same partition: one would find its head held by the other.
  const writing = [false, false]
  const halves: Gathering.Choose<Prepared> = (waiting) => {
    const free = (partition: number) => !writing[partition % 2]
    const first = waiting.find(({ account }) => free(account.partition))
    if (first === undefined) return new Set()
    const together = waiting.length < ENOUGH_FOR_TWO
    const half = first.account.partition % 2
    const chosen = choose(waiting, (partition) => free(partition) && (together || partition % 2 === half))
    for (const place of chosen) writing[(waiting[place] as Prepared).account.partition % 2] = true
    return chosen
  }
  const carryHalves: Gathering.Carry<Prepared, Appended, DatabaseError> = (batch) =>
    Effect.map(carry(false)(batch), (outcomes) => {
      for (const { account } of batch) writing[account.partition % 2] = false
      return outcomes
    })
  const line = Gathering.make(Gathering.inScope(scope), halves, carryHalves, { sideBySide: 2 })
  return Object.assign((prepared: Prepared) => Effect.uninterruptible(line(prepared)), {
    all: (batch: ReadonlyArray<Prepared>) => Effect.uninterruptible(line.all(batch))
  })
}

const anyHalf = (): boolean => true

/** At most one command of each account, in the order of their coming, of the partitions that may be written. */
const choose = (waiting: ReadonlyArray<Prepared>, mayWrite: (partition: number) => boolean): ReadonlySet<number> => {
  const chosen = new Set<number>()
  const accounts = new Set<string>()
  let events = 0
  for (const [place, { account, eventIds }] of waiting.entries()) {
    if (chosen.size === MAXIMUM_BATCH) break
    if (!mayWrite(account.partition)) continue
    const name = `${account.program}\0${account.key}`
    if (accounts.has(name) || (chosen.size > 0 && events + eventIds.length > MAXIMUM_EVENTS)) continue
    accounts.add(name)
    chosen.add(place)
    events += eventIds.length
  }
  return chosen
}
