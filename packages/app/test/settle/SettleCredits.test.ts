/** Settling: what Mastercard lists decides, what is not certain stays, and nothing is decided twice. */
import {
  type CreditAnswer,
  type CreditRequest,
  EventStore,
  type HistoryEntry,
  Mastercard,
  type MastercardError,
  MastercardOutcomeUnknown,
  MastercardRefused
} from "@pointback/adapters"
import { Fact, type Ids, Instant, Points } from "@pointback/domain"
import { Clock, Duration, Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { decideCredit } from "../../src/settle/DecideCredit.ts"
import { type SettleCredits, settleCredits } from "../../src/settle/SettleCredits.ts"
import type { SettleSettings } from "../../src/settle/SettleSettings.ts"
import { credit, creditId, newAccount, points, program, redeem, redeemed, redemption } from "../support/Commands.ts"
import { ahead } from "../support/Clocks.ts"
import * as FakeMastercard from "../support/FakeMastercard.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { implementations, worldFor } from "../support/World.ts"

/** Nothing takes any time, so that what is not listed is absent at once. */
const atOnce: SettleSettings = {
  longestProcessing: Duration.seconds(10),
  longestLag: Duration.seconds(-10),
  clockSkew: Duration.zero
}

const careful: SettleSettings = { ...atOnce, longestLag: Duration.hours(1) }

const everything: SettleCredits = { program, olderThan: Duration.seconds(-1) }

const nowText = Effect.map(Clock.currentTimeMillis, (millis) => Instant.toString(Instant.fromEpochMillis(millis)))

/** An entry of Mastercard's listing. */
const listed = (over: Partial<HistoryEntry>): HistoryEntry => ({
  kind: "credit",
  id: "900",
  points: "70",
  at: "2026-01-01T00:00:00Z",
  redemptionType: "MERCHANDISE",
  creditOf: "R1",
  ...over
})

const redemptionEntry = listed({ kind: "redemption", id: "R1", points: "150", creditOf: undefined })

/** A Mastercard whose calls are answered by the test, and whose listing has the redemption and these entries. */
const lists = (
  entries: Effect.Effect<ReadonlyArray<HistoryEntry>, MastercardError>,
  answer: (request: CreditRequest) => Effect.Effect<CreditAnswer, MastercardError> = () =>
    Effect.fail(FakeMastercard.unknownOutcome)
) =>
  Layer.mock(Mastercard, {
    credit: answer,
    redemptions: () => Effect.map(entries, (all) => [...all, redemptionEntry])
  })

const nothing = Effect.succeed([])

const streamOf = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  const store = yield* EventStore.EventStore
  const ref = (yield* store.find(program, account))!
  return yield* store.readStream({ account: ref, stream: Fact.redemptionStream(redemption("R1")) })
})

const tagsOf = (account: Ids.AccountNumber) =>
  Effect.map(streamOf(account), (events) => events.map(({ fact }) => fact.event._tag))

/** A credit of 70 points of which nobody knows what became; all others of the store are settled. */
const unknownCredit = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  yield* redeemed(account)
  const asked = creditRedemption(credit(account, "R1", "c1", "2025-12-24", "70"))
  return yield* Effect.provide(asked, FakeMastercard.silent)
})

const settleWith = (
  mastercard: Layer.Layer<Mastercard>,
  settings: SettleSettings = atOnce,
  over: Partial<SettleCredits> = {}
) => Effect.provide(settleCredits({ ...everything, ...over }, settings, { actor: "settler" }), mastercard)

