/** What a batch answers to each of its requests is what the facts come to, and what a load alone answers. */
import { Account, Fact, Ids, Instant, Lots, type Movements, Policy } from "@pointback/domain"
import { Deferred, Effect, Exit, Fiber, HashMap, Layer, ManagedRuntime, Option } from "effect"
import fc from "fast-check"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Database } from "../../src/database/Database.ts"
import {
  EventStore,
  type KeyRecord,
  type Loaded,
  type LoadRequest,
  type LotSelection
} from "../../src/eventStore/EventStore.ts"
import * as LoadBatch from "../../src/eventStore/LoadBatch.ts"
import * as Stores from "../../src/Stores.ts"
import { inTransaction } from "../support/DatabaseUnderTest.ts"
import { appendFacts, histories, program, writeHistories } from "../support/Histories.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const ACCOUNTS = 6
const SEED = 4711

/** An account as the events leave it: what every answer is held against. */
interface Written {
  readonly number: string
  readonly facts: ReadonlyArray<Fact.Fact>
  readonly state: Account.Account
  readonly keys: ReadonlyArray<KeyRecord>
}

const written: ReadonlyArray<Written> = histories(ACCOUNTS, SEED).map(([number, commands]) => {
  const facts = commands.flat()
  const state = Account.evolveAll(Account.empty, facts)
  const credits = Array.from(state.creditIds).map((key): KeyRecord => ({
    kind: "credit",
    key,
    content: `{"of":"${key}"}`,
    refusal: null
  }))
  const declined: KeyRecord = { kind: "credit", key: "declined", content: "{}", refusal: { _tag: "CreditDeclined" } }
  const earned: KeyRecord = { kind: "earn", key: credits[0]?.key ?? "A", content: "{}", refusal: null }
  return { number, facts, state, keys: [...credits, declined, earned] }
})

/** Everything that was written, with the keys that the commands would have had. */
const write = Effect.gen(function* () {
  yield* writeHistories(ACCOUNTS, SEED)
  const store = yield* EventStore
  for (const { keys, number } of written) {
    const target = { program, account: Ids.AccountNumber.make(number) }
    const loaded = yield* store.load({ ...target, lots: [], horizon: Instant.END, redemptions: [], keys: [] })
    yield* store.append({ loaded, target, facts: [], keys })
  }
})

const movements = (later: Movements.Movements): ReadonlyArray<Movements.Movement> => {
  const oldestFirst: Array<Movements.Movement> = []
  for (let at = later; at !== null; at = at.before) oldestFirst.unshift({ at: at.at, points: at.points })
  return oldestFirst
}

const byName = <A>(entries: Iterable<readonly [string, A]>): Record<string, A> =>
  Object.fromEntries(Array.from(entries).sort(([a], [b]) => Ids.compare(a, b)))

/** An answer in a form that compares, without what each database makes up. */
const view = ({ account, keys, policy, programKnown, state, streams, version }: Loaded) => ({
  programKnown,
  policy: policy.version,
  scale: policy.scale,
  known: account !== null,
  version,
  horizon: state.lots.horizon,
  lots: byName(
    Array.from(HashMap.values(state.lots.byId), (lot) => [lot.lotId, { ...lot, later: movements(lot.later) }])
  ),
  redemptions: byName(HashMap.entries(state.redemptions)),
  creditIds: Array.from(state.creditIds).sort(),
  keys: keys.slice().sort((a, b) => Ids.compare(a.kind + a.key, b.kind + b.key)),
  streams: byName(streams)
})

const selects =
  (selection: LotSelection, { state }: Written) =>
  (lot: Lots.Lot): boolean => {
    switch (selection._tag) {
      case "All":
        return true
      case "Named":
        return selection.lotIds.includes(lot.lotId)
      case "DrawnBy": {
        const redemption = Account.redemption(state, selection.redemptionId)
        return redemption._tag !== "None" && redemption.redemption.draws.some(({ lotId }) => lotId === lot.lotId)
      }
      case "Spendable":
        return (
          Lots.isLive(lot, selection.at) && (lot.total > 0n || movements(lot.later).some(({ at }) => at > selection.at))
        )
      case "ToSweep":
        return lot.expiresAt !== null && lot.expiresAt <= selection.asOf && Lots.unbooked(lot) !== 0n
    }
  }

