/**
 * What the databases answer about the past is what the folds of the domain answer from the same events, for generated
 * histories and for pairs of clocks: when it was true, and by when it was recorded.
 */
import { Aging, Entry, Ids, Instant, Months, Policy, Zone } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import fc from "fast-check"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ZONES } from "../../../domain/test/support/History.ts"
import { AgingStore, type AgingQuestion } from "../../src/aging/AgingStore.ts"
import type { Database } from "../../src/database/Database.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { EventLog } from "../../src/log/EventLog.ts"
import * as MemoryAging from "../../src/memory/MemoryAging.ts"
import * as Stores from "../../src/Stores.ts"
import { histories, program, writeHistories } from "../support/Histories.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

/** Accounts of each database: as many histories. */
const ACCOUNTS = Number(process.env["POINTBACK_ORACLE_ACCOUNTS"] ?? 30)

/** Pairs of clocks for each question. */
const PAIRS = Number(process.env["POINTBACK_ORACLE_PAIRS"] ?? 40)

/** Half of the histories extend what returns to expired lots, half expire it at once. */
const FATES: ReadonlyArray<Policy.ExpiredLots> = [{ _tag: "Extend", days: 30 }, { _tag: "Expire" }]

/** The same events as the database has, answered by folds. */
const oracleOf = Effect.gen(function* () {
  const store = yield* EventStore
  const log = yield* EventLog
  const accounts = yield* Effect.forEach(histories(ACCOUNTS, SEED, FATES), ([number]) =>
    Effect.gen(function* () {
      const ref = yield* store.find(program, Ids.AccountNumber.make(number))
      if (ref === null) throw new Error(`no account ${number}`)
      return { ref, number, events: yield* Stream.runCollect(store.readAccount(ref)) }
    })
  )
  const heads = yield* log.heads
  return {
    accounts,
    oracle: MemoryAging.make({
      knowsProgram: (name) => name === program,
      policyKnownAt: () => Policy.initial,
      account: (_, number) => accounts.find((account) => account.number === number),
      accounts: (name) => (name === null || name === program ? accounts : []),
      heads: heads.map(({ position, recordedAt }) => ({ position, recordedAt: recordedAt ?? 0n })),
      safe: () => null
    })
  }
})

const SEED = fc.sample(fc.integer(), { numRuns: 1, seed: fc.readConfigureGlobal().seed ?? 1 })[0] as number

const zones = fc.constantFrom(...ZONES).map((name) => Zone.Zone.make(name))

/** Anything up to two days beside an instant; mostly nothing. */
const beside = fc.constantFrom(0n, 0n, -1n, 1n, 3_600_000_000n, -2n * Instant.MICROS_PER_DAY)

