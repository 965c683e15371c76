import { Duration, Deferred, Effect, Fiber, Queue } from "effect"
import { assert, describe, it } from "vitest"
import { EventLog } from "../../src/log/EventLog.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { accountInEach, append, place, resetClock, setClock } from "../support/Appending.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { catchUp, eventually, see, seenBy, subscribingOn } from "../support/Subscribing.ts"

/** Everything in the log, in its order. */
const everything = Effect.gen(function* () {
  const { events } = yield* (yield* EventLog).readAll()
  return events.map(place)
})

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe.each(dialects)("a subscription on %s", (dialect) => {
  const run = subscribingOn(dialect)

  it("sees everything from the beginning, once and in order, in batches", () =>
    run(
      Effect.gen(function* () {
        yield* accountInEach
        const sizes: Array<number> = []
        yield* catchUp("all", {
          batchSize: 3,
          handler: (events) => {
            sizes.push(events.length)
            return see("all")(events)
          }
        })
        const all = yield* everything
        assert.deepStrictEqual(yield* seenBy("all"), all)
        assert.deepStrictEqual(sizes, [
          ...upTo(Math.floor(all.length / 3)).map(() => 3),
          ...(all.length % 3 ? [all.length % 3] : [])
        ])
      })
    ))

  it("goes on after its checkpoint", () =>
    run(
      Effect.gen(function* () {
        const new1 = yield* append("account-1", 2)
        yield* catchUp("all")
        yield* catchUp("all")
        const seen = yield* seenBy("all")
        assert.deepStrictEqual(seen.slice(-2), new1.map(place))
        assert.deepStrictEqual(seen, yield* everything)
      })
    ))

  it("begins at the end or at given positions when it is new, and only then", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        const { positions } = yield* log.readAll({ limit: 4 })
        yield* catchUp("end", { from: "end" })
        yield* catchUp("given", { from: positions })
        assert.deepStrictEqual(yield* seenBy("end"), [])
        assert.deepStrictEqual(yield* seenBy("given"), (yield* everything).slice(4))
        const [stored] = yield* append("account-2")
        yield* catchUp("end", { from: "beginning" })
        yield* catchUp("given", { from: "end" })
        assert.deepStrictEqual(yield* seenBy("end"), [place(stored!)])
        assert.deepStrictEqual(yield* seenBy("given"), (yield* everything).slice(4))
      })
    ))

  it("sees what comes while it runs, when it looks again or is woken", () =>
    run(
      Effect.gen(function* () {
        const wakes = yield* Queue.unbounded<void>()
        const polling = yield* Effect.forkChild(Subscription.run({ name: "polling", handler: see("polling") }))
        const woken = yield* Effect.forkChild(
          Subscription.run({
            name: "woken",
            handler: see("woken"),
            pollInterval: "1 hour",
            wake: Queue.take(wakes)
          })
        )
        const behind = (name: string) => Effect.map(Subscription.status(name), (status) => status.behind)
        const caughtUp = (name: string) => eventually(Effect.map(behind(name), (events) => events === 0))
        const made = Effect.map(Subscription.list, (all) => all.some(({ name }) => name === "woken"))
        yield* eventually(made)
        yield* caughtUp("woken")
        // Its wait has grown beyond this test's patience by now, whatever it was at first.
        yield* Effect.sleep(100)
        yield* append("account-3")
        yield* caughtUp("polling")
        yield* Queue.offer(wakes, undefined)
        yield* caughtUp("woken")
        yield* Effect.forEach([polling, woken], Fiber.interrupt)
        assert.deepStrictEqual(yield* seenBy("polling"), yield* everything)
        assert.deepStrictEqual(yield* seenBy("woken"), yield* everything)
      })
    ))

  it("gives its lease back when it is interrupted, and undoes the batch at hand", () =>
    run(
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const running = yield* Effect.forkChild(
          Subscription.run({
            name: "interrupted",
            handler: (events) =>
              see("interrupted")(events).pipe(
                Effect.tap(Deferred.succeed(begun, undefined)),
                Effect.andThen(Effect.never)
              )
          })
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(running)
        const status = yield* Subscription.status("interrupted")
        assert.deepInclude(status, { holder: null, running: false, positions: [0, 0, 0, 0, 0, 0, 0, 0] })
        assert.deepStrictEqual(yield* seenBy("interrupted"), [])
        yield* catchUp("interrupted")
        assert.deepStrictEqual(yield* seenBy("interrupted"), yield* everything)
      })
    ))

  it("gives a batch again when it is to be at least once and was interrupted", () =>
    run(
      Effect.gen(function* () {
        const seen: Array<string> = []
        const begun = yield* Deferred.make<void>()
        const options = { name: "atLeastOnce", delivery: "atLeastOnce", batchSize: 1000 } as const
        const running = yield* Effect.forkChild(
          Subscription.run({
            ...options,
            handler: (events) => {
              seen.push(...events.map(place))
              return Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
            }
          })
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(running)
        yield* Subscription.run({
          ...options,
          until: "caughtUp",
          handler: (events) => Effect.sync(() => seen.push(...events.map(place)))
        })
        const all = yield* everything
        assert.deepStrictEqual(seen, [...all, ...all])
      })
    ))

  it.each(["exactlyOnce", "atLeastOnce"] as const)(
    "stops with a handler that keeps failing (%s), and skips nothing",
    (delivery) =>
      run(
        Effect.gen(function* () {
          const name = `failing-${delivery}`
          yield* catchUp(name, { batchSize: 2, from: "end" })
          const stored = yield* append("account-4", 5)
          const third = stored[2]!
          let attempts = 0
          const stopped = yield* Effect.flip(
            catchUp(name, {
              delivery,
              batchSize: 2,
              attempts: 3,
              handler: (events) => {
                if (!events.some(({ eventId }) => eventId === third.eventId)) return see(name)(events)
                attempts += 1
                return Effect.andThen(delivery === "exactlyOnce" ? see(name)(events) : Effect.void, Effect.fail("no"))
              }
            })
          )
          assert.strictEqual(attempts, 3)
          assert.strictEqual(stopped._tag, "SubscriptionStopped")
          assert.deepInclude(stopped, {
            attempts: 3,
            partition: third.account.partition,
            position: third.position,
            events: 2,
            cause: "no"
          })
          assert.deepStrictEqual(yield* seenBy(name), stored.slice(0, 2).map(place))
          const status = yield* Subscription.status(name)
          assert.deepInclude(status, { behind: 3, holder: null, oldestUnseenAt: third.recordedAt })
          yield* catchUp(name)
          assert.deepStrictEqual(yield* seenBy(name), stored.map(place))
        })
      )
  )

  it("counts attempts anew after a batch that succeeded", () =>
    run(
      Effect.gen(function* () {
        yield* catchUp("flaky", { from: "end" })
        const stored = yield* append("account-5", 3)
        let calls = 0
        yield* catchUp("flaky", {
          batchSize: 1,
          attempts: 2,
          handler: (events) => (calls++ % 2 === 0 ? Effect.fail("every other time") : see("flaky")(events))
        })
        assert.strictEqual(calls, 6)
        assert.deepStrictEqual(yield* seenBy("flaky"), stored.map(place))
      })
    ))

  it("ends at once with a handler that throws, and skips nothing", () =>
    run(
      Effect.gen(function* () {
        const defect = new TypeError("a bug")
        const exit = yield* Effect.exit(catchUp("defect", { handler: () => Effect.die(defect) }))
        assert.include(String(exit), "a bug")
        assert.deepInclude(yield* Subscription.status("defect"), { holder: null, positions: [0, 0, 0, 0, 0, 0, 0, 0] })
      })
    ))

  it("tells operators who runs it and how far it is behind", () =>
    run(
      Effect.gen(function* () {
        const log = yield* EventLog
        yield* catchUp("lagging", { from: "end" })
        yield* setClock("2050-01-01T00:00:00Z")
        const first = yield* append("account-6", 2)
        yield* setClock("2050-01-01T00:01:00Z")
        const second = yield* append("account-7", 3)
        const status = yield* Subscription.status("lagging")
        yield* resetClock
        assert.strictEqual(status.behind, 5)
        assert.strictEqual(status.oldestUnseenAt, first[0]!.recordedAt)
        assert.strictEqual(Duration.toMillis(status.oldestUnseenAge!), 60_000)
        const expected = (yield* log.heads).map(({ partition, position }) => {
          const behind = [...first, ...second].filter(({ account }) => account.partition === partition).length
          return { partition, position: position - behind, head: position, behind }
        })
        assert.deepStrictEqual(status.partitions, expected)
        yield* catchUp("lagging")
        const listed = yield* Subscription.list
        assert.deepStrictEqual(
          listed.map(({ name }) => name),
          listed.map(({ name }) => name).sort()
        )
        const caughtUp = listed.find(({ name }) => name === "lagging")!
        assert.deepInclude(caughtUp, { behind: 0, oldestUnseenAt: null, oldestUnseenAge: null, holder: null })
      })
    ))

  it("is reset to any place, also while it runs", () =>
    run(
      Effect.gen(function* () {
        const all = yield* everything
        yield* catchUp("reset", { from: "end" })
        yield* Subscription.reset("reset", "beginning")
        yield* catchUp("reset")
        assert.deepStrictEqual(yield* seenBy("reset"), all)
        yield* Subscription.reset("reset", "end")
        const running = yield* Effect.forkChild(
          Subscription.run({ name: "reset", handler: see("reset"), pollInterval: "20 millis", lease: "300 millis" })
        )
        yield* eventually(Effect.map(Subscription.status("reset"), (status) => status.running))
        yield* Subscription.reset("reset", "beginning")
        yield* eventually(Effect.map(seenBy("reset"), (seen) => seen.length === 2 * all.length))
        yield* Fiber.interrupt(running)
        assert.deepStrictEqual(yield* seenBy("reset"), [...all, ...all])
      })
    ))

  it("is removed, but not while it runs", () =>
    run(
      Effect.gen(function* () {
        const running = yield* Effect.forkChild(
          Subscription.run({ name: "removed", handler: see("removed"), holder: "me" })
        )
        const holds = Effect.map(Subscription.list, (all) =>
          all.some(({ name, running }) => name === "removed" && running)
        )
        yield* eventually(holds)
        const refused = yield* Effect.flip(Subscription.remove("removed"))
        assert.deepInclude(refused, { _tag: "SubscriptionHeld", holder: "me" })
        yield* Fiber.interrupt(running)
        yield* Subscription.remove("removed")
        assert.strictEqual((yield* Effect.flip(Subscription.status("removed")))._tag, "SubscriptionUnknown")
        assert.strictEqual((yield* Effect.flip(Subscription.remove("removed")))._tag, "SubscriptionUnknown")
        assert.strictEqual((yield* Effect.flip(Subscription.reset("removed", "end")))._tag, "SubscriptionUnknown")
      })
    ))

  it("does not begin anew when it was removed behind its back", () =>
    run(
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const running = yield* Effect.forkChild(
          Subscription.run({
            name: "gone",
            handler: () => Effect.void,
            pollInterval: "20 millis",
            lease: "60 millis",
            wake: Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
          })
        )
        yield* Deferred.await(begun)
        yield* rows("delete from subscriptions where name = 'gone'")
        const ended = yield* Effect.flip(Fiber.join(running))
        assert.strictEqual(ended._tag, "SubscriptionUnknown")
      })
    ))

  it("refuses to go on beyond the end of the log", () =>
    run(
      Effect.gen(function* () {
        yield* catchUp("ahead")
        yield* rows("update subscriptions set positions[3] = positions[3] + 1 where name = 'ahead'")
        const { partitions } = yield* Subscription.status("ahead")
        const { head } = partitions[2]!
        const ahead = yield* Effect.flip(catchUp("ahead"))
        assert.deepInclude(ahead, { _tag: "SubscriptionAhead", partition: 2, position: head + 1, head })
        const beyond = partitions.map(({ partition, position }) => position + (partition === 5 ? 1 : 0))
        const refused = yield* Effect.flip(Subscription.reset("ahead", beyond))
        assert.deepInclude(refused, { _tag: "SubscriptionAhead", partition: 2 })
        yield* Subscription.reset("ahead", "end")
        yield* catchUp("ahead")
      })
    ))

  it("refuses settings that cannot be meant", () =>
    run(
      Effect.gen(function* () {
        for (const wrong of [{ batchSize: 0 }, { batchSize: 1001 }, { attempts: 0 }, { from: [0] }]) {
          const exit = yield* Effect.exit(catchUp("wrong", wrong))
          assert.match(String(exit), /RangeError/)
        }
        const nameless = yield* Effect.flip(catchUp(""))
        assert.strictEqual(nameless._tag, "DatabaseError")
      })
    ))
})
