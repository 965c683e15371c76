/** Streams, read whole. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import type { Fact } from "@pointback/domain"
import { Effect } from "effect"

/** Every event of a stream, page by page. */
export const readWhole = Effect.fnUntraced(function* (
  account: EventStore.AccountRef,
  stream: Fact.Stream
): Effect.fn.Return<ReadonlyArray<EventStore.StoredEvent>, DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const events: Array<EventStore.StoredEvent> = []
  for (;;) {
    const page = yield* store.readStream({ account, stream, from: events.length + 1 })
    events.push(...page)
    if (page.length < EventStore.MAXIMUM_PAGE) return events
  }
})
