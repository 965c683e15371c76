/** Many commands at once on one account: the caps hold, whoever is refused is told why, and nothing is lost. */
import { type Ids, Points } from "@pointback/domain"
import { Effect, Result } from "effect"
import { assert, describe, it } from "vitest"
import { creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { aging } from "../../src/query/Aging.ts"
import { at, credit, earn, newAccount, points, program, redeem, redeemed } from "../support/Commands.ts"
import * as FakeMastercard from "../support/FakeMastercard.ts"
import { worldFor } from "../support/World.ts"

/** Commands that are sent at once: some times more than connections in a default pool. */
const AT_ONCE = 30

const numbers = Array.from({ length: AT_ONCE }, (_, index) => index)

/** Runs a command per number at once; what succeeded, and the names of the refusals. */
const atOnce = <A, E extends { readonly _tag: string }, R>(command: (index: number) => Effect.Effect<A, E, R>) =>
  Effect.map(
    Effect.forEach(numbers, (index) => Effect.result(command(index)), { concurrency: "unbounded" }),
    (results) => ({
      accepted: results.filter(Result.isSuccess).map(({ success }) => success),
      refusals: results.filter(Result.isFailure).map(({ failure }) => failure._tag)
    })
  )

const balance = (account: Ids.AccountNumber, when: string) =>
  Effect.map(aging({ program, account, asOf: at(when), basis: "age" }), ({ total }) => Points.toString(total))

describe.each(["pglite", "postgres"] as const)("%s", (implementation) => {
  const world = worldFor(implementation)

  it("L1 cap: of thirty credits of one redemption at once, as many are accepted as fit", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { accepted, refusals } = await world.run(
      atOnce((index) => recordCredit(credit(account, "R1", `c${index}`, "2025-12-24", "10")))
    )
    assert.strictEqual(accepted.length, 15)
    assert.isTrue(
      refusals.every((tag) => tag === "AlreadyFullyCredited"),
      refusals.join()
    )
    const remaining = accepted.map((outcome) => outcome.remaining).sort((a, b) => Number(a - b))
    assert.deepStrictEqual(
      remaining,
      numbers.slice(0, 15).map((index) => points(String(index * 10)))
    )
    assert.strictEqual(await world.run(balance(account, "2025-12-24")), "200")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("L1 cap: credits of different sizes at once never add up to more than was redeemed", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { accepted, refusals } = await world.run(
      atOnce((index) => recordCredit(credit(account, "R1", `c${index}`, "2025-12-24", String(index + 1))))
    )
    const sum = Points.sum(accepted.map((outcome) => outcome.points))
    const least = accepted.reduce((least, { remaining }) => Points.min(least, remaining), points("150"))
    assert.strictEqual(sum + least, points("150"))
    assert.isTrue(
      refusals.every((tag) => tag === "ExceedsRemaining" || tag === "AlreadyFullyCredited"),
      refusals.join()
    )
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("L2 lot cap: of thirty redemptions of one account at once, as many are accepted as it has points for", async () => {
    const account = newAccount()
    await world.run(earnPoints(earn(account, "A", "75", "2025-01-10")))
    await world.run(earnPoints(earn(account, "B", "125", "2025-03-10")))
    const { accepted, refusals } = await world.run(
      atOnce((index) => redeemPoints(redeem(account, `R${index}`, "10", "2025-12-01")))
    )
    assert.strictEqual(accepted.length, 20)
    assert.deepStrictEqual(new Set(refusals), new Set(["InsufficientPoints"]))
    assert.strictEqual(await world.run(balance(account, "2025-12-01")), "0")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("L8 idempotency: one command thirty times at once has one effect and one answer", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    const { accepted, refusals } = await world.run(
      atOnce(() => recordCredit(credit(account, "R1", "c1", "2025-12-24", "10")))
    )
    assert.deepStrictEqual(refusals, [])
    assert.strictEqual(accepted.filter(({ replayed }) => !replayed).length, 1)
    assert.isTrue(accepted.every(({ remaining }) => remaining === points("140")))
  })

  it("L8 idempotency: an account's first lot earned thirty times at once makes one account", async () => {
    const account = newAccount()
    const { accepted, refusals } = await world.run(atOnce(() => earnPoints(earn(account, "A", "5", "2025-01-10"))))
    assert.deepStrictEqual(refusals, [])
    assert.strictEqual(accepted.filter(({ replayed }) => !replayed).length, 1)
    assert.strictEqual(await world.run(balance(account, "2025-12-01")), "5")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("one credit of a redemption is in flight at a time", async () => {
    const account = newAccount()
    await world.run(redeemed(account))
    let flying = 0
    let most = 0
    const mastercard = FakeMastercard.answering(() =>
      Effect.acquireUseRelease(
        Effect.sync(() => (most = Math.max(most, ++flying))),
        () => Effect.as(Effect.sleep("5 millis"), FakeMastercard.credited()),
        () => Effect.sync(() => flying--)
      )
    )
    const { accepted, refusals } = await world.run(
      atOnce((index) => creditRedemption(credit(account, "R1", `c${index}`, "2025-12-24", "10"))).pipe(
        Effect.provide(mastercard)
      )
    )
    assert.strictEqual(most, 1)
    assert.isAtLeast(accepted.length, 1)
    assert.isTrue(
      refusals.every((tag) => tag === "CreditInFlight" || tag === "AlreadyFullyCredited"),
      refusals.join()
    )
    assert.deepStrictEqual(await world.differences(), [])
  })
})
