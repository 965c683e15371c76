/**
 * Two hundred commands at once, from four processes that share a PostgreSQL: the caps hold, whoever is refused is told
 * why, nothing is lost and nothing happens twice.
 */
import { type Draw, Ids, type Restoration } from "@pointback/domain"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { aging } from "../../src/query/Aging.ts"
import { at, newAccount, points } from "../support/Commands.ts"
import { serverDatabase } from "../support/Databases.ts"
import { type Dice, dice, runSeed } from "../support/Dice.ts"
import { hostOn } from "../support/Host.ts"
import type { OfAccount, Order } from "../support/Order.ts"
import * as Orders from "../support/Orders.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { Told } from "../support/Told.ts"
import { startWorkers, type Worker } from "../support/Workers.ts"

/** Every round has new accounts and other dice. Two show that the tests work; fifty are the proof. */
const ROUNDS = Number(process.env["POINTBACK_CONCURRENCY_ROUNDS"] ?? "2")

const PROCESSES = 4

/** Commands of a round: all are in flight before the first is answered, as many from each process. */
const AT_ONCE = 200

/** A round takes a second or two where nothing else runs. */
const PATIENCE_MS = 60_000 + ROUNDS * 20_000

/** What may fail where all commands meet in one account: it is told by its name, and nothing was recorded. */
const CONTENTION = new Set(["AccountBusy"])

const NONE: ReadonlySet<string> = new Set()

const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, number) => number)

/** Orders, and those of each process: dealt out like cards. */
const dealt = (orders: ReadonlyArray<Order>): ReadonlyArray<ReadonlyArray<Order>> =>
  numbers(PROCESSES).map((hand) => orders.filter((_, place) => place % PROCESSES === hand))

interface Redeemed {
  readonly draws: ReadonlyArray<Pick<Draw.Draw, "lotId"> & { readonly points: string }>
}

interface Credited {
  readonly redemptionId: string
  readonly points: string
  readonly restorations: ReadonlyArray<Pick<Restoration.Restoration, "lotId"> & { readonly points: string }>
}

const sum = (parts: ReadonlyArray<{ readonly points: string }>): bigint =>
  parts.reduce((total, part) => total + BigInt(part.points), 0n)

