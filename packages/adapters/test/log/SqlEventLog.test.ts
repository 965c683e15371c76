import { Instant } from "@pointback/domain"
import { Deferred, Effect, Fiber, Layer, ManagedRuntime, Stream } from "effect"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { Database } from "../../src/database/Database.ts"
import { MAXIMUM_PAGE, type StoredEvent } from "../../src/eventStore/EventStore.ts"
import { EventLog, type Positions } from "../../src/log/EventLog.ts"
import { requireSafe } from "../../src/log/KnownAt.ts"
import * as Stores from "../../src/Stores.ts"
import { accountIn, accountInEach, append, appendUntil, place, resetClock, setClock } from "../support/Appending.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { databaseLayer } from "../support/StoresUnderTest.ts"

type Services = Layer.Success<typeof Stores.layer> | Database

const at = Instant.fromStringUnsafe

/** Pages until one is empty. */
const readPages = Effect.fnUntraced(function* (limit: number) {
  const log = yield* EventLog
  const pages: Array<ReadonlyArray<StoredEvent>> = []
  let after: Positions | undefined
  while (true) {
    const page = yield* log.readAll({ limit, ...(after === undefined ? {} : { after }) })
    after = page.positions
    if (page.events.length === 0) return { pages, after }
    pages.push(page.events)
  }
})

