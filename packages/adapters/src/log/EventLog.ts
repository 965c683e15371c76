/**
 * The port to the log as a whole: every event of every account, in an order that never skips one.
 *
 * An append holds its partition's head until it commits, so the events of a partition become visible in the order of
 * their positions and without gaps. Whoever reads on after the last position that he saw, partition by partition, misses
 * nothing, whichever transactions were open meanwhile and in whichever order they committed.
 */
import type { Instant } from "@pointback/domain"
import { Context, type Effect, type Stream } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"
import type { StoredEvent } from "../eventStore/EventStore.ts"

/** A position in each partition, by the partition's number; 0 stands before the first event. */
export type Positions = ReadonlyArray<number>

/** How far a partition has come, with what is committed. */
export interface Head {
  readonly partition: number
  /** The position of its last event; 0 where it has none. */
  readonly position: number
  /** Later events are recorded after this instant; null where nothing was recorded yet. */
  readonly recordedAt: Instant.Instant | null
}

/** Events of one partition, in the order of their positions or against it. */
export interface PartitionRead {
  readonly partition: number
  /** Forward by default. */
  readonly direction?: "forward" | "backward"
  /** The position to go on after, in the direction of reading; from the first or the last event by default. */
  readonly after?: number
  /** At most so many; `MAXIMUM_PAGE` by default and at most. */
  readonly limit?: number
}

/** Events of all partitions. */
export interface LogRead {
  /** Positions to go on after; from the beginning by default. */
  readonly after?: Positions
  /** At most so many; `MAXIMUM_PAGE` by default and at most. */
  readonly limit?: number
}

/** A page of the log. */
export interface LogPage {
  readonly events: ReadonlyArray<StoredEvent>
  /** Where to go on after this page. */
  readonly positions: Positions
}

/** The log as a whole, in an order that skips no event whose transaction was still open. Fails with `DatabaseError`. */
export class EventLog extends Context.Service<
  EventLog,
  {
    /** The heads of all partitions, by number. */
    readonly heads: Effect.Effect<ReadonlyArray<Head>, DatabaseError>

    /** Reads a page of one partition. A page with fewer events than asked for was the last one, for now. */
    readonly readPartition: (read: PartitionRead) => Effect.Effect<ReadonlyArray<StoredEvent>, DatabaseError>

    /**
     * Reads a page of all partitions: of the committed events after the positions, the ones that were recorded first,
     * ordered by `recordedAt` and, where that is the same, by partition. An empty page means that there is nothing more
     * for now.
     *
     * Within a partition the order is exact, over all pages. Across partitions it is exact in a page; an event of a
     * later page can be recorded before one of this page only if its transaction was still open when this page was
     * read. A database role that sees some programs only gets their events, and positions that pass over the others.
     * Up to a safe instant that was taken before the first page (`lastSafeInstant`) it is exact over all pages.
     */
    readonly readAll: (read?: LogRead) => Effect.Effect<LogPage, DatabaseError>

    /** The same page by page, up to what is committed when the last page is read. */
    readonly streamAll: (after?: Positions) => Stream.Stream<StoredEvent, DatabaseError>

    /**
     * The last instant that a question may be asked "as known at" (law L11): no event will ever be recorded at it or
     * before it that is not committed yet, not even when the clock is set back.
     *
     * Partitions that nobody writes to at the moment are brought up to the clock first; it writes a row for each of
     * them and waits for nobody. A partition with an open append holds the instant back. Inside a transaction nothing
     * is brought up: what it writes is not committed and may be undone.
     */
    readonly lastSafeInstant: Effect.Effect<Instant.Instant, DatabaseError>

    /** The same without writing, for replicas and read-only roles: a partition without appends holds it back. */
    readonly lastSafeInstantReadOnly: Effect.Effect<Instant.Instant, DatabaseError>
  }
>()("@pointback/adapters/EventLog") {}
