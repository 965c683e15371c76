/** A database that goes away and comes back while an application lives on: its pool recovers by itself. */
import { Migrations, PostgresDatabase } from "@pointback/adapters"
import { creditRedemption } from "@pointback/app"
import { Effect, Redacted } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type CrashableServer, startCrashableServer } from "../../../adapters/test/support/PostgresServer.ts"
import { at, credit, newAccount, points, redeemed } from "../support/Commands.ts"
import { eventsOf } from "../support/Effects.ts"
import { answering, credited } from "../support/FakeMastercard.ts"
import { hostOn } from "../support/Host.ts"
import * as Order from "../support/Order.ts"
import * as Orders from "../support/Orders.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { Told } from "../support/Told.ts"

/** Accounts with commands in flight: twice the connections of a pool, so that some wait for one. */
const ACCOUNTS = 20

/** How many commands are answered before the server goes away. */
const ANSWERED = 100

/** How long Mastercard's answer waits for the database here; it would wait much longer. */
const OUTAGE_MS = 700

describe("a server that goes away", () => {
  let server: CrashableServer
  beforeAll(async () => {
    server = await startCrashableServer()
    const database = PostgresDatabase.layer({ url: Redacted.make(server.url) })
    await Effect.runPromise(Effect.provide(Migrations.migrate, database))
  })
  afterAll(() => server.stop())
  const host = hostOn(() => server.url, sandboxServer())

  const send = (orders: ReadonlyArray<Order.Order>, told: Told) =>
    host.run(
      Effect.forEach(
        orders,
        (order) => Effect.tap(Order.answer(order), (answer) => Effect.sync(() => told.hear(order, answer))),
        { concurrency: "unbounded" }
      )
    )

  describe.each(["kill", "stopImmediately"] as const)("by %s", (how) => {
    const program = `outage-${how}`

    it("says of every command what is known of it, and is used again once it is back", async () => {
      const accounts = Array.from({ length: ACCOUNTS }, () => ({ program, account: newAccount() }))
      const told = new Told()
      await send(
        accounts.map((account) => Orders.earn(account, "first", "1", "2025-01-10")),
        told
      )
      const orders: Array<Order.Order> = []
      let gone = false
      // Every account has a command under way at any moment, until the first moment after the server's end.
      const inFlight = accounts.map(async (account) => {
        for (let index = 0; !gone; index++) {
          const order = Orders.earn(account, `lot${index}`, "7", "2025-01-10")
          orders.push(order)
          await send([order], told)
        }
      })
      while (told.answers.length < ANSWERED) await sleep(1)
      await server[how]()
      gone = true
      await Promise.all(inFlight)
      assert.isAbove(told.failures("Unreachable") + told.unanswered.length, 0)

      // Nothing can be sent now, so it is certain that nothing has changed.
      const during = await send(orders.slice(0, ACCOUNTS), told)
      assert.deepStrictEqual(
        during.map((answer) => answer.told === "failed" && answer.tag),
        during.map(() => "Unreachable")
      )

      await server.start()
      const after = await send(orders, told)
      assert.deepStrictEqual(
        after.filter(({ told }) => told !== "done"),
        []
      )
      assert.deepStrictEqual(await host.contradictions(told, new Set(["Unreachable"])), [])
      assert.deepStrictEqual(await host.differences(null), [])
    })

    it("while Mastercard is asked: what it answered is recorded once the database is back", async () => {
      const account = newAccount()
      await host.run(redeemed(account))
      let back: Promise<void> | undefined
      const mastercard = answering(() =>
        Effect.promise(async () => {
          await server[how]()
          back = sleep(OUTAGE_MS).then(server.start)
          return credited({ remaining: "80" })
        })
      )
      const command = credit(account, "R1", "c1", "2025-12-24", "70")
      const outcome = await host.run(Effect.provide(creditRedemption(command), mastercard))
      await back
      assert.deepInclude(outcome, { outcome: "PartiallyCredited", points: points("70"), replayed: false })
      const events = await host.run(eventsOf({ program: command.program, account }))
      assert.deepStrictEqual(
        events.slice(-2).map(({ fact }) => [fact.event._tag, fact.occurredAt]),
        ["CreditRequested", "PartiallyCredited"].map((tag) => [tag, at("2025-12-24")])
      )
      assert.strictEqual(events.length, 5)
      assert.deepStrictEqual(await host.differences(command.program), [])
    })
  })
})
