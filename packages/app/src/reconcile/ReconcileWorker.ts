/**
 * Reconciles a program with a system at set times, on as many machines as there are: they share the accounts by log
 * partition. Each partition of a time is one run, which one process at a time works on, under a lease; a run that has
 * ended is not begun again, and one whose process died is carried on by another.
 */
import {
  type AgingStore,
  type Database,
  type DatabaseError,
  EventLog,
  exclusively,
  type ReconciliationSource,
  ReconciliationStore
} from "@pointback/adapters"
import { type Ids, Instant } from "@pointback/domain"
import { Cron, type Duration, Effect, Option } from "effect"
import { now } from "../command/Now.ts"
import { type Reconciled, reconcileProgram, type ReconcileError } from "./ReconcileProgram.ts"
import * as Sink from "./Sink.ts"

/** What a worker does at each of its times. */
export interface Work {
  readonly program: Ids.ProgramId
  readonly source: ReconciliationSource.Lookup
  /** How long it waits for what others work on, before it looks again; ten seconds unless given. */
  readonly lookAgain?: Duration.Input | undefined
  /** Names this process to operators. */
  readonly holder: string
  /** Told of every run that this process brought to its end. */
  readonly onRun?: (reconciled: Reconciled) => Effect.Effect<void, ReconcileError, Needs>
}

type Needs = Database | AgingStore | EventLog

/** How long it waits before it looks again at partitions that others work on. */
const LOOK_AGAIN: Duration.Input = "10 seconds"

/** The run of a partition at a time: the same on every machine. */
const runOf = ({ program, source }: Work, tick: Instant.Instant, partition: number): string =>
  `${source.name}:${program}:${Instant.toString(tick)}:${partition}`.toLowerCase()

/**
 * Works on what is due at a time until all of it has ended, here or elsewhere. Answers how many runs this process
 * brought to an end.
 */
export const workOnTick = (work: Work, tick: Instant.Instant): Effect.Effect<number, ReconcileError, Needs> =>
  Effect.gen(function* () {
    const partitions = (yield* (yield* EventLog).heads).length
    let ended = 0
    let open = Array.from({ length: partitions }, (_, partition) => partition)
    while (open.length > 0) {
      const left: Array<number> = []
      for (const partition of open) {
        const outcome = yield* workOnPartition(work, tick, partition)
        if (outcome === "ended") ended++
        if (outcome === "elsewhere") left.push(partition)
      }
      open = left
      if (open.length > 0) yield* Effect.sleep(work.lookAgain ?? LOOK_AGAIN)
    }
    return ended
  })

type Outcome = "ended" | "known" | "elsewhere"

const workOnPartition = Effect.fnUntraced(function* (
  work: Work,
  tick: Instant.Instant,
  partition: number
): Effect.fn.Return<Outcome, ReconcileError, Needs> {
  const run = runOf(work, tick, partition)
  if (yield* hasEnded(run)) return "known"
  const { holder, onRun, program, source } = work
  const done = yield* exclusively(
    `reconcile:${source.name}:${program}:${partition}`,
    holder,
    Effect.gen(function* () {
      // It may have ended between the look and the lease.
      if (yield* hasEnded(run)) return "known" as const
      const reconciled = yield* reconcileProgram({ program, source, run, at: tick, partition }, Sink.database)
      if (onRun !== undefined) yield* onRun(reconciled)
      return "ended" as const
    })
  )
  return Option.getOrElse(done, () => "elsewhere" as const)
})

const hasEnded = (run: string): Effect.Effect<boolean, DatabaseError, Database> =>
  Effect.map(ReconciliationStore.find(run), (found) => found?.finished === true)

/** Works at every time of a cron expression (in UTC), for ever. */
export const workForEver = Effect.fn("workForEver")(function* (
  work: Work,
  times: Cron.Cron
): Effect.fn.Return<never, ReconcileError, Needs> {
  for (;;) {
    const before = yield* now
    const tick = Cron.next(times, Instant.toEpochMillis(before))
    const at = Instant.fromEpochMillis(tick.getTime())
    yield* Effect.sleep(tick.getTime() - Instant.toEpochMillis(before))
    yield* workOnTick(work, at)
  }
})
