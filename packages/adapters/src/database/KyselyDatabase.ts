import { Duration, Effect, Exit, type Scope, Semaphore } from "effect"
import { type ControlledTransaction, type Kysely, sql } from "kysely"
import { CurrentTransaction, type OpenTransaction, type Reach, transactionOf } from "./CurrentTransaction.ts"
import type { Database, Dialect, PoolUse } from "./Database.ts"
import { DatabaseError } from "./DatabaseError.ts"
import { fromDriver, type Standing } from "./DriverFailure.ts"
import type { Tables } from "./Tables.ts"

/** What a `pg.Pool` tells of itself. */
export interface ReadablePool {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options: { readonly max?: number | undefined }
}

/** How long closing waits for open transactions: a supervisor's patience is 10 s or more, and drivers close after us. */
const CLOSE_PATIENCE = Duration.seconds(3)

/**
 * Runs a promise of the driver. An interruption aborts its signal and then waits until the promise has settled: a
 * function that was left running would go on writing after its fiber had ended, and hold a connection we count as free.
 */
const settle = <A>(run: (signal: AbortSignal) => Promise<A>, standing: Standing): Effect.Effect<A, DatabaseError> =>
  Effect.callback<A, DatabaseError>((resume) => {
    const controller = new AbortController()
    const settled = (async () => run(controller.signal))().then(
      (value) => resume(Effect.succeed(value)),
      (cause: unknown) => {
        const failure = fromDriver(cause, standing)
        resume(failure === undefined ? Effect.die(cause) : Effect.fail(failure))
      }
    )
    return Effect.suspend(() => {
      controller.abort()
      return Effect.promise(() => settled)
    })
  })

const command = (kysely: Kysely<Tables>, statement: string): Effect.Effect<void, DatabaseError> =>
  Effect.asVoid(settle(() => sql.raw(statement).execute(kysely), "statement"))

const closedError = new DatabaseError({ reason: { _tag: "Closed" } })

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Runs the body of one level with that level as the current transaction. */
const body = <A, E, R>(level: OpenTransaction, self: Effect.Effect<A, E, R>, restore: Restore) =>
  Effect.exit(restore(Effect.provideService(self, CurrentTransaction, level)))

