/** Answers of the database get lost while commands are under way; who asks again under the same key is safe. */
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { newAccount } from "../support/Commands.ts"
import { serverDatabase } from "../support/Databases.ts"
import { dice, runSeed } from "../support/Dice.ts"
import { type Host, hostOn } from "../support/Host.ts"
import { losingProxy } from "../support/LosingProxy.ts"
import * as Order from "../support/Order.ts"
import * as Orders from "../support/Orders.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { Told } from "../support/Told.ts"
import { compare, disagreements } from "./Agreement.ts"
import { ground, knownRedemptions, load, programOf } from "./Load.ts"

/** Enough for dozens of commits, however many commands are committed together. */
const ORDERS = 800

/** Several times the connections of a pool: what waits for one gathers in batches. */
const IN_FLIGHT = 60

/** Commands on each of as many accounts as are in flight: again dozens of commits. */
const EACH = 40

/** The part of all answers that is lost on the way through the proxy. */
const LOST = 0.2

/** How often a caller asks that hears nothing, with a moment in between. */
const ATTEMPTS = 50

/** What callers are told and ask again after; a credit in flight of which nobody hears any more stays so. */
const FAILURES = new Set(["Unreachable", "CreditInFlight"])

const NOTHING_HEARD = (answer: Order.Answer): boolean =>
  answer.told === "lost" || (answer.told === "failed" && answer.tag === "Unreachable")

/** What goes wrong while orders are carried out, until it is over. */
type Trouble = (isOver: () => boolean, told: Told) => Promise<void>

/** Ends a connection that has a statement under way, if there is one. */
const TERMINATE_ACTIVE = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
  order by pid offset $1 limit 1`

const doneOf = (told: Told): number => told.answers.filter((answer) => answer.told === "done").length

/** Carries orders out as callers do that ask until they are told something. */
const insist = (orders: ReadonlyArray<Order.Order>, told: Told) =>
  Effect.forEach(
    orders,
    (order) =>
      Order.answer(order).pipe(
        Effect.tap((answer) => Effect.sync(() => told.hear(order, answer))),
        Effect.tap((answer) => (NOTHING_HEARD(answer) ? Effect.sleep("5 millis") : Effect.void)),
        Effect.repeat({ while: NOTHING_HEARD, times: ATTEMPTS })
      ),
    { concurrency: IN_FLIGHT, discard: true }
  )

describe("a lost answer", () => {
  const database = serverDatabase()
  const sandbox = sandboxServer()
  const proxy = losingProxy(database, dice(runSeed()))
  const host = hostOn(database, sandbox)
  const behindProxy = hostOn(proxy.url, sandbox)

  /** Runs orders from `sender` while something goes wrong; answers the keys whose callers at first heard nothing. */
  const under = async (
    orders: ReadonlyArray<Order.Order>,
    told: Told,
    sender: Host,
    trouble: Trouble
  ): Promise<ReadonlyArray<string>> => {
    let over = false
    const running = sender.run(insist(orders, told)).finally(() => (over = true))
    await Promise.all([trouble(() => over, told), running])
    assert.isFalse(Array.from(told.heard.values()).some(({ answers, lost }) => lost > 0 && answers.length === 0))
    const unheard = Array.from(told.heard).flatMap(([key, { lost }]) => (lost > 0 ? [key] : []))
    const done = unheard.filter((key) => told.wasDoneUntold(key))
    await host.repeat(told)
    assert.deepStrictEqual(await host.contradictions(told, FAILURES), [])
    assert.deepStrictEqual(await host.differences(null), [])
    assert.isAbove(unheard.length, 0)
    return done
  }

  /** The load of the crash tests, from one process. */
  const underLoad = async (round: number, sender: Host, trouble: Trouble) => {
    const told = new Told()
    await sandbox.knows(knownRedemptions(round))
    await host.inOrder(ground(round), told)
    const [orders = []] = load(round, dice(runSeed(), round), 1, ORDERS)
    const done = await under(orders, told, sender, trouble)
    const sides = await compare(host, sandbox, programOf(round), knownRedemptions(round))
    assert.deepStrictEqual(disagreements(sides), [])
    return done
  }

  it("of a backend that is terminated in the middle of a command", async () => {
    const random = dice(runSeed(), 1)
    await underLoad(0, host, (isOver, told) =>
      asAdministrator(database(), async (client) => {
        let next = 0
        while (!isOver()) {
          if (doneOf(told) >= next) {
            const terminated = await client.query(TERMINATE_ACTIVE, [random.below(3)])
            // Something is done before the next one: were every connection terminated at once, nobody would get through.
            if (terminated.rowCount === 1) next = doneOf(told) + random.between(1, 20)
          }
          await sleep(1)
        }
      })
    )
  })

  it("of a command that was committed before its connection broke", async () => {
    proxy.lose(LOST)
    const done = await underLoad(5, behindProxy, () => Promise.resolve())
    assert.isAbove(proxy.lost(), 0)
    // Otherwise every answer that got lost was one of a command that had not been committed.
    assert.isAbove(done.length, 0)
  })

  it("of a batch that was committed before its connection broke", async () => {
    const before = new Told()
    const accounts = Array.from({ length: IN_FLIGHT }, () => ({ program: "batches", account: newAccount() }))
    await host.inOrder(
      accounts.map((account) => Orders.earn(account, "first", "1", "2025-01-10")),
      before
    )
    const orders = Array.from({ length: EACH }, (_, index) =>
      accounts.map((account) => Orders.adjust(account, `a${index}`, "first", "1", "2025-01-11"))
    )
    proxy.lose(LOST)
    const done = await under(orders.flat(), before, behindProxy, () => Promise.resolve())
    assert.isAbove(done.length, 0)
  })
})
