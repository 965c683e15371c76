/** How a subscription is run. */
import { hostname } from "node:os"
import { Duration, Effect } from "effect"
import { MAXIMUM_PAGE, type StoredEvent } from "../eventStore/EventStore.ts"
import type { Place } from "./Start.ts"

/** Large enough that the commit of a batch costs little beside its events, small enough to be undone and done again. */
const BATCH_SIZE = 500

/** Half a second is soon for a reader of a log, and two small statements a second are nothing for a server. */
const POLL_INTERVAL = Duration.millis(500)

/** A process that is gone for half a minute is dead; one that pauses for its garbage is not. */
const LEASE = Duration.seconds(30)

/** With the waits between them about 25 seconds: a restart of the database is over by then. */
const ATTEMPTS = 8

/** What a subscription is, and how it is run. All but `name` and `handler` have defaults. */
export interface Options<E, R> {
  /** One runs at a time under a name, over all processes; its checkpoint is kept under it. 1 to 200 characters. */
  readonly name: string

  /** Gets the events that it has not seen, in the order of `EventLog.readAll`; never an empty batch. */
  readonly handler: (events: ReadonlyArray<StoredEvent>) => Effect.Effect<unknown, E, R>

  /**
   * `exactlyOnce` (default): the handler runs in the transaction that moves the checkpoint, so what it writes through
   * the `Database` is written exactly once. It must do nothing else: its locks are held, and a mail cannot be undone.
   *
   * `atLeastOnce`: the handler runs outside of a transaction, and the checkpoint moves when it has succeeded. A batch is
   * given again after a crash, so what it does elsewhere must bear that; event ids tell a second time.
   */
  readonly delivery?: "exactlyOnce" | "atLeastOnce"

  /** Where to begin when there is no checkpoint yet. Default: `beginning`. */
  readonly from?: Place

  /** Events in a batch at most; 1 to 1000, 500 by default. */
  readonly batchSize?: number

  /** How long it waits at most before it looks for new events; it waits less after it found some. Default: 500 ms. */
  readonly pollInterval?: Duration.Input

  /** Completes when there may be new events, to look at once instead of waiting. Default: never. */
  readonly wake?: Effect.Effect<unknown>

  /** How long a holder that died keeps the others out. Renewed at each third of it. Default: 30 seconds. */
  readonly lease?: Duration.Input

  /** What to do while somebody else runs it: `wait` to succeed him (default), or `fail` with `SubscriptionHeld`. */
  readonly whenHeld?: "wait" | "fail"

  /** How often the handler, or the database, may fail in a row; 1 or more, 8 by default. */
  readonly attempts?: number

  /** When to end by itself: `never` (default), or when it is `caughtUp`. */
  readonly until?: "never" | "caughtUp"

  /** Names this runner to operators. Default: host and process number. */
  readonly holder?: string
}

/** The options with their defaults. */
export interface Settings<E, R> {
  readonly name: string
  readonly handler: Options<E, R>["handler"]
  readonly delivery: "exactlyOnce" | "atLeastOnce"
  readonly from: Place
  readonly batchSize: number
  readonly pollInterval: Duration.Duration
  readonly wake: Effect.Effect<unknown>
  readonly lease: Duration.Duration
  readonly whenHeld: "wait" | "fail"
  readonly attempts: number
  readonly until: "never" | "caughtUp"
  readonly holder: string
}

/** Fills in the defaults. Throws where a number cannot be meant. */
export const settingsOf = <E, R>(options: Options<E, R>): Settings<E, R> => ({
  name: options.name,
  handler: options.handler,
  delivery: options.delivery ?? "exactlyOnce",
  from: options.from ?? "beginning",
  batchSize: within("batchSize", options.batchSize ?? BATCH_SIZE, MAXIMUM_PAGE),
  pollInterval: Duration.fromInputUnsafe(options.pollInterval ?? POLL_INTERVAL),
  wake: options.wake ?? Effect.never,
  lease: Duration.fromInputUnsafe(options.lease ?? LEASE),
  whenHeld: options.whenHeld ?? "wait",
  attempts: within("attempts", options.attempts ?? ATTEMPTS, Number.MAX_SAFE_INTEGER),
  until: options.until ?? "never",
  holder: options.holder ?? `${hostname()}:${process.pid}`
})

const within = (name: string, value: number, most: number): number => {
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new RangeError(`${name} is ${value}; it must be a whole number from 1 to ${most}`)
  }
  return value
}