describe.each(implementations)("settling on %s", (implementation) => {
  const world = worldFor(implementation)

  it("confirms what is listed, as it was planned, and books nothing a second time", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const found = lists(Effect.map(nowText, (at) => [listed({ at })]))
    const settled = await world.run(settleWith(found))
    assert.deepInclude(settled.credits[0], {
      account,
      creditId: creditId("c1"),
      result: "confirmed",
      points: points("70")
    })
    assert.deepStrictEqual(await world.run(settleWith(found)), { young: 0, credits: [] })
    const events = await world.run(streamOf(account))
    assert.deepStrictEqual(
      events.map(({ fact }) => fact.event._tag),
      ["Redeemed", "CreditRequested", "CreditOutcomeUnknown", "PartiallyCredited"]
    )
    const [, requested, , credited] = events
    assert.deepInclude(credited?.fact.event, {
      mastercard: null,
      settlement: { by: "history", reference: "900", reason: null }
    })
    assert.strictEqual(credited?.fact.occurredAt, requested?.fact.occurredAt)
    const { actor, causationId, correlationId, idempotencyKey } = credited!
    assert.deepStrictEqual([actor, correlationId], ["settler", requested?.correlationId])
    assert.deepStrictEqual([causationId, idempotencyKey], [requested?.eventId, requested?.eventId])
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("releases what certainly never happened; the same credit id answers so, and a new one works", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const settled = await world.run(settleWith(lists(nothing)))
    assert.deepInclude(settled.credits[0], { result: "released" })
    const again = creditRedemption(credit(account, "R1", "c1", "2025-12-24", "70"))
    const declined = await world.run(Effect.provide(again, Layer.mock(Mastercard, {})))
    assert.deepInclude(declined, { outcome: "CreditDeclined", replayed: true })
    assert.deepInclude(declined.reasons[0], { source: "pointback", reasonCode: "absent" })
    const other = await world.run(recordCredit(credit(account, "R1", "c2", "2025-12-24")))
    assert.deepInclude(other, { outcome: "FullyCredited", points: points("150") })
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("leaves what is too early to be known, says from when on it is, and marks what crashed", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    await world.run(
      Effect.provide(
        creditRedemption(credit(account, "R1", "c1", "2025-12-24", "70")),
        FakeMastercard.answering(() => Effect.die("killed"))
      ).pipe(Effect.exit)
    )
    const settled = await world.run(settleWith(lists(nothing), careful))
    const [left] = settled.credits
    assert.deepInclude(left, { result: "open", reason: "tooEarly" })
    assert.strictEqual(left!.certainFrom! - left!.requestedAt, 3_610_000_000n)
    await world.run(settleWith(lists(nothing), careful))
    const events = await world.run(streamOf(account))
    assert.deepStrictEqual(events.map(({ fact }) => fact.event).slice(1), [
      events[1]!.fact.event,
      { _tag: "CreditOutcomeUnknown", creditId: creditId("c1"), cause: "crash" }
    ])
    await world.run(settleWith(lists(nothing)))
  })

  it("leaves alone what was only just asked for", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const settled = await world.run(settleWith(lists(nothing), atOnce, { olderThan: Duration.minutes(1) }))
    assert.deepStrictEqual(settled, { young: 1, credits: [] })
    await world.run(settleWith(lists(nothing)))
  })

  it("asks once more for what certainly never happened, where that is wanted", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const asked: Array<unknown> = []
    const accepting = lists(nothing, (request) => {
      asked.push([request.redemptionId, request.userId, request.points])
      return Effect.succeed(FakeMastercard.credited({ remaining: "80" }))
    })
    const settled = await world.run(settleWith(accepting, atOnce, { absent: "repeat" }))
    assert.deepInclude(settled.credits[0], { result: "repeated" })
    assert.deepStrictEqual(asked, [["R1", account, points("70")]])
    const events = await world.run(streamOf(account))
    assert.deepStrictEqual(events.map(({ fact }) => fact.event._tag).slice(2), [
      "CreditOutcomeUnknown",
      "CreditDeclined",
      "CreditRequested",
      "PartiallyCredited"
    ])
    assert.strictEqual(events[4]!.fact.occurredAt, events[1]!.fact.occurredAt)
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("by many at once decides once, and asks Mastercard again once", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    let asked = 0
    const accepting = lists(nothing, () =>
      Effect.as(
        Effect.sync(() => asked++),
        FakeMastercard.credited({ remaining: "80" })
      )
    )
    const all = await world.run(
      Effect.all(
        Array.from({ length: 8 }, (_, i) =>
          settleWith(accepting, atOnce, { absent: i % 2 === 0 ? "repeat" : "release" })
        ),
        { concurrency: "unbounded" }
      )
    )
    const results = all.flatMap(({ credits }) => credits.map(({ result }) => result))
    const deciding = results.filter((result) => result === "repeated" || result === "released")
    assert.isAtLeast(deciding.length, 1)
    assert.isAtMost(asked, 1)
    const credits = (await world.run(streamOf(account))).filter(({ fact }) => fact.event._tag === "PartiallyCredited")
    assert.strictEqual(credits.length, asked)
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("leaves everything as it is where the listing cannot be read, or does not show the redemption", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const gone = new MastercardRefused({ call: "GET /redemptions", status: 404, reasons: [], body: "no such account" })
    const refused = Layer.mock(Mastercard, { redemptions: () => Effect.fail(gone) })
    const unreachable = await world.run(settleWith(refused))
    assert.deepInclude(unreachable.credits[0], { result: "open", reason: "unreachable" })
    assert.include(unreachable.credits[0]?.detail, "404")
    const empty = Layer.mock(Mastercard, { redemptions: () => Effect.succeed([]) })
    const unlisted = await world.run(settleWith(empty))
    assert.deepInclude(unlisted.credits[0], { result: "open", reason: "redemptionNotListed" })
    assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "CreditOutcomeUnknown"])
    await world.run(settleWith(lists(nothing)))
  })

  it("looks at all credits of the account where entries name no redemption", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    // The one entry is the credit of another redemption, which is known to have happened at that time.
    await world.run(redeemPoints(redeem(account, "R2", "50", "2025-12-02")))
    const accepting = FakeMastercard.answering(() => Effect.succeed(FakeMastercard.credited({ remaining: "0" })))
    await world.run(Effect.provide(creditRedemption(credit(account, "R2", "d1", "2025-12-24", "50")), accepting))
    const nameless = lists(Effect.map(nowText, (at) => [listed({ at, points: "50", creditOf: undefined })]))
    const settled = await world.run(settleWith(nameless))
    assert.deepInclude(settled.credits[0], { creditId: creditId("c1"), result: "released" })
  })
})

