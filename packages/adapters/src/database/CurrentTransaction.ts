import { Context, type Semaphore } from "effect"
import type { Kysely } from "kysely"
import type { Tables } from "./Tables.ts"

/**
 * Heads are taken in ascending order, so that transactions never wait for each other in a circle. A client that a host
 * hands in lives through many transactions, hence the transaction's id.
 */
export interface Reach {
  transaction: string
  partition: number
}

/** A transaction, or a savepoint in one, that the current fiber is inside of. */
export interface OpenTransaction {
  /** The database it belongs to: two databases in one program each look only for their own. */
  readonly owner: object
  readonly kysely: Kysely<Tables>
  /** 0 for a transaction, 1 for a savepoint in it, and so on. */
  readonly depth: number
  /** One permit: a connection carries one statement at a time, and nothing of this level while a savepoint is open. */
  readonly turn: Semaphore.Semaphore
  /** How far up the transaction has taken heads of the log; shared by all of its levels. */
  readonly reach: Reach
  /** Set once COMMIT or ROLLBACK has begun; a fiber that outlives its transaction must not write after it. */
  closed: boolean
  /** The level around this one; another database's transaction may stand in between. */
  readonly outer: OpenTransaction | undefined
}

/** The innermost open transaction of the current fiber; `undefined` outside of any. */
export const CurrentTransaction = Context.Reference<OpenTransaction | undefined>(
  "@pointback/adapters/CurrentTransaction",
  { defaultValue: () => undefined }
)

/** The innermost open transaction that belongs to the given database. */
export const transactionOf = (current: OpenTransaction | undefined, owner: object): OpenTransaction | undefined =>
  current === undefined || current.owner === owner ? current : transactionOf(current.outer, owner)
