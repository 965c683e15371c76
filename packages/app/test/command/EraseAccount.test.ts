/** An erasure beside credits: none is left in flight in an account without a number. */
import { type Database, type Mastercard, Stores, Verification } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../../../adapters/test/support/StoresUnderTest.ts"
import { aliasAccount } from "../../src/command/AliasAccount.ts"
import { creditRedemption } from "../../src/command/CreditRedemption.ts"
import { eraseAccount } from "../../src/command/EraseAccount.ts"
import { at, credit, newAccount, program, redeemed } from "../support/Commands.ts"
import { answering, credited, silent } from "../support/FakeMastercard.ts"

const erase = (account: Ids.AccountNumber) =>
  eraseAccount({ program, account, actor: Ids.Actor.make("dpo"), reason: "asked for" })

type Runtime = ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>

/** Runtimes that share a database, as processes do. */
const processes = (count: number): (() => ReadonlyArray<Runtime>) => {
  let runtimes: ReadonlyArray<Runtime> = []
  beforeAll(async () => {
    const database = await databaseLayer("postgres")
    runtimes = Array.from({ length: count }, () => ManagedRuntime.make(Layer.provideMerge(Stores.layer, database)))
  })
  afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())))
  return () => runtimes
}

/** Accounts with 150 points redeemed as R1. */
const withRedemption = (runtime: Runtime) => {
  const account = newAccount()
  return runtime.runPromise(Effect.as(redeemed(account), account))
}

describe("an erasure", () => {
  const runtimes = processes(2)
  const ask = (account: Ids.AccountNumber, mastercard: Layer.Layer<Mastercard>) =>
    Effect.provide(creditRedemption(credit(account, "R1", "c1", "2025-12-24", "10")), mastercard)

  it("is refused while the outcome of a credit is not known", async () => {
    const [runtime] = runtimes() as [Runtime]
    const account = await withRedemption(runtime)
    const refusal = await runtime.runPromise(Effect.andThen(ask(account, silent), Effect.flip(erase(account))))
    assert.deepInclude(refusal as object, { _tag: "CreditInFlight", redemptionId: "R1", creditId: "c1" })
  })

  it("leaves an account that Mastercard is asked nothing for, by its key either", async () => {
    const [runtime] = runtimes() as [Runtime]
    const account = await withRedemption(runtime)
    const uncalled = answering(() => Effect.die("nobody may be called"))
    const { account: key } = await runtime.runPromise(erase(account))
    for (const name of [account, Ids.AccountNumber.make(key)]) {
      const failure = await runtime.runPromise(Effect.flip(ask(name, uncalled)))
      assert.strictEqual(failure._tag, "UnknownAccount")
    }
  })

  it("forgets every number of an account, and gives it no further one", async () => {
    const [runtime] = runtimes() as [Runtime]
    const account = await withRedemption(runtime)
    const alias = (from: Ids.AccountNumber, to: Ids.AccountNumber) =>
      aliasAccount({ program, account: from, newAccount: to, occurredAt: at("2025-12-10") })
    const replacement = newAccount()
    await runtime.runPromise(alias(account, replacement))
    const { account: key } = await runtime.runPromise(erase(replacement))
    for (const number of [account, replacement, Ids.AccountNumber.make(key)]) {
      const failure = await runtime.runPromise(Effect.flip(alias(number, newAccount())))
      assert.strictEqual(failure._tag, "UnknownAccount")
    }
    assert.deepStrictEqual((await runtime.runPromise(Verification.verify(null))).differences, [])
  })

  it("and credits of other processes at the same moment leave nothing in flight without a number", async () => {
    const [one, other] = runtimes() as [Runtime, Runtime]
    const answers = answering(() => Effect.delay(Effect.succeed(credited({ remaining: "140" })), "1 millis"))
    for (let round = 0; round < 25; round++) {
      const account = await withRedemption(one)
      const told = await Promise.all([
        one.runPromise(Effect.result(ask(account, answers))),
        other.runPromise(Effect.result(Effect.delay(erase(account), `${round % 6} millis`)))
      ])
      const [crediting, erasing] = told.map((each) => (each._tag === "Success" ? "done" : each.failure._tag))
      assert.include(["done", "UnknownAccount"], crediting)
      assert.include(["done", "CreditInFlight"], erasing)
    }
    const nameless = await one.runPromise(
      rows(
        "select from redemptions r where pending > 0 and not exists (select from account_numbers n where n.account_key = r.account_key)"
      )
    )
    assert.deepStrictEqual(nameless, [])
    assert.deepStrictEqual((await one.runPromise(Verification.verify(null))).differences, [])
  })
})
