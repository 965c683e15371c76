/** The credit protocol: the real client against the real sandbox, against servers that misbehave, and interrupted. */
import { DatabaseError, EventStore, type Exchange, Mastercard, MastercardConfig, Sandbox } from "@pointback/adapters"
import { Fact, type Ids, Points, type RedemptionEvent } from "@pointback/domain"
import { Deferred, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { assert, describe, it } from "vitest"
import { answer, type Misbehaving, serve } from "../../../adapters/test/mastercard/misbehaving.ts"
import { CONSUMER_KEY, keys } from "../../../adapters/test/sandbox/world.ts"
import { type CreditRedemption, creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import {
  at,
  credit,
  creditId,
  earn,
  newAccount,
  points,
  program,
  redeem,
  redeemed,
  redemption
} from "../support/Commands.ts"
import * as FakeMastercard from "../support/FakeMastercard.ts"
import { worldFor } from "../support/World.ts"

const clientOf = (url: URL, limits: Partial<MastercardConfig.MastercardConfig> = {}) =>
  Mastercard.layer(
    MastercardConfig.make({
      url,
      consumerKey: Redacted.make(CONSUMER_KEY),
      signingKey: Redacted.make(keys.privateKey),
      ...limits
    })
  )

/** A sandbox that knows no account yet, and a client that calls it. */
const sandboxAndClient = Layer.provideMerge(
  Layer.unwrap(Effect.map(Sandbox, ({ url }) => clientOf(url))),
  Sandbox.layer({ consumerKey: Redacted.make(CONSUMER_KEY), publicKey: keys.publicKey })
)

/** Makes the account and redemption R1 of the reference scenario known to the sandbox. */
const knownThere = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  const sandbox = yield* Sandbox
  yield* sandbox.run({
    _tag: "PutAccount",
    userId: account,
    lots: [{ lotId: "there", earnedAt: at("2025-01-10"), expiresAt: undefined, points: points("200") }]
  })
  yield* sandbox.run({
    _tag: "PutRedemption",
    redemptionId: "R1",
    userId: account,
    redemptionType: "MERCHANDISE",
    points: points("150"),
    draws: undefined,
    at: at("2025-12-01")
  })
})

const bodyOf = (exchange: Exchange | undefined): Record<string, unknown> =>
  JSON.parse(exchange?.requestBody ?? "null") as Record<string, unknown>

/** The events of redemption R1, by name. */
const streamOf = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  const store = yield* EventStore.EventStore
  const ref = (yield* store.find(program, account))!
  return yield* store.readStream({ account: ref, stream: Fact.redemptionStream(redemption("R1")) })
})

const tagsOf = (account: Ids.AccountNumber) =>
  Effect.map(streamOf(account), (events) => events.map(({ fact }) => fact.event._tag))

const ask = (command: CreditRedemption) => creditRedemption(command, { actor: "tester" })

/** What a server does with a credit, and why nobody knows what became of it. */
const unknowns: ReadonlyArray<{
  readonly name: string
  readonly cause: RedemptionEvent.UnknownCause
  readonly onRequest: NonNullable<Parameters<typeof serve>[0]["onRequest"]>
}> = [
  { name: "fails", cause: "serverError", onRequest: (socket) => socket.end(answer(500, "{}")) },
  { name: "hangs up", cause: "connectionLost", onRequest: (socket) => socket.end() },
  { name: "resets the connection", cause: "connectionLost", onRequest: (socket) => socket.resetAndDestroy() },
  { name: "never answers", cause: "timeout", onRequest: () => {} },
  { name: "answers no JSON", cause: "unreadableAnswer", onRequest: (socket) => socket.end(answer(200, "<html>")) },
  { name: "says that it took too long", cause: "timeout", onRequest: (socket) => socket.end(answer(408, "{}")) }
]

/** A body that Mastercard would answer to a full credit, but for some members. */
const success = (over: object = {}) =>
  JSON.stringify({ pointBalance: 200, programName: "Pay With Points API", id: "5134720", ...over })

