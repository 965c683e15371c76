import { Deferred, Effect, Fiber } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { EventLog } from "../../src/log/EventLog.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { accountInEach, append, place } from "../support/Appending.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { catchUp, eventually, see, seenBy, subscribingOn } from "../support/Subscribing.ts"

/** Everything in the log, in its order. */
const everything = Effect.map(
  EventLog.use((log) => log.readAll()),
  ({ events }) => events.map(place)
)

const isRunning = (name: string) =>
  Effect.map(Subscription.list, (all) => all.some((status) => status.name === name && status.running))

/** What an operator sees of a holder that died: his lease stays until its end. */
const leaseEnds = (name: string, when: string) =>
  rows(`update subscriptions set expires_at = clock_timestamp() + interval '${when}' where name = '${name}'`)

describe("the lease of a subscription", () => {
  const run = subscribingOn("postgres")
  beforeAll(() => run(accountInEach))

  it("keeps a second runner out, which learns who holds it", () =>
    run(
      Effect.gen(function* () {
        const first = yield* Effect.forkChild(
          Subscription.run({ name: "held", handler: see("held"), holder: "the first" })
        )
        // Its first checkpoint renews the lease; it has nothing to do from then on.
        yield* eventually(isRunning("held"))
        yield* eventually(Effect.map(Subscription.status("held"), (status) => status.behind === 0))
        const refused = yield* Effect.flip(catchUp("held", { whenHeld: "fail" }))
        const { holder } = yield* Subscription.status("held")
        assert.deepInclude(refused, { _tag: "SubscriptionHeld", holder: "the first", until: holder!.until })
        yield* Fiber.interrupt(first)
      })
    ))

  it("goes to the one that waits when the holder stops", () =>
    run(
      Effect.gen(function* () {
        const start = (holder: string) =>
          Effect.forkChild(
            Subscription.run({ name: "handed", handler: see("handed"), holder, pollInterval: "20 millis" })
          )
        const holder = Effect.map(Subscription.status("handed"), (status) => status.holder?.name)
        const first = yield* start("the first")
        yield* eventually(isRunning("handed"))
        const second = yield* start("the second")
        yield* Effect.sleep(100)
        assert.strictEqual(yield* holder, "the first")
        yield* Fiber.interrupt(first)
        yield* eventually(Effect.map(holder, (name) => name === "the second"))
        const [stored] = yield* append("account-1")
        yield* eventually(Effect.map(seenBy("handed"), (seen) => seen.includes(place(stored!))))
        yield* Fiber.interrupt(second)
        assert.deepStrictEqual(yield* seenBy("handed"), yield* everything)
      })
    ))

  it("goes to the one that waits when the holder's has ended, and not before", () =>
    run(
      Effect.gen(function* () {
        yield* catchUp("orphaned", { from: "end" })
        yield* rows(
          "update subscriptions set holder = 'dead', expires_at = clock_timestamp() + interval '400 ms', token = token + 1 where name = 'orphaned'"
        )
        const { holder } = yield* Subscription.status("orphaned")
        const [stored] = yield* append("account-2")
        yield* catchUp("orphaned", { pollInterval: "20 millis" })
        const [taken] = yield* rows<{ late: boolean }>(
          `select clock_timestamp() >= to_timestamp(${holder!.until} / 1000000.0) as late`
        )
        assert.isTrue(taken!.late)
        assert.deepStrictEqual(yield* seenBy("orphaned"), [place(stored!)])
      })
    ))

  it("lasts for as long as its holder renews it", () =>
    run(
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const end = yield* Deferred.make<void>()
        const slow = yield* Effect.forkChild(
          catchUp("slow", {
            lease: "300 millis",
            handler: (events) =>
              see("slow")(events).pipe(Effect.tap(Deferred.succeed(begun, undefined)), Effect.tap(Deferred.await(end)))
          })
        )
        yield* Deferred.await(begun)
        yield* Effect.sleep(900)
        const refused = yield* Effect.flip(catchUp("slow", { whenHeld: "fail" }))
        assert.strictEqual(refused._tag, "SubscriptionHeld")
        yield* Deferred.succeed(end, undefined)
        yield* Fiber.join(slow)
        assert.deepStrictEqual(yield* seenBy("slow"), yield* everything)
      })
    ))

  it.each(["exactlyOnce", "atLeastOnce"] as const)(
    "keeps a stalled former holder from moving the checkpoint (%s)",
    (delivery) =>
      run(
        Effect.gen(function* () {
          const name = `stalled-${delivery}`
          const all = yield* everything
          const begun = yield* Deferred.make<void>()
          const end = yield* Deferred.make<void>()
          const stalled = yield* Effect.forkChild(
            Subscription.run({
              name,
              delivery,
              batchSize: 3,
              whenHeld: "fail",
              handler: (events) =>
                see(name)(events).pipe(Effect.tap(Deferred.succeed(begun, undefined)), Effect.tap(Deferred.await(end)))
            })
          )
          yield* Deferred.await(begun)
          yield* leaseEnds(name, "-1 second")
          const next = yield* Effect.forkChild(Subscription.run({ name, handler: see(name), holder: "the next" }))
          yield* eventually(Effect.map(Subscription.status(name), (status) => status.behind === 0))
          const { positions } = yield* Subscription.status(name)
          yield* Deferred.succeed(end, undefined)
          const refused = yield* Effect.flip(Fiber.join(stalled))
          assert.deepInclude(refused, { _tag: "SubscriptionHeld", holder: "the next" })
          assert.deepStrictEqual((yield* Subscription.status(name)).positions, positions)
          yield* Fiber.interrupt(next)
          const twice = delivery === "exactlyOnce" ? [] : all.slice(0, 3)
          assert.deepStrictEqual((yield* seenBy(name)).toSorted(), [...all, ...twice].toSorted())
        })
      )
  )

  it("keeps a stalled former holder from moving the checkpoint that his successor has not moved yet", () =>
    run(
      Effect.gen(function* () {
        const stall = Effect.fnUntraced(function* (holder: string) {
          const begun = yield* Deferred.make<void>()
          const end = yield* Deferred.make<void>()
          const fiber = yield* Effect.forkChild(
            Subscription.run({
              name: "both stalled",
              delivery: "atLeastOnce",
              holder,
              whenHeld: "fail",
              until: "caughtUp",
              handler: () => Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(end))
            })
          )
          yield* Deferred.await(begun)
          return { fiber, end }
        })
        const first = yield* stall("the first")
        yield* leaseEnds("both stalled", "-1 second")
        const next = yield* stall("the next")
        yield* Deferred.succeed(first.end, undefined)
        assert.deepInclude(yield* Effect.flip(Fiber.join(first.fiber)), {
          _tag: "SubscriptionHeld",
          holder: "the next"
        })
        assert.deepInclude(yield* Subscription.status("both stalled"), { positions: [0, 0, 0, 0, 0, 0, 0, 0] })
        yield* Deferred.succeed(next.end, undefined)
        yield* Fiber.join(next.fiber)
        assert.deepInclude(yield* Subscription.status("both stalled"), { behind: 0 })
      })
    ))

  it("interrupts the handler of a holder that learns that it lost it", () =>
    run(
      Effect.gen(function* () {
        const begun = yield* Deferred.make<void>()
        const interrupted = yield* Deferred.make<void>()
        const loser = yield* Effect.forkChild(
          Subscription.run({
            name: "lost",
            delivery: "atLeastOnce",
            lease: "150 millis",
            whenHeld: "fail",
            handler: () =>
              Effect.andThen(Deferred.succeed(begun, undefined), Effect.never).pipe(
                Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
              )
          })
        )
        yield* Deferred.await(begun)
        yield* rows(
          "update subscriptions set token = token + 1, holder = 'the next', expires_at = clock_timestamp() + interval '1 hour' where name = 'lost'"
        )
        yield* Deferred.await(interrupted)
        assert.strictEqual((yield* Effect.flip(Fiber.join(loser)))._tag, "SubscriptionHeld")
        // It gave back nothing that is not its own.
        assert.deepInclude(yield* Subscription.status("lost"), { running: true })
      })
    ))

  it("is not taken with a checkpoint that is not where its holder left it", () =>
    run(
      Effect.gen(function* () {
        const { positions } = yield* EventLog.use((log) => log.readAll({ limit: 2 }))
        let batches = 0
        // As after a failover to a server that lacks the last commits.
        const lose = rows(`update subscriptions set positions = '{${positions.join(",")}}' where name = 'failover'`)
        yield* catchUp("failover", {
          batchSize: 2,
          handler: (events) =>
            batches++ === 2 ? Effect.andThen(lose, Effect.fail("interrupted")) : see("failover")(events),
          delivery: "atLeastOnce"
        })
        const all = yield* everything
        assert.deepStrictEqual(yield* seenBy("failover"), [...all.slice(0, 4), ...all.slice(4, 6), ...all.slice(2)])
      })
    ))
})
