/** Pointback in the program and the database of a host, whose connections are as unlike ours as they can be. */
import {
  Database,
  DatabaseError,
  EventStore,
  HostDatabase,
  Mastercard,
  Migrations,
  Stores,
  Verification
} from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { hostileHost, type Transact, TRANSACTIONS, transactionsOf } from "../../../adapters/test/support/HostileHost.ts"
import type { AnyStore } from "../../../adapters/test/support/StoresUnderTest.ts"
import { creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { sweepExpired } from "../../src/command/SweepExpired.ts"
import { at, credit, earn, newAccount, program, redeem, redeemed } from "../support/Commands.ts"

const SCHEMA = "loyalty_points"

const LOCK_TIMEOUT_MS = 1500

const host = hostileHost()
const options = { lockTimeout: LOCK_TIMEOUT_MS, connections: 4 }

const ways = {
  pool: (schema: string) => HostDatabase.layerPool({ ...options, pool: host.pool, schema }),
  kysely: (schema: string) => HostDatabase.layerKysely({ ...options, kysely: host.kysely, schema })
}

const runtimeFor = (way: keyof typeof ways, schema: string) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(ways[way](schema))))
    await runtime.runPromise(Migrations.migrate)
    await runtime.runPromise(Migrations.requireCurrent)
  })
  afterAll(() => runtime.dispose())
  return <A, E>(effect: Effect.Effect<A, E, AnyStore | Database>): Promise<A> => runtime.runPromise(effect)
}

const transactIn = (name: string): Transact => transactionsOf(host)[name] as Transact

const versionOf = Effect.fnUntraced(function* (account: Ids.AccountNumber) {
  const store = yield* EventStore.EventStore
  const asked = { program, account, lots: [], horizon: at("2025-01-01"), redemptions: [], keys: [] }
  return (yield* store.load(asked)).version
})

const reasonOf = (error: unknown) => (error instanceof DatabaseError ? error.reason : error)

/** A number for an order of the account. */
const orderOf = (account: Ids.AccountNumber): number => Number(account.slice(-6))

describe.each(["pool", "kysely"] as const)("over the host's %s", (way) => {
  const run = runtimeFor(way, SCHEMA)

  it("tells how the connections are used, as far as the host's pool can be read", async () => {
    const use = await run(Database.useSync((database) => database.poolUse()))
    assert.deepStrictEqual(
      use,
      way === "pool"
        ? {
            max: host.pool.options.max,
            waiting: 0,
            total: host.pool.totalCount,
            idle: host.pool.idleCount
          }
        : { max: options.connections, waiting: 0, total: null, idle: null }
    )
    if (way === "pool") assert.isAbove(use.total ?? 0, 0)
  })

  it("carries every command out, answers questions, and verifies", () =>
    run(
      Effect.gen(function* () {
        const account = newAccount()
        yield* redeemed(account)
        const first = yield* recordCredit(credit(account, "R1", "c1", "2026-01-20", "70"))
        assert.deepStrictEqual([first.live, first.expired, first.remaining], [500_000n, 200_000n, 800_000n])
        assert.isTrue((yield* recordCredit(credit(account, "R1", "c1", "2026-01-20", "70"))).replayed)
        yield* sweepExpired({ program, asOf: at("2026-12-31") })
        const { count, differences } = yield* Verification.verify(null)
        assert.deepStrictEqual([count, differences], [0, []])
      })
    ))

  it.each(TRANSACTIONS)("commits the host's rows and our events together, in %s", async (name) => {
    const account = newAccount()
    const id = orderOf(account)
    await run(redeemed(account))
    await transactIn(name)(async (trx, place) => {
      await place(id, account)
      await run(HostDatabase.inTransaction(trx)(recordCredit(credit(account, "R1", "c1", "2026-01-01", "20"))))
      // Nobody else sees it yet.
      assert.strictEqual(await run(versionOf(account)), 3)
    })
    assert.deepStrictEqual(await host.ordersOf(account), [id])
    assert.strictEqual(await run(versionOf(account)), 4)
  })

  it.each(TRANSACTIONS)("rolls both back together, in %s", async (name) => {
    const account = newAccount()
    const id = orderOf(account)
    await run(redeemed(account))
    const failed = await transactIn(name)(async (trx, place) => {
      await place(id, account)
      await run(HostDatabase.inTransaction(trx)(recordCredit(credit(account, "R1", "c1", "2026-01-01", "20"))))
      throw new Error("the host thinks better of it")
    }).catch((error: Error) => error.message)
    assert.strictEqual(failed, "the host thinks better of it")
    assert.deepStrictEqual(await host.ordersOf(account), [])
    assert.strictEqual(await run(versionOf(account)), 3)
    // The key is free: what was rolled back never was.
    const again = await run(recordCredit(credit(account, "R1", "c1", "2026-01-01", "20")))
    assert.isFalse(again.replayed)
  })

  it.each(TRANSACTIONS)("leaves the host's transaction as it was where a command fails, in %s", async (name) => {
    const account = newAccount()
    const id = orderOf(account)
    await run(redeemed(account))
    await transactIn(name)(async (trx, place) => {
      await place(id, account)
      const both = Effect.andThen(
        recordCredit(credit(account, "R1", "c1", "2026-01-01", "20")),
        recordCredit(credit(account, "R1", "c2", "2026-01-01", "9999"))
      )
      const outcome = await run(Effect.result(HostDatabase.inTransaction(trx)(both)))
      assert.isTrue(Result.isFailure(outcome))
    })
    assert.deepStrictEqual(await host.ordersOf(account), [id])
    assert.strictEqual(await run(versionOf(account)), 3)
  })

  it("sees in the host's transaction what it did before there", async () => {
    const account = newAccount()
    await transactIn("a client that has begun")(async (trx) => {
      await run(HostDatabase.inTransaction(trx)(earnPoints(earn(account, "A", "100", "2025-01-10"))))
      await run(HostDatabase.inTransaction(trx)(redeemPoints(redeem(account, "R1", "60", "2025-12-01"))))
    })
    assert.strictEqual(await run(versionOf(account)), 2)
  })
})