const inPartition = (events: ReadonlyArray<StoredEvent>, partition: number) =>
  events.filter(({ account }) => account.partition === partition).map(({ position }) => position)

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe.each(dialects)("the log on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<Services, unknown>
  let accounts: ReadonlyArray<string>
  const run = <A, E>(effect: Effect.Effect<A, E, Services>) => runtime.runPromise(effect)

  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer(dialect))))
  })
  afterAll(() => runtime.dispose())
  afterEach(() => run(resetClock))

  it("is empty at first, and every instant that can be written comes after its last safe one", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const heads = yield* log.heads
        assert.deepStrictEqual(
          heads,
          upTo(8).map((number) => ({ partition: number - 1, position: 0, recordedAt: null }))
        )
        assert.strictEqual(yield* log.lastSafeInstantReadOnly, Instant.EARLIEST)
        assert.deepStrictEqual(yield* log.readAll(), { events: [], positions: [0, 0, 0, 0, 0, 0, 0, 0] })
      })
    ))

  it("reads a partition forward and backward, in pages", () =>
    run(
      Effect.gen(function* () {
        accounts = yield* accountInEach
        const log = yield* EventLog
        yield* append(accounts[3]!, 10)
        const { position: head } = (yield* log.heads)[3]!
        const all = yield* log.readPartition({ partition: 3 })
        assert.deepStrictEqual(inPartition(all, 3), upTo(head))
        const positions = (read: Parameters<typeof log.readPartition>[0]) =>
          Effect.map(log.readPartition(read), (events) => inPartition(events, 3))
        assert.deepStrictEqual(yield* positions({ partition: 3, after: 2, limit: 3 }), [3, 4, 5])
        assert.deepStrictEqual(yield* positions({ partition: 3, after: head }), [])
        const backward = { partition: 3, direction: "backward" } as const
        assert.deepStrictEqual(yield* positions(backward), upTo(head).reverse())
        assert.deepStrictEqual(yield* positions({ ...backward, after: 5, limit: 3 }), [4, 3, 2])
        assert.deepStrictEqual(yield* positions({ ...backward, after: 1 }), [])
      })
    ))

  it.each([1, 3, 7, MAXIMUM_PAGE])("reads all in pages of %i: every event once, by recording", (limit) =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const heads = yield* log.heads
        const { after, pages } = yield* readPages(limit)
        const events = pages.flat()
        for (const { partition, position } of heads) {
          assert.deepStrictEqual(inPartition(events, partition), upTo(position))
        }
        assert.isTrue(pages.slice(0, -1).every((page) => page.length === limit))
        for (const [index, event] of events.entries()) {
          const before = events[index - 1]
          assert.isTrue(before === undefined || before.recordedAt <= event.recordedAt)
        }
        assert.deepStrictEqual(
          after,
          heads.map(({ position }) => position)
        )
      })
    )
  )

  it("streams what the pages hold, also beyond one page", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        for (const account of accounts.slice(0, 3)) yield* append(account, 500)
        const streamed = yield* Stream.runCollect(log.streamAll())
        assert.isTrue(streamed.length > MAXIMUM_PAGE)
        assert.deepStrictEqual(streamed.map(place), (yield* readPages(100)).pages.flat().map(place))
        const half = yield* log.readAll({ limit: 700 })
        const rest = yield* Stream.runCollect(log.streamAll(half.positions))
        assert.deepStrictEqual([...half.events, ...rest].map(place), streamed.map(place))
      })
    ))

  it("refuses positions that leave a partition out", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const exit = yield* Effect.exit(log.readAll({ after: [0, 0] }))
        assert.match(String(exit), /8 partitions/)
      })
    ))

  it("brings idle partitions up to the clock, and records what follows later, though the clock is set back", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* setClock("2040-01-01T00:00:00Z")
        const safe = yield* log.lastSafeInstant
        assert.strictEqual(safe, at("2040-01-01T00:00:00Z"))
        yield* setClock("2039-01-01T00:00:00Z")
        assert.strictEqual(yield* log.lastSafeInstant, safe)
        for (const account of accounts) {
          const [stored] = yield* append(account)
          assert.isTrue(stored!.recordedAt > safe)
        }
        const heads = yield* log.heads
        const least = heads.map(({ recordedAt }) => recordedAt!).reduce((a, b) => (a < b ? a : b))
        assert.strictEqual(yield* log.lastSafeInstant, least)
      })
    ))

  it("answers a safe instant without writing", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const database = yield* Database
        yield* setClock("2041-01-01T00:00:00Z")
        const before = yield* log.heads
        const readOnly = Effect.andThen(rows("set transaction read only"), log.lastSafeInstantReadOnly)
        const least = before.map(({ recordedAt }) => recordedAt!).reduce((a, b) => (a < b ? a : b))
        assert.strictEqual(yield* database.transaction(readOnly), least)
        // In a transaction neither writes: what it brought up might be undone.
        assert.strictEqual(yield* database.transaction(log.lastSafeInstant), least)
        assert.deepStrictEqual(yield* log.heads, before)
      })
    ))

  it("L11 two clocks: refuses an instant that is not safe, and names the last safe one", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* setClock("2042-01-01T00:00:00Z")
        yield* requireSafe(at("2042-01-01T00:00:00Z"))
        const refused = yield* Effect.flip(requireSafe(at("2042-01-01T00:00:00.000001Z")))
        assert.strictEqual(refused._tag, "KnownAtNotSafe")
        assert.include(refused.message, "2042-01-01T00:00:00.000Z or earlier")
        yield* setClock("2043-01-01T00:00:00Z")
        const onReplica = yield* Effect.flip(requireSafe(at("2042-06-01T00:00:00Z"), { readOnly: true }))
        assert.deepInclude(onReplica, { lastSafe: at("2042-01-01T00:00:00Z") })
        yield* requireSafe(at("2042-06-01T00:00:00Z"))
        assert.strictEqual(yield* log.lastSafeInstantReadOnly, at("2043-01-01T00:00:00Z"))
      })
    ))
})

