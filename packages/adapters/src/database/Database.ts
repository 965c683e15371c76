import { Context, type Duration, type Effect } from "effect"
import type { Kysely } from "kysely"
import type { DatabaseError } from "./DatabaseError.ts"
import type { Tables } from "./Tables.ts"

/** `postgres`: a server. `pglite`: PostgreSQL inside this process, with one connection. */
export type Dialect = "postgres" | "pglite"

/** How long an append waits for a log partition that somebody else holds, unless another time is asked for. */
export const LOCK_TIMEOUT: Duration.Input = "10 seconds"

/** The schema that holds Pointback's tables unless another is asked for. */
export const DEFAULT_SCHEMA = "pointback"

/** How the connections are used at a moment. */
export interface PoolUse {
  /** Connections at most: the pool's, or how many Pointback uses of one that cannot be read. */
  readonly max: number
  /** Statements and transactions of ours that wait for a connection, and whoever waits in a host's pool besides. */
  readonly waiting: number
  /** Connections that are open; null where the pool cannot be read. */
  readonly total: number | null
  /** Those of them that nobody uses; null where the pool cannot be read. */
  readonly idle: number | null
}

/**
 * Statements and transactions over kysely.
 *
 * Inside `transaction` every `query` of the same fiber, and of its children, uses that transaction: it is not possible
 * to use the pool by mistake. Do nothing in a transaction but its own statements; a slow call to somewhere else would
 * keep rows locked.
 */
export class Database extends Context.Service<
  Database,
  {
    readonly dialect: Dialect

    /** The schema of our tables; statements name it, since a host's connection has a `search_path` of its own. */
    readonly schema: string

    /** How long an append waits for a log partition that somebody else holds; whatever the connection's own setting is. */
    readonly lockTimeout: Duration.Duration

    /** How the connections are used at this moment; asks the database nothing. */
    readonly poolUse: () => PoolUse

    /**
     * Runs statements: on the current transaction, else on a connection of the pool.
     *
     * Hand `signal` to kysely (`execute({ signal })`), then an interruption returns at once, while the connection goes
     * back when its statement has ended. Otherwise an interruption waits for the promise. Fails with `DatabaseError`;
     * an error of the program itself, such as a TypeError, is a defect.
     */
    readonly query: <A>(
      run: (kysely: Kysely<Tables>, signal: AbortSignal) => Promise<A>
    ) => Effect.Effect<A, DatabaseError>

    /**
     * Commits what `self` did, or rolls all of it back when it fails, dies or is interrupted.
     *
     * Inside another transaction of this database it is a SAVEPOINT: its failure undoes its own statements only, and
     * the statements of sibling fibers wait until it is over. To retry, retry the outermost transaction as a whole.
     */
    readonly transaction: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DatabaseError, R>

    /**
     * Runs `self` in a transaction that somebody else began and will end, as a SAVEPOINT of it: what `self` did is
     * committed with all the rest or not at all, and undone alone when it fails. See `HostDatabase.inTransaction`.
     */
    readonly within: (
      transaction: Kysely<Tables>
    ) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | DatabaseError, R>
  }
>()("@pointback/adapters/Database") {}