describe("a credit over Mastercard", () => {
  const world = worldFor("postgres")

  it("in full omits the amount and restores every lot", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { exchanges, outcome } = await world.run(
      Effect.gen(function* () {
        yield* knownThere(account)
        const outcome = yield* ask(credit(account, "R1", "c1", "2025-12-24"))
        return { outcome, exchanges: yield* (yield* Sandbox).exchanges }
      }).pipe(Effect.provide(sandboxAndClient))
    )
    assert.deepStrictEqual(bodyOf(exchanges[0]), {
      processedBy: "E078562",
      redemptionType: "MERCHANDISE",
      userId: account,
      userIdType: "RANAC"
    })
    assert.deepInclude(outcome, { outcome: "FullyCredited", live: points("150"), remaining: 0n, replayed: false })
    assert.deepInclude(outcome.mastercard, { pointBalance: "200", remaining: null })
    assert.deepStrictEqual(
      outcome.restorations.map(({ lotId }) => lotId),
      ["B", "A"]
    )
    assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "FullyCredited"])
  })

  it("in part asks for its amount, and in full afterwards for exactly what remains", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { exchanges, full, partial } = await world.run(
      Effect.gen(function* () {
        yield* knownThere(account)
        const partial = yield* ask(credit(account, "R1", "c1", "2026-01-20", "70.25"))
        const full = yield* ask(credit(account, "R1", "c2", "2026-02-01"))
        return { partial, full, exchanges: yield* (yield* Sandbox).exchanges }
      }).pipe(Effect.provide(sandboxAndClient))
    )
    assert.deepStrictEqual(
      exchanges.map((exchange) => bodyOf(exchange)["partialCreditPoints"]),
      [70.25, 79.75]
    )
    assert.deepInclude(partial, { outcome: "PartiallyCredited", remaining: points("79.75") })
    assert.deepInclude(partial.mastercard, { pointBalance: "120.25", remaining: "79.75" })
    assert.deepInclude(full, { outcome: "FullyCredited", remaining: 0n, expired: points("79.75") })
    assert.deepInclude(full.mastercard, { pointBalance: "200", remaining: "0" })
  })

  it("that Mastercard refuses is declined, holds nothing, and a new credit id works", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { again, declined, credited } = await world.run(
      Effect.gen(function* () {
        const declined = yield* ask(credit(account, "R1", "c1", "2025-12-24"))
        yield* knownThere(account)
        const again = yield* ask(credit(account, "R1", "c1", "2025-12-24"))
        return { declined, again, credited: yield* ask(credit(account, "R1", "c2", "2025-12-24")) }
      }).pipe(Effect.provide(sandboxAndClient))
    )
    assert.deepInclude(declined, { outcome: "CreditDeclined", points: 0n, remaining: points("150") })
    assert.deepStrictEqual(
      declined.reasons.map(({ reasonCode, source }) => [source, reasonCode]),
      [["digital-redemptions-api", "REDEMPTION_NOT_FOUND"]]
    )
    assert.deepStrictEqual(again, { ...declined, replayed: true })
    assert.strictEqual(credited.outcome, "FullyCredited")
    assert.deepStrictEqual(await world.run(tagsOf(account)), [
      "Redeemed",
      "CreditRequested",
      "CreditDeclined",
      "CreditRequested",
      "FullyCredited"
    ])
  })

  it("that never left is declined by ourselves", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const gone = await world.run(Effect.scoped(Effect.map(serve({}), ({ url }) => url)))
    const declined = await world.run(
      Effect.provide(ask(credit(account, "R1", "c1", "2025-12-24", "1")), clientOf(gone))
    )
    assert.strictEqual(declined.outcome, "CreditDeclined")
    assert.deepInclude(declined.reasons[0], { source: "pointback", reasonCode: "connectionRefused" })
    assert.strictEqual((await world.run(recordCredit(credit(account, "R1", "c2", "2025-12-24")))).points, points("150"))
  })

  describe.each(unknowns)("to a server that $name", ({ cause, onRequest }) => {
    it("has an unknown outcome: it holds its points, is never sent again, and keeps others out", async () => {
      const account = newAccount()
      await world.run(redeemed(account))
      const misbehaving = <A, E>(
        test: (server: Misbehaving) => Effect.Effect<A, E, Mastercard | EventStore.EventStore>
      ) =>
        Effect.gen(function* () {
          const server = yield* serve({ onRequest })
          const client = clientOf(server.url, { answerLimit: Duration.millis(300) })
          return yield* Effect.provide(test(server), client)
        }).pipe(Effect.scoped)
      await world.run(
        misbehaving((server) =>
          Effect.gen(function* () {
            const first = yield* ask(credit(account, "R1", "c1", "2025-12-24", "70"))
            assert.deepInclude(first, { outcome: "CreditOutcomeUnknown", cause, points: points("70"), live: 0n })
            assert.strictEqual(first.remaining, points("150"))
            const again = yield* ask(credit(account, "R1", "c1", "2025-12-24", "70"))
            assert.deepStrictEqual(again, { ...first, replayed: true })
            const second = yield* Effect.flip(ask(credit(account, "R1", "c2", "2025-12-24", "1")))
            assert.deepInclude(second, { _tag: "CreditInFlight", creditId: creditId("c1") })
            assert.strictEqual(server.requests.length, 1)
          })
        )
      )
      assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "CreditOutcomeUnknown"])
      assert.deepStrictEqual(await world.differences(), [])
    })
  })

  it("is stored before Mastercard is called, and no transaction is open meanwhile", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const seen: Array<unknown> = []
    const outcome = await world.run(
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const mastercard = FakeMastercard.answering(() =>
          Effect.gen(function* () {
            seen.push(yield* tagsOf(account))
            // Would wait for ever, or fail, if the account were locked.
            seen.push((yield* redeemPoints(redeem(account, "R2", "5", "2025-12-24"))).replayed)
            seen.push((yield* earnPoints(earn(account, "C", "5", "2025-12-24"))).replayed)
            return FakeMastercard.credited()
          }).pipe(Effect.provideService(EventStore.EventStore, store), Effect.orDie)
        )
        return yield* Effect.provide(ask(credit(account, "R1", "c1", "2025-12-24")), mastercard)
      })
    )
    assert.deepStrictEqual(seen, [["Redeemed", "CreditRequested"], false, false])
    assert.strictEqual(outcome.outcome, "FullyCredited")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("that is interrupted during the call stays requested, and its outcome is unknown", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const command = credit(account, "R1", "c1", "2025-12-24", "70")
    await world.run(
      Effect.gen(function* () {
        const called = yield* Deferred.make<void>()
        const mastercard = FakeMastercard.answering(() =>
          Effect.andThen(Deferred.succeed(called, undefined), Effect.never)
        )
        const fiber = yield* Effect.forkChild(Effect.provide(ask(command), mastercard))
        yield* Deferred.await(called)
        yield* Fiber.interrupt(fiber)
      })
    )
    assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested"])
    const nobody = Layer.mock(Mastercard, {})
    const again = await world.run(Effect.provide(ask(command), nobody))
    assert.deepInclude(again, {
      outcome: "CreditOutcomeUnknown",
      cause: "inFlight",
      points: points("70"),
      replayed: true
    })
    const second = await world.run(Effect.flip(recordCredit(credit(account, "R1", "c2", "2025-12-24"))))
    assert.strictEqual(second._tag, "CreditInFlight")
  })

  it.each(["before", "after"] as const)(
    "has its answer written down although the connection broke %s it was",
    async (when) => {
      const account = newAccount()
      await world.run(redeemed(account))
      const outcome = await world.run(
        Effect.gen(function* () {
          const store = yield* EventStore.EventStore
          let broken = 0
          const lost = new DatabaseError({ reason: { _tag: "Unreachable", outcomeUnknown: when === "after" } })
          const append: typeof store.append = (request) =>
            Effect.suspend(() => {
              if (request.facts[0]?.fact.event._tag !== "FullyCredited" || broken++ > 0) return store.append(request)
              return when === "after" ? Effect.andThen(store.append(request), lost) : lost
            })
          const mastercard = FakeMastercard.answering(() => Effect.succeed(FakeMastercard.credited()))
          return yield* ask(credit(account, "R1", "c1", "2025-12-24")).pipe(
            Effect.provide(mastercard),
            Effect.provideService(EventStore.EventStore, { ...store, append })
          )
        })
      )
      assert.deepInclude(outcome, { outcome: "FullyCredited", remaining: 0n, replayed: false })
      assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "FullyCredited"])
    }
  )

  it("has its answer written down also when nobody waits for it any more", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    await world.run(
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const recording = yield* Deferred.make<void>()
        const append: typeof store.append = (request) =>
          request.facts[0]?.fact.event._tag === "FullyCredited"
            ? Deferred.succeed(recording, undefined).pipe(
                Effect.andThen(Effect.sleep("20 millis")),
                Effect.andThen(store.append(request))
              )
            : store.append(request)
        const mastercard = FakeMastercard.answering(() => Effect.succeed(FakeMastercard.credited()))
        const asked = ask(credit(account, "R1", "c1", "2025-12-24")).pipe(
          Effect.provideService(EventStore.EventStore, { ...store, append }),
          Effect.provide(mastercard)
        )
        const fiber = yield* Effect.forkChild(asked)
        yield* Deferred.await(recording)
        yield* Fiber.interrupt(fiber)
      })
    )
    assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "FullyCredited"])
  })

  it("and its outcome belong together", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const mastercard = FakeMastercard.answering(() => Effect.succeed(FakeMastercard.credited()))
    await world.run(Effect.provide(ask(credit(account, "R1", "c1", "2025-12-24")), mastercard))
    const [, requested, credited] = await world.run(streamOf(account))
    assert.strictEqual(credited?.correlationId, requested?.correlationId)
    assert.strictEqual(credited?.causationId, requested?.eventId)
    assert.deepStrictEqual([requested?.actor, credited?.actor], ["tester", "tester"])
    assert.strictEqual(credited?.fact.occurredAt, requested?.fact.occurredAt)
  })

  it.each([
    ["a success", answer(200, success({ programName: "Pay\u0000With \ud83d Points" })), "FullyCredited"],
    [
      "a refusal",
      answer(
        400,
        JSON.stringify({
          Errors: { Error: [{ Source: "\u0000", ReasonCode: "X", Description: `${"x".repeat(499)}😀` }] }
        })
      ),
      "CreditDeclined"
    ]
  ])("is recorded whatever characters %s has", async (_name, text, expected) => {
    const account = newAccount()
    await world.run(redeemed(account))
    const outcome = await world.run(
      Effect.gen(function* () {
        const server = yield* serve({ onRequest: (socket) => socket.end(text) })
        return yield* Effect.provide(ask(credit(account, "R1", "c1", "2025-12-24")), clientOf(server.url))
      }).pipe(Effect.scoped)
    )
    assert.strictEqual(outcome.outcome, expected)
    assert.strictEqual((await world.run(tagsOf(account))).at(-1), expected)
  })

  it("keeps amounts of Mastercard's exactly as they came", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const balance = "9007199254740993.123456789"
    const body = success({ pointBalance: 0, partialCreditPointBalRemain: 80 }).replace(":0,", `:${balance},`)
    const outcome = await world.run(
      Effect.gen(function* () {
        const server = yield* serve({ onRequest: (socket) => socket.end(answer(200, body)) })
        return yield* Effect.provide(ask(credit(account, "R1", "c1", "2025-12-24", "70")), clientOf(server.url))
      }).pipe(Effect.scoped)
    )
    assert.deepInclude(outcome.mastercard, { pointBalance: balance, remaining: "80" })
    assert.strictEqual(Points.toString(outcome.remaining), "80")
  })

  it("of a redemption that Mastercard does not credit is refused before any call", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    await world.run(redeemPoints({ ...redeem(account, "R2", "5", "2025-12-02"), redemptionType: "CASHBACK" }))
    const nobody = Layer.mock(Mastercard, {})
    const refusal = await world.run(Effect.flip(Effect.provide(ask(credit(account, "R2", "c1", "2025-12-24")), nobody)))
    assert.strictEqual(refusal._tag, "RedemptionTypeNotCreditable")
  })
})