describe("four processes on one PostgreSQL", () => {
  const database = serverDatabase()
  const sandbox = sandboxServer()
  const host = hostOn(database, sandbox)
  const start = startWorkers(database, sandbox.environment)
  let workers: ReadonlyArray<Worker> = []
  const counted = { commands: 0, AccountBusy: 0, CreditInFlight: 0 }

  beforeAll(async () => {
    workers = await Promise.all(numbers(PROCESSES).map(start))
    // Each opens its first connection, so that the first round is not that.
    await Promise.all(workers.map((worker) => worker.work([], { inFlight: 1, pause: 0 }).ended))
  })

  afterAll(async () => {
    const [found] = await host.run(
      rows<{ deadlocks: string }>("select deadlocks::text from pg_stat_database where datname = current_database()")
    )
    console.log(
      `concurrency: ${ROUNDS} rounds, ${JSON.stringify(counted)}, deadlocks in the database ${found?.deadlocks}`
    )
  })

  /** Runs a scenario in every round, in a program of its own, and verifies everything in the end. */
  const rounds =
    (name: string, scenario: (program: string, random: Dice, round: number) => Promise<void>) => async () => {
      for (const round of numbers(ROUNDS)) await scenario(`${name}-${round}`, dice(runSeed(), round), round)
      assert.deepStrictEqual(await host.differences(null), [])
    }

  const atOnce = async (hands: ReadonlyArray<ReadonlyArray<Order>>): Promise<Told> => {
    const told = new Told()
    const works = workers.map((worker, index) => worker.work(hands[index]!, { inFlight: AT_ONCE, pause: 0 }))
    await Promise.all(works.map(({ ended }) => ended))
    for (const work of works) told.add(work)
    assert.strictEqual(told.answers.length, hands.flat().length)
    counted.commands += told.answers.length
    counted.AccountBusy += told.failures("AccountBusy")
    counted.CreditInFlight += told.failures("CreditInFlight")
    return told
  }

  /** What was told is true, stays so when everything is sent again, and the program verifies. */
  const agreed = async (program: string, told: Told, before: Told, failures: ReadonlySet<string>): Promise<void> => {
    await host.repeat(told)
    const all = new Told()
    all.merge(before)
    all.merge(told)
    assert.deepStrictEqual(await host.contradictions(all, failures), [])
    assert.deepStrictEqual(await host.differences(program), [])
  }

  /** Records what a scenario begins with. */
  const given = async (orders: ReadonlyArray<Order>): Promise<Told> => {
    const told = new Told()
    await host.inOrder(orders, told)
    assert.isTrue(told.answers.every((answer) => answer.told === "done" && !answer.replayed))
    return told
  }

  /** What each lot of an account holds that holds anything. */
  const holdings = async (program: string, account: Ids.AccountNumber, when: string) => {
    const question = { program: Ids.ProgramId.make(program), account, asOf: at(when), basis: "age" } as const
    const { lots, total } = await host.run(aging(question))
    return { total, lots: new Map(lots.map(({ lotId, points: held }): [string, bigint] => [lotId, held])) }
  }

  /** A redemption R of 1000 points out of three lots. */
  const thousand = (of: OfAccount): ReadonlyArray<Order> => [
    Orders.earn(of, "A", "400", "2025-01-10", "2026-06-01"),
    Orders.earn(of, "B", "300", "2025-02-10", "2026-09-01"),
    Orders.earn(of, "C", "500", "2025-03-10"),
    Orders.redeem(of, "R", "1000", "2025-12-01")
  ]

  const creditsOfR = (of: OfAccount, amount: () => number): ReadonlyArray<Order> =>
    numbers(AT_ONCE).map((index) => Orders.credit(of, "R", `c${index}`, String(amount()), "2025-12-24"))

  const refusalsOf = (told: Told) =>
    Array.from(told.heard.values()).flatMap(({ answers, order }) => {
      const refused = answers.find((answer) => answer.told === "refused")
      return refused?.told === "refused" ? [{ order, tag: refused.tag }] : []
    })

  it(
    "L1 cap: of two hundred credits of one redemption, exactly as many are accepted as fit",
    { timeout: PATIENCE_MS },
    rounds("equal", async (program) => {
      const account = newAccount()
      const before = await given(thousand({ program, account }))
      const told = await atOnce(dealt(creditsOfR({ program, account }, () => 10)))
      await agreed(program, told, before, CONTENTION)
      const credited = told.outcomes<Credited>("credit")
      assert.strictEqual(credited.length, 100)
      assert.deepStrictEqual(
        refusalsOf(told).map(({ tag }) => tag),
        Array.from({ length: 100 }, () => "AlreadyFullyCredited")
      )
      // L2: what went back to each lot is what was drawn from it.
      const restored = (lot: string) =>
        sum(credited.flatMap(({ restorations }) => restorations.filter(({ lotId }) => lotId === lot)))
      assert.deepStrictEqual(["A", "B", "C"].map(restored), [points("400"), points("300"), points("300")])
      assert.strictEqual((await holdings(program, account, "2025-12-24")).total, points("1200"))
    })
  )

  it(
    "L1 cap: credits of different sizes never add up to more than was redeemed, and only what did not fit is refused",
    { timeout: PATIENCE_MS },
    rounds("mixed", async (program, random) => {
      const account = newAccount()
      const before = await given(thousand({ program, account }))
      const told = await atOnce(dealt(creditsOfR({ program, account }, () => random.between(1, 19))))
      await agreed(program, told, before, CONTENTION)
      const credited = sum(told.outcomes<Credited>("credit"))
      const { total } = await holdings(program, account, "2025-12-24")
      assert.strictEqual(total, points("200") + credited)
      const remaining = points("1000") - credited
      const refusals = refusalsOf(told)
      assert.strictEqual(told.outcomes("credit").length + refusals.length, AT_ONCE)
      for (const { order, tag } of refusals) {
        assert.isTrue(tag === "ExceedsRemaining" || tag === "AlreadyFullyCredited", tag)
        assert.isTrue(order.kind === "credit" && points(order.points!) > remaining)
      }
    })
  )

  it(
    "L2 lot cap: of redemptions, credits, adjustments and earnings of one account, every point is where its owner was told",
    { timeout: PATIENCE_MS },
    rounds("account", async (program, random) => {
      const account = newAccount()
      const lots = numbers(8).map((index) => `lot${index}`)
      const redemptions = numbers(4).map((index) => `R${index}`)
      const of = { program, account }
      const now = "2025-12-01"
      const before = await given([
        ...lots.map((lot, index) =>
          Orders.earn(of, lot, "100", "2025-01-10", index % 3 === 0 ? null : `2026-0${index + 1}-01`)
        ),
        ...redemptions.map((redemption) => Orders.redeem(of, redemption, "50", now))
      ])
      const amount = (most: number) => String(random.between(1, most))
      const kinds: ReadonlyArray<(index: number) => Order> = [
        (n) => Orders.redeem(of, `r${n}`, amount(40), now),
        (n) => Orders.adjust(of, `a${n}`, random.pick(lots), `-${amount(20)}`, now),
        (n) => Orders.adjust(of, `b${n}`, random.pick(lots), amount(9), now),
        (n) => Orders.credit(of, random.pick(redemptions), `c${n}`, random.happens(0.05) ? null : amount(9), now),
        (n) => Orders.earn(of, `new${n}`, amount(20), "2025-11-30", random.happens(0.5) ? "2026-04-01" : null)
      ]
      const told = await atOnce(dealt(numbers(AT_ONCE).map((index) => random.pick(kinds)(index))))
      await agreed(program, told, before, CONTENTION)

      const held = new Map<string, bigint>()
      const add = (lot: string, amount: bigint) => held.set(lot, (held.get(lot) ?? 0n) + amount)
      for (const { answers, order } of [...before.heard.values(), ...told.heard.values()]) {
        if (!answers.some((answer) => answer.told === "done")) continue
        if (order.kind === "earn" || order.kind === "adjust") add(order.lot, points(order.points))
      }
      const granted = new Map(held)
      for (const { draws } of [...before.outcomes<Redeemed>("redeem"), ...told.outcomes<Redeemed>("redeem")]) {
        for (const draw of draws) add(draw.lotId, -BigInt(draw.points))
      }
      const credits = told.outcomes<Credited>("credit")
      for (const { restorations } of credits) for (const part of restorations) add(part.lotId, BigInt(part.points))
      for (const [lot, amount] of held) assert.isTrue(amount >= 0n && amount <= granted.get(lot)!, lot)
      for (const redemption of redemptions) {
        assert.isTrue(sum(credits.filter(({ redemptionId }) => redemptionId === redemption)) <= points("50"))
      }
      assert.deepStrictEqual(
        (await holdings(program, account, "2025-12-01")).lots,
        new Map(Array.from(held).filter(([, amount]) => amount > 0n))
      )
    })
  )

  it(
    "on many accounts, the new ones of a new program among them, nobody is in anybody's way",
    { timeout: PATIENCE_MS },
    rounds("many", async (program, random, round) => {
      const old = `${program}-old`
      const known = numbers(25).map(() => newAccount())
      const fresh = numbers(50).map(() => newAccount())
      const before = await given(known.flatMap((account) => thousand({ program: old, account })))
      const orders = [
        ...known.flatMap((account) => {
          const of = { program: old, account }
          return [
            Orders.earn(of, "D", "7", "2025-11-01"),
            Orders.redeem(of, "S", "50", "2025-12-01"),
            Orders.credit(of, "R", "c1", "70", "2025-12-01"),
            Orders.adjust(of, "a1", "C", "-5", "2025-12-01")
          ]
        }),
        // Nothing was ever heard of the program: one of these makes it, and one of each pair its account.
        ...fresh.flatMap((account) =>
          ["A", "B"].map((lot) => Orders.earn({ program, account }, lot, "10", "2025-11-01"))
        )
      ]
      const told = await atOnce(dealt(random.shuffled(orders)))
      assert.deepStrictEqual(
        told.answers.filter((answer) => answer.told !== "done" || answer.replayed),
        []
      )
      await agreed(old, told, before, NONE)
      assert.deepStrictEqual(await host.differences(program), [])
      const question = { program: Ids.ProgramId.make(program), account: null, asOf: at("2025-12-01") } as const
      const { lots, total } = await host.run(aging({ ...question, basis: "age", withLots: true }))
      assert.deepStrictEqual([lots.length, total], [100, points("1000")], `round ${round}`)
    })
  )

  it(
    "L8 idempotency: what every process sends under the same keys has one effect and one answer",
    { timeout: PATIENCE_MS },
    rounds("same", async (program, random) => {
      const accounts = numbers(5).map(() => newAccount())
      const before = await given(accounts.flatMap((account) => thousand({ program, account })))
      const orders = accounts.flatMap((account) => {
        const of = { program, account }
        const unheardOf = { program, account: `${account}-new` }
        return [
          Orders.credit(of, "R", "c1", "600", "2025-12-24"),
          // Only one of these two fits.
          Orders.credit(of, "R", "c2", "600", "2025-12-24"),
          Orders.credit(of, "nowhere", "c3", "1", "2025-12-24"),
          Orders.adjust(of, "a1", "C", "5", "2025-12-24"),
          Orders.adjust(of, "a2", "A", "-100000", "2025-12-24"),
          Orders.redeem(of, "S", "20", "2025-12-24"),
          Orders.redeem(of, "T", "100000", "2025-12-24"),
          Orders.earn(of, "D", "7", "2025-11-01"),
          Orders.earn(unheardOf, "A", "7", "2025-11-01"),
          Orders.earn(unheardOf, "B", "7", "2025-11-01")
        ]
      })
      const told = await atOnce(numbers(PROCESSES).map(() => random.shuffled(orders)))
      await agreed(program, told, before, CONTENTION)
      const { lots } = await holdings(program, accounts[0]!, "2025-12-24")
      assert.strictEqual(lots.get("D"), points("7"))
      // By account: one of the first two credits, one adjustment, one redemption, three lots.
      const done = Array.from(told.heard.values()).filter(({ answers }) => answers.some(({ told }) => told === "done"))
      assert.strictEqual(done.length, 6 * accounts.length)
    })
  )

  it(
    "L1 cap: credits that ask Mastercard go one by one on each redemption, and both sides have the same in the end",
    { timeout: PATIENCE_MS },
    rounds("mastercard", async (program, random, round) => {
      const accounts = numbers(20).map(() => newAccount())
      const redemptionOf = (account: string) => `M-${round}-${account}`
      await sandbox.knows(accounts.map((account) => ({ account, redemption: redemptionOf(account), points: "50" })))
      const before = await given(
        accounts.flatMap((account) => [
          Orders.earn({ program, account }, "A", "60", "2025-01-10"),
          Orders.redeem({ program, account }, redemptionOf(account), "50", "2025-12-01")
        ])
      )
      const orders = accounts.flatMap((account) =>
        numbers(AT_ONCE / accounts.length).map((index) =>
          Orders.credit({ program, account }, redemptionOf(account), `c${index}`, "10", "2025-12-24", "mastercard")
        )
      )
      const told = await atOnce(dealt(random.shuffled(orders)))
      await agreed(program, told, before, new Set([...CONTENTION, "CreditInFlight"]))
      // Whoever met another credit in flight has asked again by now.
      const carriedOut = await sandbox.credits()
      for (const account of accounts) {
        assert.deepStrictEqual(
          carriedOut.get(redemptionOf(account)),
          [1, 2, 3, 4, 5].map(() => points("10"))
        )
      }
      assert.strictEqual(told.outcomes("credit").length, 5 * accounts.length)
    })
  )
})