describe.each(["pglite", "postgres"] as const)("questions about the past on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  let world: Effect.Success<typeof oracleOf>
  let trueAt: ReadonlyArray<bigint>
  let knownAt: ReadonlyArray<bigint>

  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
    await runtime.runPromise(writeHistories(ACCOUNTS, SEED, FATES))
    world = await runtime.runPromise(oracleOf)
    const events = world.accounts.flatMap((account) => account.events)
    const ends = events.flatMap(({ fact: { event } }) =>
      event._tag === "PointsEarned" && event.expiresAt !== null ? [event.expiresAt] : []
    )
    trueAt = [...events.map(({ fact }) => fact.occurredAt), ...ends]
    knownAt = events.map(({ recordedAt }) => recordedAt)
    assert.isAbove(events.length, ACCOUNTS * 5)
    // Nothing is proved of what does not occur.
    const fates = new Set(
      events.flatMap(({ fact: { event } }) =>
        "restorations" in event ? event.restorations.map(({ fate }) => fate) : []
      )
    )
    assert.deepStrictEqual(Array.from(fates).sort(), ["expired", "extended", "live"])
  }, 120_000)
  afterAll(() => runtime.dispose())

  const instants = fc.tuple(fc.nat(), beside).map(([index, away]) => trueAt[index % trueAt.length]! + away)
  const recordings = fc.tuple(fc.nat(), beside).map(([index, away]) => knownAt[index % knownAt.length]! + away)
  const accounts = fc.nat().map((index) => world.accounts[index % ACCOUNTS]!)
  const question = fc.record({
    program: fc.constant(program),
    account: fc.option(accounts.map(({ ref }) => ref)),
    asOf: instants,
    knownAt: fc.option(recordings, { freq: 4 })
  })

  type Store = AgingStore["Service"]
  /** Asks both, and holds the one against the other; answers how much there was to compare. */
  const same = async <A>(ask: (store: Store) => Effect.Effect<A, unknown>, of: (answer: A) => unknown = (a) => a) => {
    const [answer, expected] = [
      await runtime.runPromise(AgingStore.use(ask)),
      await Effect.runPromise(ask(world.oracle))
    ]
    assert.deepStrictEqual(of(answer), of(expected))
    return expected
  }

  /** Runs a property; something must have been there to compare in every tenth of its runs. */
  const holds = async <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<number>) => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(arbitrary, async (value) => {
        if ((await check(value)) > 0) compared += 1
      }),
      { numRuns: PAIRS }
    )
    assert.isAbove(compared, PAIRS / 10)
  }

  it("L11 two clocks: live lots, of an account and of a program", async () => {
    await holds(question, async (asked: AgingQuestion) => (await same((store) => store.lots(asked))).length)
  })

  it("L11 two clocks: an account's lots by the function that looks them up", async () => {
    await holds(fc.tuple(question, accounts), async ([asked, { number }]) => {
      const account = Ids.AccountNumber.make(number)
      const answer = await same(
        (store) => store.accountLots({ ...asked, account }),
        ({ account: ref, lots, programKnown }) => ({ ref, lots, programKnown })
      )
      return answer.lots.length
    })
  })

  it("L11 two clocks: a program's buckets, by age and by time to expiry", async () => {
    const policies = fc.record({ zone: zones, agingBoundaries: fc.constantFrom([30, 60, 90, 180, 365], [1, 5], [33]) })
    await holds(fc.tuple(question, policies, fc.constantFrom("age", "to-expiry")), async ([asked, policy, basis]) => {
      const { agingBoundaries } = policy
      const names = Aging.bucketNames(agingBoundaries, basis)
      const segments = Aging.segments(asked.asOf, basis, policy)
      const answer = await same((store) => store.buckets({ ...asked, basis, segments, names }))
      const lots = await Effect.runPromise(world.oracle.lots({ ...asked, account: null }))
      assert.deepStrictEqual(answer, Aging.bucketed(lots, asked.asOf, basis, policy))
      return lots.length
    })
  })

  it("L11 two clocks: what expires when", async () => {
    const key = ({ expiresAt }: { readonly expiresAt: bigint | null }) => String(expiresAt)
    await holds(question, async (asked) => {
      const expected = new Map<string, { points: bigint; lots: number; restored: bigint }>()
      for (const one of await Effect.runPromise(world.oracle.expiring(asked))) {
        const before = expected.get(key(one)) ?? { points: 0n, lots: 0, restored: 0n }
        expected.set(key(one), {
          points: before.points + one.points,
          lots: before.lots + one.lots,
          restored: before.restored + one.restored
        })
      }
      const answer = await runtime.runPromise(AgingStore.use((store) => store.expiring(asked)))
      const found = answer.map(({ expiresAt, ...rest }) => [String(expiresAt), rest] as const)
      assert.strictEqual(found.length, expected.size)
      assert.deepStrictEqual(new Map(found), expected)
      return found.length
    })
  })

  it("L11 two clocks, L5 conservation: the cells of a roll-forward, by month and cohort", async () => {
    const spans = fc.record({
      zone: zones,
      from: instants,
      length: fc.bigInt({ min: 1n, max: 500n * Instant.MICROS_PER_DAY }),
      withCohorts: fc.boolean()
    })
    const added = (cells: ReadonlyArray<{ cohort: string; period: number | null; column: string; points: bigint }>) => {
      const sums = new Map<string, bigint>()
      for (const { cohort, column, period, points } of cells) {
        const name = `${cohort} ${period} ${column}`
        sums.set(name, (sums.get(name) ?? 0n) + points)
      }
      return Array.from(sums)
        .filter(([, points]) => points !== 0n)
        .sort(([a], [b]) => (a < b ? -1 : 1))
    }
    await holds(
      fc.tuple(question, spans),
      async ([{ account, knownAt, program }, { from, length, withCohorts, zone }]) => {
        const periods = Months.months(zone, from, from + length)
        const cells = await same(
          (store) => store.cells({ program, account, knownAt, periods, zone, withCohorts }),
          added
        )
        return cells.length
      }
    )
  })

  it("L11 two clocks: lines of the ledger, with their events", async () => {
    const spans = fc.record({
      from: instants,
      length: fc.bigInt({ min: 1n, max: 200n * Instant.MICROS_PER_DAY }),
      columns: fc.oneof(fc.constant(Entry.COLUMNS), fc.subarray([...Entry.COLUMNS], { minLength: 1 })),
      learnedAfter: fc.option(recordings, { freq: 2 })
    })
    await holds(
      fc.tuple(question, spans),
      async ([{ account, knownAt, program }, { columns, from, learnedAfter, length }]) => {
        const asked = { program, account, knownAt, from, to: from + length, columns, learnedAfter }
        return (await same((store) => store.entries(asked))).length
      }
    )
  })

  it("L11 two clocks: how far the log had come", async () => {
    await holds(fc.tuple(fc.nat({ max: 7 }), fc.option(recordings)), async ([partition, known]) => {
      return (await same((store) => store.position(partition, known))).position
    })
  })
})