/** Ends a level once its last statement is through; statements of fibers that outlive it are refused from here on. */
const ending = <A, E>(level: OpenTransaction, end: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  level.turn.withPermit(
    Effect.suspend(() => {
      level.closed = true
      return end
    })
  )

const nowhere = (): Reach => ({ transaction: "", partition: -1 })

const rollback = (transaction: ControlledTransaction<Tables>) =>
  // A ROLLBACK that fails means a dead connection: kysely discards it, and the server has rolled back by itself.
  Effect.ignore(settle(() => transaction.rollback().execute(), "statement"))

const outermost = Effect.fnUntraced(function* <A, E, R>(
  kysely: Kysely<Tables>,
  owner: object,
  outer: OpenTransaction | undefined,
  self: Effect.Effect<A, E, R>,
  restore: Restore
): Effect.fn.Return<A, E | DatabaseError, R> {
  const transaction = yield* settle(() => kysely.startTransaction().execute(), "statement")
  const level: OpenTransaction = {
    owner,
    kysely: transaction,
    depth: 0,
    turn: Semaphore.makeUnsafe(1),
    reach: nowhere(),
    closed: false,
    outer
  }
  const exit = yield* body(level, self, restore)
  if (Exit.isFailure(exit)) {
    yield* ending(level, rollback(transaction))
    return yield* exit
  }
  // A COMMIT that fails, say on a deferred constraint, keeps its connection until it is rolled back.
  const commit = settle(() => transaction.commit().execute(), "commit")
  yield* ending(
    level,
    Effect.tapError(commit, () => rollback(transaction))
  )
  return exit.value
})

const savepoint = Effect.fnUntraced(function* <A, E, R>(
  around: OpenTransaction,
  outer: OpenTransaction | undefined,
  self: Effect.Effect<A, E, R>,
  restore: Restore
): Effect.fn.Return<A, E | DatabaseError, R> {
  if (around.closed) {
    return yield* closedError
  }
  const depth = around.depth + 1
  // The level around is ours alone until we are through, so its depth names the savepoint without doubt.
  const name = `pointback_${depth}`
  yield* command(around.kysely, `savepoint ${name}`)
  const level: OpenTransaction = { ...around, depth, turn: Semaphore.makeUnsafe(1), closed: false, outer }
  const undo = Effect.andThen(
    command(around.kysely, `rollback to savepoint ${name}`),
    command(around.kysely, `release savepoint ${name}`)
  )
  const exit = yield* body(level, self, restore)
  if (Exit.isFailure(exit)) {
    // If undoing fails, the connection is dead or the transaction aborted, and its COMMIT will say so.
    yield* ending(level, Effect.ignore(undo))
    return yield* exit
  }
  const release = command(around.kysely, `release savepoint ${name}`)
  yield* ending(
    level,
    Effect.tapError(release, () => Effect.ignore(undo))
  )
  return exit.value
})

/** Runs on a connection of the pool, and knows how many wait for one. */
const counting = (slots: Semaphore.Semaphore, connections: number) => {
  // Those that run and those that wait.
  let asking = 0
  return {
    waiting: () => Math.max(0, asking - connections),
    onConnection: <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.suspend(() => {
        asking++
        return Effect.ensuring(
          slots.withPermit(self),
          Effect.sync(() => void asking--)
        )
      })
  }
}

const useOf = (pool: ReadablePool | undefined, connections: number, waiting: number): PoolUse => ({
  max: pool?.options.max ?? connections,
  waiting: waiting + (pool?.waitingCount ?? 0),
  total: pool?.totalCount ?? null,
  idle: pool?.idleCount ?? null
})

/**
 * The `Database` service over a kysely of any make, which whoever made it also destroys.
 *
 * `connections` is how many connections its pool has at most: as many statements and transactions run at a time, the
 * others wait here, where waiting can be interrupted. When the scope closes, new statements are refused and open
 * transactions get a few seconds to end.
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly kysely: Kysely<Tables>
  readonly dialect: Dialect
  readonly schema: string
  readonly connections: number
  readonly lockTimeout: Duration.Input
  /** The pool under the kysely, where it can be read. */
  readonly pool?: ReadablePool
}): Effect.fn.Return<Database["Service"], never, Scope.Scope> {
  const { kysely, dialect, schema, connections } = options
  const slots = yield* Semaphore.make(connections)
  const owner = {}
  let closed = false

  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      closed = true
      const all = slots.withPermits(connections)(Effect.void)
      return Effect.timeoutOption(Effect.interruptible(all), CLOSE_PATIENCE)
    })
  )

  const { onConnection, waiting } = counting(slots, connections)

  const unlessClosed = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseError, R> =>
    Effect.suspend((): Effect.Effect<A, E | DatabaseError, R> => (closed ? closedError : self))

  const query = <A>(run: (kysely: Kysely<Tables>, signal: AbortSignal) => Promise<A>) =>
    Effect.flatMap(CurrentTransaction, (current) => {
      const level = transactionOf(current, owner)
      return level === undefined
        ? onConnection(unlessClosed(settle((signal) => run(kysely, signal), "autocommit")))
        : level.turn.withPermit(
            Effect.suspend(() =>
              level.closed ? closedError : settle((signal) => run(level.kysely, signal), "statement")
            )
          )
    })

  const transaction = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseError, R> =>
    Effect.flatMap(CurrentTransaction, (current) => {
      const around = transactionOf(current, owner)
      return around === undefined
        ? onConnection(
            unlessClosed(Effect.uninterruptibleMask((restore) => outermost(kysely, owner, current, self, restore)))
          )
        : around.turn.withPermit(Effect.uninterruptibleMask((restore) => savepoint(around, current, self, restore)))
    })

  // One level for each transaction that is handed in, however often: its statements take turns.
  const handed = new WeakMap<Kysely<Tables>, OpenTransaction>()
  const levelOf = (transaction: Kysely<Tables>): OpenTransaction => {
    const turn = Semaphore.makeUnsafe(1)
    const known = handed.get(transaction)
    if (known !== undefined) return known
    const level = { owner, kysely: transaction, depth: 0, turn, reach: nowhere(), closed: false, outer: undefined }
    handed.set(transaction, level)
    return level
  }

  const within =
    (transaction: Kysely<Tables>) =>
    <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | DatabaseError, R> =>
      Effect.flatMap(CurrentTransaction, (current) => {
        const around = levelOf(transaction)
        const inside = Effect.uninterruptibleMask((restore) => savepoint(around, current, self, restore))
        return unlessClosed(around.turn.withPermit(inside))
      })

  const lockTimeout = Duration.fromInputUnsafe(options.lockTimeout)
  const poolUse = () => useOf(options.pool, connections, waiting())
  return { dialect, schema, lockTimeout, poolUse, query, transaction, within }
})