/** What the facts answer to a request. */
const expected = (request: LoadRequest): ReturnType<typeof view> => {
  const known = request.program === program ? written.find(({ number }) => number === request.account) : undefined
  const nothing = { lots: {}, redemptions: {}, creditIds: [], keys: [], streams: {} }
  const programKnown = request.program === program
  const policy = { programKnown, policy: programKnown ? 1 : 0, scale: programKnown ? 4 : Policy.initial.scale }
  const { horizon } = request
  if (known === undefined) return { ...policy, known: false, version: 0, horizon, ...nothing }
  const lots = Lots.inDrawOrder(known.state.lots)
    .filter((lot) => request.lots.some((selection) => selects(selection, known)(lot)))
    .map((lot) => ({ ...lot, later: movements(lot.later).filter(({ at }) => at > horizon) }))
  const redemptions = request.redemptions.flatMap((redemptionId) =>
    Option.toArray(
      Option.map(HashMap.get(known.state.redemptions, redemptionId), (state) => [redemptionId, state] as const)
    )
  )
  const streams = ["account", ...redemptions.map(([id]) => Fact.streamName(Fact.redemptionStream(id)))]
  const keys = known.keys.filter(({ key, kind }) =>
    request.keys.some((asked) => asked.key === key && asked.kind === kind)
  )
  return {
    ...policy,
    known: true,
    version: known.facts.length,
    horizon,
    lots: byName(lots.map((lot) => [lot.lotId, lot])),
    redemptions: byName(redemptions),
    creditIds: keys
      .flatMap(({ key, kind, refusal }) => (kind === "credit" && refusal === null ? [key] : []))
      .sort() as never,
    keys: keys.sort((a, b) => Ids.compare(a.kind + a.key, b.kind + b.key)),
    streams: byName(
      streams.map((name) => [name, known.facts.filter(({ stream }) => Fact.streamName(stream) === name).length])
    )
  }
}

const moments = written.flatMap(({ facts, state }) => [
  ...facts.map(({ occurredAt }) => occurredAt),
  ...Array.from(HashMap.values(state.lots.byId), ({ expiresAt }) => expiresAt).filter((at) => at !== null)
])

/** Before all, after all, and at or beside an instant that means something. */
const instant: fc.Arbitrary<Instant.Instant> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(Instant.EARLIEST, Instant.EARLIEST - 1n, Instant.END, Instant.END - 1n) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(...moments), fc.constantFrom(0n, 1n, -1n)).map(([at, beside]) => at + beside)
  }
)

const namesOf = <A extends string>(of: (account: Written) => Iterable<A>, unknown: A) =>
  fc.constantFrom(...new Set(written.flatMap((account) => Array.from(of(account)))), unknown)

const lotIds = namesOf(({ state }) => HashMap.keys(state.lots.byId), Ids.LotId.make("unknown"))
const redemptionIds = namesOf(({ state }) => HashMap.keys(state.redemptions), Ids.RedemptionId.make("unknown"))

const selection: fc.Arbitrary<LotSelection> = fc.oneof(
  fc.constant<LotSelection>({ _tag: "All" }),
  instant.map((at): LotSelection => ({ _tag: "Spendable", at })),
  instant.map((asOf): LotSelection => ({ _tag: "ToSweep", asOf })),
  fc.array(lotIds, { maxLength: 4 }).map((ids): LotSelection => ({ _tag: "Named", lotIds: ids })),
  redemptionIds.map((redemptionId): LotSelection => ({ _tag: "DrawnBy", redemptionId }))
)

const request: fc.Arbitrary<LoadRequest> = fc.record({
  program: fc.oneof({ weight: 9, arbitrary: fc.constant(program) }, fc.constant(Ids.ProgramId.make("unknown"))),
  account: fc
    .constantFrom(...written.map(({ number }) => number), "unknown")
    .map((name) => Ids.AccountNumber.make(name)),
  lots: fc.array(selection, { maxLength: 3 }),
  horizon: instant,
  redemptions: fc.uniqueArray(redemptionIds, { maxLength: 3 }),
  keys: fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom("credit" as const, "earn" as const, "redeem" as const),
      key: namesOf(({ keys }) => keys.map(({ key }) => key), "unknown")
    }),
    { maxLength: 4, selector: ({ key, kind }) => kind + key }
  )
})

