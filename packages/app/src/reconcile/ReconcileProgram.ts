/**
 * Reconciles a program with a source, batch by batch. What was found is committed with each batch, so that a run which
 * is stopped, however that comes about, goes on where it was, and comes to the same.
 *
 * @see semantics, section 9
 */
import {
  type Database,
  type DatabaseError,
  EventLog,
  OwnRecords,
  type ReconciliationSource,
  type ReconciliationStore,
  StoredBreak
} from "@pointback/adapters"
import { type Ids, Instant, ReconciliationRules } from "@pointback/domain"
import { Effect, Fiber } from "effect"
import { createHash } from "node:crypto"
import { now } from "../command/Now.ts"
import * as Batch from "./Batch.ts"
import * as Groups from "./Groups.ts"
import * as Lookups from "./Lookups.ts"
import type { RunResult, Sink } from "./Sink.ts"

/** What to reconcile, and how. */
export interface ReconcileProgram {
  readonly program: Ids.ProgramId
  readonly source: ReconciliationSource.ReconciliationSource
  /** A run of this id goes on; by default the id follows from the input on both sides. */
  readonly run: string | undefined
  /** What ages are counted to; now unless given. */
  readonly at: Instant.Instant | undefined
  readonly tolerances?: ReconciliationRules.Tolerances | undefined
  /** Groups between two checkpoints: redemptions of a listing, accounts of a system that is asked; defaults for each. */
  readonly batch?: number | undefined
  /** The accounts of one log partition alone, of a system that is asked: how several processes share them. */
  readonly partition?: number | undefined
}

/** What a run came to. */
export interface Reconciled extends RunResult {
  readonly run: string
  readonly program: Ids.ProgramId
  readonly source: string
  readonly at: Instant.Instant
}

/** Why a run ended before its end. What it committed stays, and the same run id goes on from there. */
export type ReconcileError =
  | DatabaseError
  | ReconciliationSource.SourceUnreadable
  | ReconciliationStore.RunMismatch
  | ReconciliationStore.RunTaken
  | Lookups.SourceDown

/** Told after every batch how many groups there were so far. */
export type OnGroups = (done: number) => void

/** Runs, or goes on with what was begun; a run that has ended is told again. */
export const reconcileProgram = Effect.fn("reconcileProgram")(function* (
  request: ReconcileProgram,
  sink: Sink,
  onGroups: OnGroups = () => undefined
): Effect.fn.Return<Reconciled, ReconcileError, Database | EventLog | Lookups.Needs> {
  const { program, source } = request
  const takenAt = yield* now
  const tolerances = request.tolerances ?? ReconciliationRules.TOLERANCES
  const window = source._tag === "Listing" ? source.window : null
  const start: ReconciliationStore.RunStart = {
    run: request.run ?? (yield* runIdOf(source, takenAt)),
    program,
    source: source.name,
    identity: source.identity,
    at: request.at ?? takenAt,
    rules: rulesText(tolerances, window)
  }
  const run = yield* sink.begin(start)
  const running = { ...start, at: run.at }
  if (!run.finished) {
    const at = run.at < takenAt ? run.at : takenAt
    const complete = source._tag === "Lookup" || source.parked.length === 0
    const next: Groups.NextGroups<ReconcileError, Database | Lookups.Needs> =
      source._tag === "Listing"
        ? Groups.ofListing(source, run.place, request.batch)
        : Lookups.ofLookup(source, run.place, at, request)
    yield* runBatches(running, sink, {
      next,
      place: run.place,
      parked: source._tag === "Listing" ? source.parked : [],
      context: {
        tolerances,
        window: source._tag === "Listing" ? window : { from: at - Lookups.LOOK_BACK, to: Instant.END },
        at,
        complete
      },
      onGroups
    })
  }
  const result = yield* sink.result(running)
  return { run: start.run, program, source: source.name, at: run.at, ...result }
})

/** The id of a run that was given none: the same input on both sides is the same run. A system is another one each time. */
const runIdOf = (
  source: ReconciliationSource.ReconciliationSource,
  takenAt: Instant.Instant
): Effect.Effect<string, DatabaseError, EventLog> =>
  Effect.gen(function* () {
    const heads = yield* (yield* EventLog).heads
    const positions = heads.map(({ position }) => position).join(",")
    const input = source._tag === "Listing" ? source.identity : `${source.identity} ${takenAt}`
    return createHash("sha256").update(`${input}\0${positions}`).digest("hex").slice(0, RUN_ID_LENGTH)
  })

const RUN_ID_LENGTH = 16

const rulesText = (tolerances: ReconciliationRules.Tolerances, window: ReconciliationRules.Window | null): string =>
  JSON.stringify({ tolerances, window }, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))

type CommitError = ReconciliationStore.RunTaken | DatabaseError

interface Batches<E, R> {
  readonly next: Groups.NextGroups<E, R>
  readonly place: string | null
  readonly parked: ReconciliationStore.Checkpoint["parked"]
  readonly context: ReconciliationRules.Context
  readonly onGroups: OnGroups
}

const runBatches = Effect.fnUntraced(function* <E, R>(
  start: ReconciliationStore.RunStart,
  sink: Sink,
  { context, next, onGroups, parked, place }: Batches<E, R>
) {
  const hasOpen = yield* sink.hasOpen(start)
  let committing: Fiber.Fiber<void, CommitError> = yield* Effect.forkChild(Effect.void)
  let from = place
  let done = 0
  // Lines that could not be read are put aside with the first batch.
  let aside = place === null ? parked : []
  for (;;) {
    const groups = yield* resolved(start.program, yield* next)
    const batch = Batch.lookAt(groups, context)
    const to = groups.at(-1)?.key ?? null
    const open = groups.length === 0 || !hasOpen ? [] : yield* sink.open(start, namesOf(groups))
    const checkpoint: ReconciliationStore.Checkpoint = {
      from,
      to,
      counts: batch.counts,
      breaks: foundOf(start.program, batch.breaks),
      closed: Batch.closedBy(open, start.program, batch),
      parked: [...aside, ...batch.parked]
    }
    // The next batch is looked at while this one is committed; it is never committed before it.
    yield* Fiber.join(committing)
    committing = yield* Effect.forkChild(sink.commit(start, checkpoint), { startImmediately: true })
    if (to === null) return yield* Fiber.join(committing)
    aside = []
    from = to
    onGroups((done += groups.length))
  }
})

/** A redemption that only the other side has may be of an account of ours. */
const resolved = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  groups: ReadonlyArray<Groups.Group>
): Effect.fn.Return<ReadonlyArray<Groups.Group>, DatabaseError, Database> {
  const numbers = new Set(groups.filter(({ account }) => account === null).map(({ number }) => number))
  if (numbers.size === 0) return groups
  const known = yield* OwnRecords.byNumbers(program, Array.from(numbers))
  return groups.map((group) => ({ ...group, account: group.account ?? known.get(group.number) ?? null }))
})

/** What accounts are known by among breaks: our key, or the number where we have none. */
const namesOf = (groups: ReadonlyArray<Groups.Group>): ReadonlyArray<string> =>
  Array.from(new Set(groups.map(({ account, number }) => account?.key ?? number)))

const foundOf = (program: Ids.ProgramId, breaks: ReadonlyArray<Batch.Broken>): ReadonlyArray<StoredBreak.FoundBreak> =>
  breaks.map((broken) => ({ ...broken, id: StoredBreak.idOf(program, broken.found) }))