/** Two minutes later, when no call can be under way any more. */
const later2Minutes = <A, E, R>(effect: Effect.Effect<A, E, R>) => ahead(effect, () => 121_000)

/** Late enough for what another test recorded later, too. */
const later10Minutes = <A, E, R>(effect: Effect.Effect<A, E, R>) => ahead(effect, () => 600_000)

// Stores of their own: in memory, what is recorded by a clock that is ahead puts the partition's head ahead for all.
describe.each(implementations)("a person's decision on %s", (implementation) => {
  const world = worldFor(implementation)

  it("leaves two candidates to a person, who confirms by name and reason", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const two = lists(Effect.map(nowText, (at) => [listed({ at }), listed({ at, id: "901" })]))
    const settled = await world.run(settleWith(two))
    assert.deepInclude(settled.credits[0], { result: "open", reason: "ambiguous" })
    const person = { program, account, creditId: creditId("c1"), actor: "maria" as Ids.Actor, reason: "seen twice" }
    const early = await world.run(Effect.flip(decideCredit({ ...person, decision: "release" })))
    assert.strictEqual(early._tag, "CallMayBeUnderWay")
    assert.deepStrictEqual(await world.run(tagsOf(account)), ["Redeemed", "CreditRequested", "CreditOutcomeUnknown"])
    const later = later2Minutes(decideCredit({ ...person, decision: "confirm" }))
    const outcome = await world.run(later)
    assert.deepInclude(outcome, { outcome: "PartiallyCredited", remaining: points("80") })
    const [event] = (await world.run(streamOf(account))).slice(-1)
    assert.deepInclude(event?.fact.event, { settlement: { by: "person", reference: null, reason: "seen twice" } })
    assert.strictEqual(event?.actor, "maria")
    const twice = await world.run(Effect.flip(later2Minutes(decideCredit({ ...person, decision: "release" }))))
    assert.strictEqual(twice._tag, "NothingToDecide")
  })

  it("a person's release gives the points free, with the reason in the event", async () => {
    const account = newAccount()
    await world.run(unknownCredit(account))
    const person = { program, account, creditId: creditId("c1"), actor: "maria" as Ids.Actor, reason: "order kept" }
    const outcome = await world.run(later10Minutes(decideCredit({ ...person, decision: "release" })))
    assert.deepInclude(outcome, { outcome: "CreditDeclined" })
    assert.deepStrictEqual(outcome.reasons, [
      { source: "pointback", reasonCode: "released", description: "order kept" }
    ])
  })
})

