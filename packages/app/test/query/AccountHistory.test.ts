/** Timelines and series over every store, as they are known at every recording. */
import { EventStore } from "@pointback/adapters"
import { LotTimeline, RedemptionTimeline, Series, Zone } from "@pointback/domain"
import { Effect, Stream } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { adjustPoints } from "../../src/command/AdjustPoints.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { accountSeries, lotTimeline, redemptionTimeline } from "../../src/query/AccountHistory.ts"
import { aging } from "../../src/query/Aging.ts"
import { adjust, at, credit, lot, newAccount, program, redeemed, redemption } from "../support/Commands.ts"
import { implementations, worldFor } from "../support/World.ts"

describe.each(implementations)("the history of an account on %s", (implementation) => {
  const world = worldFor(implementation)
  const account = newAccount()
  const asOf = at("2026-02-15")

  const events = () =>
    world.run(
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        return yield* Stream.runCollect(store.readAccount((yield* store.find(program, account))!))
      })
    )

  beforeAll(async () => {
    await world.run(
      Effect.gen(function* () {
        yield* redeemed(account)
        yield* recordCredit(credit(account, "R1", "c1", "2026-01-20", "70"))
        // Recorded late: it was true before the redemption.
        yield* adjustPoints(adjust(account, "fix", "B", "3", "2025-11-15"))
        yield* recordCredit(credit(account, "R1", "c2", "2026-02-01"))
      })
    )
  })

  it("L11 two clocks: is what the facts up to each recording tell, fact by fact", async () => {
    const stored = await events()
    assert.strictEqual(stored.length, 6)
    for (const { recordedAt: knownAt } of stored.slice(2)) {
      const question = { program, account, asOf, knownAt }
      for (const lotId of [lot("A"), lot("B")]) {
        const told = await world.run(lotTimeline({ ...question, lotId }))
        assert.deepEqual(told.steps, LotTimeline.lotTimeline(lotId, stored, question)?.steps)
      }
      const redemptionId = redemption("R1")
      const told = await world.run(redemptionTimeline({ ...question, redemptionId }))
      const known = stored.filter(({ recordedAt }) => recordedAt <= knownAt)
      assert.deepEqual(told, RedemptionTimeline.redemptionTimeline(redemptionId, known, { asOf, knownAt })!)
    }
  })

  it("has the late fact where it was true, and only once it is known", async () => {
    const stored = await events()
    const tags = async (knownAt: bigint | null) =>
      (await world.run(lotTimeline({ program, account, asOf, knownAt, lotId: lot("B") }))).steps.map(
        ({ _tag, holds }) => `${_tag} ${holds / 10_000n}`
      )
    assert.deepEqual(await tags(stored[3]!.recordedAt), ["Earned 100", "Drawn 50", "Restored 100"])
    assert.deepEqual(await tags(null), ["Earned 100", "Adjusted 103", "Drawn 53", "Restored 103"])
  })

  it("is the account's aging at every instant of a series, on both clocks", async () => {
    const stored = await events()
    const instants = Series.instantsOf(Zone.UTC, at("2025-11-01"), asOf, "week")!
    for (const knownAt of [stored[3]!.recordedAt, null]) {
      const { points } = await world.run(accountSeries({ program, account, knownAt, basis: "to-expiry", instants }))
      assert.strictEqual(points.length, instants.length)
      for (const { at: instant, buckets, total } of points) {
        const question = { program, account, asOf: instant, basis: "to-expiry", knownAt } as const
        const answer = await world.run(aging(question))
        assert.deepEqual({ buckets, total }, { buckets: answer.buckets, total: answer.total })
      }
    }
  })
})