describe("two schemas in one database", () => {
  const run = runtimeFor("pool", SCHEMA)
  const runOther = runtimeFor("kysely", "other_points")

  it("know nothing of each other", async () => {
    const account = newAccount()
    await run(redeemed(account))
    assert.deepStrictEqual([await run(versionOf(account)), await runOther(versionOf(account))], [3, 0])
    await runOther(earnPoints(earn(account, "A", "1", "2025-01-10")))
    assert.deepStrictEqual([await run(versionOf(account)), await runOther(versionOf(account))], [3, 1])
    assert.strictEqual((await runOther(Verification.verify(null))).count, 0)
  })
})

describe("a host's transaction that stalls", () => {
  const run = runtimeFor("pool", SCHEMA)
  type Placed = readonly [account: ReturnType<typeof newAccount>, partition: number]

  /** Accounts with the reference scenario's redemption, by partition: two in each. */
  const placed = async (): Promise<ReadonlyMap<number, ReadonlyArray<Placed[0]>>> => {
    const found = new Map<number, Array<Placed[0]>>()
    while (found.size < 8 || Array.from(found.values()).some(({ length }) => length < 2)) {
      const account = newAccount()
      const partition = await run(
        Effect.gen(function* () {
          yield* redeemed(account)
          return (yield* (yield* EventStore.EventStore).find(program, account))?.partition as number
        })
      )
      found.set(partition, [...(found.get(partition) ?? []), account])
    }
    return found
  }

  const creditOf = (account: Placed[0], id: string) => recordCredit(credit(account, "R1", id, "2026-01-01", "1"))

  it("holds up its own partition, until the lock timeout, and no other", async () => {
    const accounts = await placed()
    const [held, ...others] = Array.from(accounts.keys()).sort((a, b) => a - b) as [number, ...Array<number>]
    const [mine, yours] = accounts.get(held) as [Placed[0], Placed[0]]
    const client = await host.pool.connect()
    try {
      await client.query("begin")
      await run(HostDatabase.inTransaction(client)(creditOf(mine, "stalled")))
      const begun = Date.now()
      const waiting = run(Effect.result(creditOf(yours, "waiting")))
      const beside = await run(
        Effect.forEach(
          others.flatMap((partition) => accounts.get(partition) ?? []),
          (account) => creditOf(account, "beside"),
          { concurrency: "unbounded" }
        )
      )
      const answered = Date.now() - begun
      assert.isTrue(beside.every(({ outcome }) => outcome === "PartiallyCredited"))
      // Those beside are answered at once: long before the lock timeout that the one behind runs into.
      assert.isBelow(answered, 1000)
      const behind = await waiting
      assert.isTrue(Result.isFailure(behind))
      const error = Result.isFailure(behind) ? behind.failure : undefined
      assert.deepStrictEqual(reasonOf(error), { _tag: "LockTimeout" })
      assert.isAtLeast(Date.now() - begun, 950)
    } finally {
      await client.query("commit")
      client.release()
    }
    assert.isFalse((await run(creditOf(yours, "waiting"))).replayed)
    assert.isTrue((await run(creditOf(mine, "stalled"))).replayed)
  })

  it("does not keep a lock timeout of ours, nor change one of its own", async () => {
    const account = newAccount()
    const client = await host.pool.connect()
    const setting = async () => {
      const found = await client.query<{ value: string }>("select current_setting('lock_timeout') as value")
      return found.rows[0]?.value
    }
    try {
      await client.query("begin")
      await client.query("set local lock_timeout = '77ms'")
      await run(HostDatabase.inTransaction(client)(earnPoints(earn(account, "A", "100", "2025-01-10"))))
      assert.strictEqual(await setting(), "77ms")
      await run(
        Effect.result(HostDatabase.inTransaction(client)(redeemPoints(redeem(account, "R1", "999", "2025-12-01"))))
      )
      assert.strictEqual(await setting(), "77ms")
      await client.query("commit")
      assert.strictEqual(await setting(), "0")
    } finally {
      client.release()
    }
  })

  it("never waits in a circle: what comes out of the order of partitions is told at once", async () => {
    const accounts = await placed()
    const [low, high] = Array.from(accounts.keys()).sort((a, b) => a - b) as [number, number]
    const [one, two] = [await host.pool.connect(), await host.pool.connect()]
    const inOne = HostDatabase.inTransaction(one)
    const inTwo = HostDatabase.inTransaction(two)
    try {
      await one.query("begin")
      await two.query("begin")
      await run(inOne(creditOf(accounts.get(low)?.[0] as Placed[0], "circle-1")))
      await run(inTwo(creditOf(accounts.get(high)?.[0] as Placed[0], "circle-1")))
      const begun = Date.now()
      const downward = await run(Effect.flip(inTwo(creditOf(accounts.get(low)?.[1] as Placed[0], "circle-2"))))
      assert.deepStrictEqual(reasonOf(downward), { _tag: "LockTimeout" })
      assert.isBelow(Date.now() - begun, 900)
      // The other one goes up, and may wait until the first has ended.
      const upward = run(inOne(creditOf(accounts.get(high)?.[1] as Placed[0], "circle-2")))
      await two.query("commit")
      assert.strictEqual((await upward).outcome, "PartiallyCredited")
      await one.query("commit")
      // A client's next transaction begins anew, below where the last one ended.
      await two.query("begin")
      await run(inTwo(creditOf(accounts.get(low)?.[1] as Placed[0], "circle-3")))
      await two.query("commit")
    } finally {
      one.release()
      two.release()
    }
  })

  it.each([
    ["an account", program],
    ["a program", Ids.ProgramId.make("made-by-the-host")]
  ])("does not hold up others by %s that it is making", async (_, program) => {
    const [account, ...others] = Array.from({ length: 30 }, newAccount) as [
      Ids.AccountNumber,
      ...Array<Ids.AccountNumber>
    ]
    const earning = (account: Ids.AccountNumber, lot: string, of = program) =>
      earnPoints({ ...earn(account, lot, "100", "2025-01-10"), program: of })
    const client = await host.pool.connect()
    try {
      await client.query("begin")
      await run(HostDatabase.inTransaction(client)(earning(account, "A")))
      const begun = Date.now()
      const rival = run(Effect.result(earning(account, "B")))
      const made = await run(
        Effect.forEach(others, (other) => Effect.result(earning(other, "A", Ids.ProgramId.make("program"))), {
          concurrency: "unbounded"
        })
      )
      // Those whose partition is the host's wait for it; the others do not, whatever their partition's other commands do.
      const waited = made.filter(Result.isFailure).map(({ failure }) => reasonOf(failure))
      assert.isBelow(waited.length, others.length / 2)
      waited.forEach((reason) => assert.deepStrictEqual(reason, { _tag: "LockTimeout" }))
      const lost = await rival
      if (Result.isFailure(lost)) assert.include(["AccountBusy", "DatabaseError"], lost.failure._tag)
      else assert.fail("the account was made twice")
      // Two waits for a lock, one after the other, if the rival met the host's own partition.
      assert.isBelow(Date.now() - begun, 3 * LOCK_TIMEOUT_MS + 3000)
    } finally {
      await client.query("commit")
      client.release()
    }
    assert.isFalse((await run(earning(account, "B"))).replayed)
  })
})

