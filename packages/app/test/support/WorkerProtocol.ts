/** What a test and the applications that it starts say to each other. */
import type { Order } from "./Order.ts"

/** Orders to carry out. */
export interface Task {
  /** The file that says what was sent and answered. */
  readonly journal: string
  readonly orders: ReadonlyArray<Order>
  /** Orders that are carried out at once. */
  readonly inFlight: number
  /** Milliseconds between an answer and the next order. */
  readonly pause: number
}

/** Begin a task, or begin none of its orders any more. */
export type ToWorker = { readonly type: "work"; readonly task: Task } | { readonly type: "stop" }

/** It has started; or every order of its task that it began has been answered. */
export type FromWorker = { readonly type: "ready" } | { readonly type: "worked" }

/** The name of their connections in `pg_stat_activity`. */
export const WORKER_NAME = "pointback-worker"
