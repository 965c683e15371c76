/** Where a run writes down what it finds: the database, or nowhere when somebody only wants to see it. */
import { type Database, type DatabaseError, ReconciliationStore, StoredBreak } from "@pointback/adapters"
import { type Instant, Points } from "@pointback/domain"
import { Effect } from "effect"

type Store = typeof ReconciliationStore

/** What a run needs of it. */
export interface Sink {
  readonly begin: (
    start: ReconciliationStore.RunStart
  ) => Effect.Effect<ReconciliationStore.Run, ReconciliationStore.RunMismatch | DatabaseError, Database>
  readonly commit: (
    start: ReconciliationStore.RunStart,
    checkpoint: ReconciliationStore.Checkpoint
  ) => Effect.Effect<void, ReconciliationStore.RunTaken | DatabaseError, Database>
  /** Whether there are any: without, none can be closed. */
  readonly hasOpen: (start: ReconciliationStore.RunStart) => Effect.Effect<boolean, DatabaseError, Database>
  /** Open breaks of these accounts: keys, or numbers of unknown ones. */
  readonly open: (
    start: ReconciliationStore.RunStart,
    accounts: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<StoredBreak.StoredBreak>, DatabaseError, Database>
  /** The run as it is now, its open breaks, and what it put aside. */
  readonly result: (start: ReconciliationStore.RunStart) => Effect.Effect<RunResult, DatabaseError, Database>
}

/** What a run has found so far. */
export interface RunResult {
  readonly counts: ReconciliationStore.Counts
  readonly breaks: ReadonlyArray<StoredBreak.StoredBreak>
  readonly parked: ReconciliationStore.Checkpoint["parked"]
}

const { begin, commit, find, parkedOf, read, readAll }: Store = ReconciliationStore

/** Keeps everything. */
export const database: Sink = {
  begin,
  commit,
  hasOpen: ({ program }) => Effect.map(read({ program, limit: 1 }), ({ length }) => length > 0),
  open: ({ program }, accounts) => readAll({ program, accounts }),
  result: ({ run }) =>
    Effect.gen(function* () {
      const found = yield* find(run)
      const { here, matched, there } = found ?? { here: 0, there: 0, matched: 0 }
      return { counts: { here, there, matched }, breaks: yield* readAll({ run }), parked: yield* parkedOf(run) }
    })
}

/** Keeps nothing, and tells what would have been written. */
export const dry = (): Sink => {
  const counts = { here: 0, there: 0, matched: 0 }
  const breaks: Array<StoredBreak.StoredBreak> = []
  const parked: Array<ReconciliationStore.Checkpoint["parked"][number]> = []
  return {
    begin: (start) => Effect.succeed({ ...start, ...counts, place: null, finished: false }),
    commit: ({ at, run }, checkpoint) =>
      Effect.sync(() => {
        counts.here += checkpoint.counts.here
        counts.there += checkpoint.counts.there
        counts.matched += checkpoint.counts.matched
        parked.push(...checkpoint.parked)
        breaks.push(...checkpoint.breaks.map((one) => storedOf(one, at, run)))
      }),
    hasOpen: () => Effect.succeed(false),
    open: () => Effect.succeed([]),
    result: () =>
      Effect.sync(() => ({
        counts,
        breaks: breaks.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        parked: parked.toSorted((a, b) => (a.place < b.place ? -1 : 1))
      }))
  }
}

const storedOf = (
  { found, id, number }: StoredBreak.FoundBreak,
  at: Instant.Instant,
  run: string
): StoredBreak.StoredBreak => ({
  id,
  type: found.type,
  account: number,
  redemption: found.redemption,
  credit: found.credit,
  points: found.points === null ? null : Points.toString(found.points),
  here: found.here.map(StoredBreak.evidenceOf),
  there: found.there.map(StoredBreak.evidenceOf),
  since: found.since,
  remedy: found.remedy,
  reason: found.reason,
  state: "open",
  firstSeen: at,
  lastSeen: at,
  lastRun: run
})