describe("what is handed in", () => {
  const run = runtimeFor("pool", SCHEMA)

  it("is no place to call Mastercard from", () =>
    transactIn("a client that has begun")(async (trx) => {
      const account = newAccount()
      await run(redeemed(account))
      const call = creditRedemption(credit(account, "R1", "c1", "2026-01-20"))
      const nobody = Effect.provideService(call, Mastercard, {} as Mastercard["Service"])
      assert.include(String(await run(Effect.exit(HostDatabase.inTransaction(trx)(nobody)))), "recordCredit may")
      assert.strictEqual(await run(versionOf(account)), 3)
    }))

  it("must be a transaction, and an open one", async () => {
    const earning = earnPoints(earn(newAccount(), "A", "100", "2025-01-10"))
    const client = await host.pool.connect()
    const closed = await run(Effect.flip(HostDatabase.inTransaction(client)(earning)))
    client.release()
    assert.deepStrictEqual(reasonOf(closed), {
      _tag: "Other",
      sqlState: "25P01"
    })
    const trx = await host.kysely.startTransaction().execute()
    await trx.commit().execute()
    const ended = await run(Effect.flip(HostDatabase.inTransaction(trx)(earning)))
    assert.deepStrictEqual(reasonOf(ended), { _tag: "Closed" })
    const noTransaction = await run(Effect.exit(Effect.suspend(() => HostDatabase.inTransaction(host.kysely)(earning))))
    assert.include(String(noTransaction), "a kysely transaction is expected")
  })
})
