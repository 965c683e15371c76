/** An account whose number was replaced stays one account, whichever number it is called by. */
import { EventStore, Mastercard } from "@pointback/adapters"
import { Fact, type Ids } from "@pointback/domain"
import { Duration, Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import { aliasAccount } from "../../src/command/AliasAccount.ts"
import { creditRedemption } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { settleCredits } from "../../src/settle/SettleCredits.ts"
import { at, credit, earn, newAccount, program, redeem, redeemed } from "../support/Commands.ts"
import * as FakeMastercard from "../support/FakeMastercard.ts"
import { implementations, worldFor } from "../support/World.ts"

const alias = (account: Ids.AccountNumber, to: Ids.AccountNumber) =>
  aliasAccount({ program, account, newAccount: to, occurredAt: at("2025-12-10") }, { actor: "tester" })

const find = (number: Ids.AccountNumber) => EventStore.EventStore.use((store) => store.find(program, number))

describe.each(implementations)("an account's new number on %s", (implementation) => {
  const world = worldFor(implementation)

  it("finds the same account as the old one, for every command, and is asked for at Mastercard", async () => {
    const [old, replacement] = [newAccount(), newAccount()]
    await world.run(redeemed(old))
    assert.deepInclude(await world.run(alias(old, replacement)), { replayed: false })
    assert.deepStrictEqual(await world.run(find(replacement)), await world.run(find(old)))
    await world.run(earnPoints(earn(replacement, "C", "5", "2025-12-11")))
    assert.strictEqual((await world.run(redeemPoints(redeem(old, "R2", "55", "2025-12-12")))).balance, 0n)
    const asked: Array<string> = []
    const accepting = FakeMastercard.answering(({ replacedBy, userId }) =>
      Effect.sync(() => {
        asked.push(replacedBy ?? userId)
        return FakeMastercard.credited({ remaining: "0" })
      })
    )
    await world.run(Effect.provide(creditRedemption(credit(old, "R1", "c1", "2025-12-24")), accepting))
    await world.run(Effect.provide(creditRedemption(credit(replacement, "R2", "c2", "2025-12-24")), accepting))
    assert.deepStrictEqual(asked, [replacement, replacement])
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("is known once, by the account's own event, which does not carry it", async () => {
    const [old, replacement] = [newAccount(), newAccount()]
    await world.run(redeemed(old))
    await world.run(alias(old, replacement))
    assert.deepInclude(await world.run(alias(old, replacement)), { replayed: true })
    assert.deepInclude(await world.run(alias(replacement, replacement)), { replayed: true })
    const store = EventStore.EventStore
    const ref = (await world.run(find(old)))!
    const stream = await world.run(store.use((it) => it.readStream({ account: ref, stream: Fact.accountStream })))
    const aliased = stream.filter(({ fact }) => fact.event._tag === "AccountAliased")
    assert.strictEqual(aliased.length, 1)
    assert.notInclude(JSON.stringify(aliased[0]!.fact.event), replacement)
    assert.strictEqual(aliased[0]!.actor, "tester")
    assert.deepStrictEqual(await world.run(store.use((it) => it.numbersOf(ref))), [replacement, old])
  })

  it("that another account has is refused, and nothing changes", async () => {
    const [one, other] = [newAccount(), newAccount()]
    await world.run(redeemed(one))
    await world.run(redeemed(other))
    const before = await world.dump(one)
    const error = await world.run(Effect.flip(alias(one, other)))
    assert.strictEqual(error._tag, "NumberTaken")
    assert.deepStrictEqual(await world.dump(one), before)
    assert.strictEqual((await world.run(Effect.flip(alias(newAccount(), newAccount()))))._tag, "UnknownAccount")
  })

  it("is given once, whoever asks for it at the same time", async () => {
    const accounts = Array.from({ length: 6 }, newAccount)
    for (const account of accounts) await world.run(redeemed(account))
    const wanted = newAccount()
    const results = await world.run(
      Effect.all(
        accounts.map((account) => Effect.result(alias(account, wanted))),
        { concurrency: "unbounded" }
      )
    )
    const given = results.filter((result) => result._tag === "Success")
    assert.strictEqual(given.length, 1)
    for (const result of results) if (result._tag === "Failure") assert.strictEqual(result.failure._tag, "NumberTaken")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("is listed beside the old one where a credit is settled", async () => {
    const [old, replacement] = [newAccount(), newAccount()]
    await world.run(redeemed(old))
    await world.run(Effect.provide(creditRedemption(credit(old, "R1", "c1", "2025-12-24")), FakeMastercard.silent))
    await world.run(alias(old, replacement))
    const asked: Array<string> = []
    const listing = Layer.mock(Mastercard, {
      redemptions: ({ userId }) =>
        Effect.sync(() => {
          asked.push(userId)
          return []
        })
    })
    const settled = await world.run(
      Effect.provide(settleCredits({ program, olderThan: Duration.seconds(-1) }), listing)
    )
    const mine = settled.credits.find(({ account }) => account === replacement)
    assert.deepInclude(mine, { result: "open", reason: "redemptionNotListed" })
    assert.deepStrictEqual(asked, [replacement, old])
  })
})