describe("what the call itself comes to while others settle", () => {
  const world = worldFor("postgres")

  const while_ = (
    during: Effect.Effect<unknown, unknown, EventStore.EventStore>,
    then: Effect.Effect<CreditAnswer, MastercardError>
  ) =>
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      return FakeMastercard.answering(() =>
        Effect.andThen(Effect.orDie(Effect.provideService(during, EventStore.EventStore, store)), then)
      )
    })

  const ask = (account: Ids.AccountNumber) => creditRedemption(credit(account, "R1", "c1", "2025-12-24", "70"))

  it("a success is booked although somebody released its hold meanwhile", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const mastercard = await world.run(
      while_(settleWith(lists(nothing)), Effect.succeed(FakeMastercard.credited({ remaining: "80" })))
    )
    const outcome = await world.run(Effect.provide(ask(account), mastercard))
    assert.deepInclude(outcome, { outcome: "PartiallyCredited", points: points("70"), remaining: points("80") })
    assert.deepStrictEqual(await world.run(tagsOf(account)), [
      "Redeemed",
      "CreditRequested",
      "CreditDeclined",
      "PartiallyCredited"
    ])
    const again = await world.run(Effect.provide(ask(account), Layer.mock(Mastercard, {})))
    assert.deepInclude(again, { outcome: "PartiallyCredited", replayed: true })
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("a success is not booked twice where somebody confirmed it meanwhile", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const found = lists(Effect.map(nowText, (at) => [listed({ at })]))
    const mastercard = await world.run(
      while_(settleWith(found), Effect.succeed(FakeMastercard.credited({ remaining: "80" })))
    )
    const outcome = await world.run(Effect.provide(ask(account), mastercard))
    assert.deepInclude(outcome, { outcome: "PartiallyCredited", remaining: points("80") })
    assert.strictEqual((await world.run(tagsOf(account))).length, 3)
  })

  it("a time-out is answered by what somebody found out meanwhile", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const mastercard = await world.run(while_(settleWith(lists(nothing)), Effect.fail(FakeMastercard.unknownOutcome)))
    assert.deepInclude(await world.run(Effect.provide(ask(account), mastercard)), { outcome: "CreditDeclined" })
  })

  it("a success that says that more remains than can contradicts itself, and is held", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const wrong = FakeMastercard.answering(() => Effect.succeed(FakeMastercard.credited({ remaining: "80.0001" })))
    const outcome = await world.run(Effect.provide(ask(account), wrong))
    assert.deepInclude(outcome, { outcome: "CreditOutcomeUnknown", cause: "contradiction" })
    const [event] = (await world.run(streamOf(account))).slice(-1)
    assert.deepInclude(event?.fact.event, {
      mastercard: {
        pointBalance: "96173827.88",
        remaining: "80.0001",
        programName: "Pay With Points API",
        id: "5134720"
      }
    })
    await world.run(settleWith(lists(nothing)))
  })

  it("a request that could not be sent in time is not sent at all", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const slow = Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      let waited = 0
      const append: typeof store.append = (request) =>
        Effect.tap(store.append(request), () => Effect.sync(() => (waited = 31_000)))
      const asked = Effect.provide(ask(account), Layer.mock(Mastercard, {})).pipe(
        Effect.provideService(EventStore.EventStore, { ...store, append })
      )
      return yield* ahead(asked, () => waited)
    })
    const outcome = await world.run(slow)
    assert.deepInclude(outcome.reasons[0], { source: "pointback", reasonCode: "storedTooLongAgo" })
  })
})

describe("settling at the sandbox", () => {
  const world = worldFor("postgres")
  const sandbox = sandboxServer()

  it("finds a credit whose answer was lost, over the wire", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    await sandbox.knows([{ account, redemption: "R1", points: "150" }])
    const client = sandbox.client()
    const lost = Layer.effect(
      Mastercard,
      Effect.gen(function* () {
        const mastercard = yield* Mastercard
        const timeout = new MastercardOutcomeUnknown({
          call: "POST /redemptions/R1/credits",
          cause: "timeout",
          status: undefined,
          reasons: [],
          detail: ""
        })
        return { ...mastercard, credit: (request) => Effect.andThen(mastercard.credit(request), timeout) }
      })
    ).pipe(Layer.provide(client))
    const unknown = await world.run(
      Effect.provide(creditRedemption(credit(account, "R1", "c1", "2025-12-24", "70")), lost)
    )
    assert.strictEqual(unknown.outcome, "CreditOutcomeUnknown")
    const settled = await world.run(
      Effect.provide(settleCredits(everything, { ...careful, clockSkew: Duration.seconds(5) }), client)
    )
    assert.deepStrictEqual(
      settled.credits.map(({ creditId, result }) => [creditId, result]),
      [["c1", "confirmed"]]
    )
    assert.deepStrictEqual((await sandbox.credits()).get("R1")?.map(Points.toString), ["70"])
  })
})
