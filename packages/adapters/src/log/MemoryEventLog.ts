/** The log over events that a process holds in memory. */
import { Instant } from "@pointback/domain"
import { Clock, Effect } from "effect"
import type { StoredEvent } from "../eventStore/EventStore.ts"
import type { LogRead, PartitionRead } from "./EventLog.ts"
import { EventLog } from "./EventLog.ts"
import { limitOf, positionsAfter, startOf, streamOf } from "./LogPage.ts"

/** The instant of a head that has recorded nothing. */
export const NOTHING: Instant.Instant = 0n

/** The heads of the partitions, which appends move on from position 0 and instant 0, and all events in any order. */
export interface MemoryLog {
  readonly heads: ReadonlyArray<{ readonly position: number; recordedAt: Instant.Instant }>
  readonly events: () => ReadonlyArray<StoredEvent>
}

const byRecording = (a: StoredEvent, b: StoredEvent): number =>
  a.recordedAt === b.recordedAt ? a.account.partition - b.account.partition : a.recordedAt < b.recordedAt ? -1 : 1

const readPartition = (log: MemoryLog, { after, direction, limit, partition }: PartitionRead) => {
  const events = log.events().filter(({ account }) => account.partition === partition)
  const sign = direction === "backward" ? -1 : 1
  return events
    .filter(({ position }) => after === undefined || sign * (position - after) > 0)
    .sort((a, b) => sign * (a.position - b.position))
    .slice(0, limitOf(limit))
}

const readAll = (log: MemoryLog, read: LogRead) => {
  const before = startOf(read, log.heads.length)
  const events = log
    .events()
    .filter(({ account, position }) => position > (before[account.partition] as number))
    .sort(byRecording)
  const page = events.slice(0, limitOf(read.limit))
  return { events: page, positions: positionsAfter(before, page) }
}

/** The instant up to which all that is recorded is there. */
export const safe = (log: Pick<MemoryLog, "heads">): Instant.Instant =>
  log.heads.reduce((least, { recordedAt }) => (recordedAt < least ? recordedAt : least), Instant.END)

/** The `EventLog` of a memory; its clock is the process's, as that of appends in memory is. */
export const make = (log: MemoryLog): EventLog["Service"] => {
  const read: EventLog["Service"]["readAll"] = (wanted = {}) => Effect.sync(() => readAll(log, wanted))
  return EventLog.of({
    heads: Effect.sync(() =>
      log.heads.map(({ position, recordedAt }, partition) => ({
        partition,
        position,
        recordedAt: recordedAt === NOTHING ? null : recordedAt
      }))
    ),
    readPartition: (wanted) => Effect.sync(() => readPartition(log, wanted)),
    readAll: read,
    streamAll: streamOf(read),
    // No append is ever open between two steps of one process.
    lastSafeInstant: Effect.map(Clock.currentTimeMillis, (millis) => {
      const now = Instant.fromEpochMillis(millis)
      for (const head of log.heads) if (head.recordedAt < now) head.recordedAt = now
      return safe(log)
    }),
    lastSafeInstantReadOnly: Effect.sync(() => safe(log))
  })
}