describe("the log on postgres, while transactions are open", () => {
  let runtime: ManagedRuntime.ManagedRuntime<Services, unknown>
  let accounts: ReadonlyArray<string>
  const run = <A, E>(effect: Effect.Effect<A, E, Services>) => runtime.runPromise(effect)

  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer("postgres"))))
    accounts = await run(accountInEach)
  })
  afterAll(() => runtime.dispose())
  afterEach(() => run(resetClock))

  it("never skips an event whose transaction was open when a later one committed", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const neighbour = yield* accountIn(0)
        const { positions } = yield* log.readAll()
        const begun = yield* Deferred.make<void>()
        const end = yield* Deferred.make<void>()
        const open = yield* Effect.forkChild(
          appendUntil(accounts[0]!, Deferred.succeed(begun, undefined), Deferred.await(end))
        )
        yield* Deferred.await(begun)
        const later = yield* append(accounts[1]!)
        // One that queues behind the open one must not overtake it either.
        const queued = yield* Effect.forkChild(append(neighbour))
        const seen = yield* log.readAll({ after: positions })
        assert.deepStrictEqual(seen.events.map(place), later.map(place))
        yield* Deferred.succeed(end, undefined)
        const late = [...(yield* Fiber.join(open)), ...(yield* Fiber.join(queued))]
        assert.isTrue(late[0]!.recordedAt < later[0]!.recordedAt)
        const rest = yield* log.readAll({ after: seen.positions })
        assert.deepStrictEqual(rest.events.map(place), late.map(place))
      })
    ))

  // Before the tests that set the clock ahead: there it is the clock that brings the instant forward.
  it("L11 two clocks: records nothing at or before an instant that was safe, under load", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const appending = Effect.forEach(
          Array.from({ length: 16 }, (_, index) => accounts[index % accounts.length]!),
          (account, index) => Effect.forEach(upTo(10), () => append(`${account}-${index}`)),
          { concurrency: 16 }
        )
        const writers = yield* Effect.forkChild(appending)
        const promises: Array<{ readonly safe: Instant.Instant; readonly heads: ReadonlyArray<number> }> = []
        for (let i = 0; i < 20; i++) {
          const safe = yield* log.lastSafeInstant
          promises.push({ safe, heads: (yield* log.heads).map(({ position }) => position) })
          yield* Effect.sleep(5)
        }
        yield* Fiber.join(writers)
        const events = yield* Stream.runCollect(log.streamAll())
        assert.isTrue(promises.at(-1)!.safe > promises[0]!.safe)
        for (const { heads, safe } of promises) {
          // What was not committed yet when the instant was said to be safe is recorded after it.
          const later = events.filter(({ account, position }) => position > heads[account.partition]!)
          assert.isTrue(later.every(({ recordedAt }) => recordedAt > safe))
        }
      })
    ))

  it("holds the last safe instant back behind an open append, and behind nothing else", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* setClock("2040-01-01T00:00:00Z")
        yield* log.lastSafeInstant
        yield* setClock("2040-01-02T00:00:00Z")
        const begun = yield* Deferred.make<void>()
        const end = yield* Deferred.make<void>()
        const open = yield* Effect.forkChild(
          appendUntil(accounts[5]!, Deferred.succeed(begun, undefined), Deferred.await(end))
        )
        yield* Deferred.await(begun)
        yield* setClock("2040-01-03T00:00:00Z")
        assert.strictEqual(yield* log.lastSafeInstant, at("2040-01-01T00:00:00Z"))
        const refused = yield* Effect.flip(requireSafe(at("2040-01-02T00:00:00Z")))
        assert.deepInclude(refused, { lastSafe: at("2040-01-01T00:00:00Z") })
        // The others were brought up all the same.
        const others = (yield* log.heads).filter(({ partition }) => partition !== 5)
        assert.isTrue(others.every(({ recordedAt }) => recordedAt === at("2040-01-03T00:00:00Z")))
        yield* Deferred.succeed(end, undefined)
        const [stored] = yield* Fiber.join(open)
        assert.strictEqual(stored!.recordedAt, at("2040-01-02T00:00:00Z"))
        assert.strictEqual(yield* log.lastSafeInstant, at("2040-01-03T00:00:00Z"))
      })
    ))
})
