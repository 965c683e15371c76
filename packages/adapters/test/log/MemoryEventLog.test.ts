import { Fact, Ids, type Instant } from "@pointback/domain"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import type { StoredEvent } from "../../src/eventStore/EventStore.ts"
import { MAXIMUM_PAGE } from "../../src/eventStore/EventStore.ts"
import { make, type MemoryLog } from "../../src/log/MemoryEventLog.ts"
import { place } from "../support/Appending.ts"

const storedEvent = (partition: number, position: number, recordedAt: Instant.Instant): StoredEvent => ({
  account: { program: Ids.ProgramId.make("program"), key: Ids.AccountKey.make("account"), partition },
  position,
  eventId: `${partition}:${position}`,
  version: position,
  accountVersion: position,
  fact: {
    stream: Fact.accountStream,
    occurredAt: recordedAt,
    event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
  },
  recordedAt,
  correlationId: "test",
  causationId: null,
  idempotencyKey: null,
  actor: null
})

/** A log of three partitions; each number is the partition of the next event, recorded a microsecond after the last. */
const logOf = (partitions: ReadonlyArray<number>): MemoryLog => {
  const heads = [0, 1, 2].map(() => ({ position: 0, recordedAt: 0n }))
  const events = partitions.map((partition, index) => {
    const head = heads[partition]!
    head.position += 1
    head.recordedAt = BigInt(index + 1)
    return storedEvent(partition, head.position, head.recordedAt)
  })
  // The log of a memory is kept by account, so in another order.
  return { heads, events: () => events.toReversed() }
}

const partitions = fc.array(fc.nat(2), { maxLength: 40 })

describe("the log in memory", () => {
  it("reads every event once and by recording, in pages of any size", () =>
    fc.assert(
      fc.asyncProperty(partitions, fc.integer({ min: 1, max: 50 }), async (partitions, limit) => {
        const log = make(logOf(partitions))
        const events: Array<StoredEvent> = []
        let page = await Effect.runPromise(log.readAll({ limit }))
        while (page.events.length > 0) {
          assert.isAtMost(page.events.length, limit)
          events.push(...page.events)
          page = await Effect.runPromise(log.readAll({ limit, after: page.positions }))
        }
        assert.deepStrictEqual(
          events.map(({ recordedAt }) => recordedAt),
          partitions.map((_, index) => BigInt(index + 1))
        )
      })
    ))

  it("reads a partition in both directions", async () => {
    const log = make(logOf([1, 0, 1, 1, 2, 1]))
    const read = (wanted: Parameters<typeof log.readPartition>[0]) =>
      Effect.runPromise(Effect.map(log.readPartition(wanted), (events) => events.map(place)))
    assert.deepStrictEqual(await read({ partition: 1 }), ["1:1", "1:2", "1:3", "1:4"])
    assert.deepStrictEqual(await read({ partition: 1, after: 1, limit: 2 }), ["1:2", "1:3"])
    assert.deepStrictEqual(await read({ partition: 1, direction: "backward", after: 4, limit: 2 }), ["1:3", "1:2"])
  })

  it("streams beyond one page", async () => {
    const log = make(logOf(Array.from({ length: MAXIMUM_PAGE + 1 }, () => 0)))
    assert.strictEqual((await Effect.runPromise(Stream.runCollect(log.streamAll()))).length, MAXIMUM_PAGE + 1)
    assert.strictEqual((await Effect.runPromise(Stream.runCollect(log.streamAll([1000, 0, 0])))).length, 1)
  })

  it("answers heads, and brings them up to the clock for a safe instant", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const memory = logOf([0, 1])
        const log = make(memory)
        assert.deepStrictEqual(yield* log.heads, [
          { partition: 0, position: 1, recordedAt: 1n },
          { partition: 1, position: 1, recordedAt: 2n },
          { partition: 2, position: 0, recordedAt: null }
        ])
        assert.strictEqual(yield* log.lastSafeInstantReadOnly, 0n)
        yield* TestClock.setTime(5)
        assert.strictEqual(yield* log.lastSafeInstant, 5000n)
        yield* TestClock.setTime(1)
        assert.strictEqual(yield* log.lastSafeInstant, 5000n)
        assert.isTrue(memory.heads.every(({ recordedAt }) => recordedAt === 5000n))
      }).pipe(Effect.provide(TestClock.layer()))
    ))
})