describe.each(["pglite", "postgres"] as const)("a batch of loads on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
    await runtime.runPromise(write)
  })
  afterAll(() => runtime.dispose())

  const load = (requests: ReadonlyArray<LoadRequest>) =>
    runtime.runPromise(
      Database.use((database) => database.query((kysely) => LoadBatch.load(kysely, database.schema, requests)))
    )

  it("answers each as a load alone does, and as the facts do", () =>
    fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
        const together = (await load(requests)).map(view)
        assert.deepStrictEqual(together, requests.map(expected))
        const [first] = requests as [LoadRequest]
        assert.deepStrictEqual((await load([first])).map(view), together.slice(0, 1))
      }),
      { numRuns: 150 }
    ))

  it("brings what moved after the horizon as the facts have it, late ones too", async () => {
    const all = written.flatMap(({ facts, number }) =>
      [Instant.EARLIEST, ...facts.map(({ occurredAt }) => occurredAt)].map((horizon): LoadRequest => ({
        program,
        account: Ids.AccountNumber.make(number),
        lots: [{ _tag: "All" }],
        horizon,
        redemptions: [],
        keys: []
      }))
    )
    assert.deepStrictEqual((await load(all)).map(view), all.map(expected))
    const late = written.some(({ facts }) =>
      facts.some(({ occurredAt }, index) => facts.slice(0, index).some((earlier) => earlier.occurredAt > occurredAt))
    )
    assert.isTrue(late, "no history has a late fact")
  })

  it("answers loads that come together each by its own", () =>
    fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 100, maxLength: 130 }), async (requests) => {
        const loaded = await runtime.runPromise(
          EventStore.use((store) => Effect.forEach(requests, store.load, { concurrency: "unbounded" }))
        )
        assert.deepStrictEqual(loaded.map(view), requests.map(expected))
      }),
      { numRuns: 5 }
    ))

  it("makes a request that cannot be answered nobody else's trouble", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        const [good] = fc.sample(request, { numRuns: 1, seed: SEED }) as [LoadRequest]
        const separator: LoadRequest = { ...good, keys: [{ kind: "earn", key: "a\u001fb" }] }
        const zero: LoadRequest = { ...good, redemptions: ["a\u0000b" as Ids.RedemptionId] }
        const exits = yield* Effect.forEach(
          [good, good, separator, zero, good],
          (one) => Effect.exit(store.load(one)),
          {
            concurrency: "unbounded"
          }
        )
        assert.deepStrictEqual(
          exits.map((exit) => Exit.isSuccess(exit)),
          [true, true, false, false, true]
        )
        for (const exit of exits) if (Exit.isSuccess(exit)) assert.deepStrictEqual(view(exit.value), expected(good))
      })
    ))

  it("sees in a transaction what that transaction appended, and nobody else does before it commits", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        const target = { program, account: Ids.AccountNumber.make("in-a-transaction") }
        const fact: Fact.Fact = {
          stream: Fact.accountStream,
          occurredAt: Instant.fromStringUnsafe("2025-01-10T00:00:00Z"),
          event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
        }
        const load_ = store.load({ ...target, lots: [], horizon: Instant.END, redemptions: [], keys: [] })
        const version = Effect.map(load_, ({ version }) => version)
        const rolledBack = inTransaction(
          Effect.gen(function* () {
            yield* appendFacts(target.account, [fact])
            assert.strictEqual(yield* version, 1)
            return yield* Effect.fail("rolled back")
          })
        )
        assert.strictEqual(yield* Effect.flip(rolledBack), "rolled back")
        assert.isNull((yield* load_).account)
        const [appended, seen] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const committing = yield* Effect.forkChild(
          inTransaction(
            Effect.gen(function* () {
              yield* appendFacts(target.account, [fact])
              yield* appendFacts(target.account, [fact])
              assert.strictEqual(yield* version, 2)
              yield* Deferred.succeed(appended, undefined)
              yield* Deferred.await(seen)
            })
          )
        )
        yield* Deferred.await(appended)
        // PGlite has one connection: whoever is outside waits for the transaction's end.
        if (dialect === "postgres") assert.strictEqual(yield* version, 0)
        yield* Deferred.succeed(seen, undefined)
        yield* Fiber.join(committing)
        assert.strictEqual(yield* version, 2)
      })
    ))
})
