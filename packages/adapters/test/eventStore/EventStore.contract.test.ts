import { Account, Decide, Fact, Ids, Instant, LotBalance, Lots, Points, Policy } from "@pointback/domain"
import { Effect, Equal, HashMap, Option, Result, Stream } from "effect"
import { assert, describe, it } from "vitest"
import { AgingStore } from "../../src/aging/AgingStore.ts"
import type {
  AccountRef,
  AppendRequest,
  InFlight,
  KeyRecord,
  Loaded,
  LoadRequest,
  LotSelection,
  RedemptionSummary,
  StreamRead
} from "../../src/eventStore/EventStore.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"
import { implementations, storesFor } from "../support/StoresUnderTest.ts"

const program = Ids.ProgramId.make("program")
const processedBy = Ids.ProcessedBy.make("E078562")
const at = (date: string) => Instant.fromStringUnsafe(`${date}T00:00:00Z`)
const points = (text: string) => Result.getOrThrow(Points.fromString(text))
const lot = (id: string) => Ids.LotId.make(id)
const redemption = (id: string) => Ids.RedemptionId.make(id)
const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: "tester" }

let accounts = 0
const newNumber = () => Ids.AccountNumber.make(`2200941101786412880737960266${String(accounts++).padStart(2, "0")}`)

const request = (
  account: Ids.AccountNumber,
  lots: ReadonlyArray<LotSelection> = [{ _tag: "All" }],
  redemptions: ReadonlyArray<string> = ["R1"],
  horizon: Instant.Instant = Instant.EARLIEST,
  keys: LoadRequest["keys"] = []
): LoadRequest => ({ program, account, lots, horizon, redemptions: redemptions.map(redemption), keys })

const toAppend = (
  loaded: Loaded,
  account: Ids.AccountNumber,
  facts: ReadonlyArray<Fact.Fact>,
  keys: ReadonlyArray<KeyRecord> = []
): AppendRequest => ({ loaded, target: { program, account }, facts: facts.map((fact) => ({ fact, origin })), keys })

/** Loads, decides and appends commands one after the other. */
const run = (account: Ids.AccountNumber, commands: ReadonlyArray<Decide.Command>) =>
  Effect.forEach(commands, (command) =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const about = "redemptionId" in command ? [command.redemptionId] : undefined
      const loaded = yield* store.load(request(account, undefined, about))
      const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
      return yield* store.append(toAppend(loaded, account, facts))
    })
  )

const earn = (lotId: string, amount: string, earnedAt: string, expiresAt: string | null): Decide.Command => ({
  _tag: "Earn",
  lotId: lot(lotId),
  points: points(amount),
  earnedAt: at(earnedAt),
  expiresAt: expiresAt === null ? null : at(expiresAt),
  occurredAt: at(earnedAt),
  source: null
})

const redeem = (amount: string, when: string): Decide.Command => ({
  _tag: "Redeem",
  redemptionId: redemption("R1"),
  points: points(amount),
  redemptionType: "MERCHANDISE",
  processedBy,
  occurredAt: at(when)
})

const credit = (creditId: string, amount: string, when: string): Decide.Command => ({
  _tag: "RecordCredit",
  redemptionId: redemption("R1"),
  creditId: Ids.CreditId.make(creditId),
  points: points(amount),
  occurredAt: at(when),
  origin: "ours",
  mastercard: null
})

/** The first event of an account. */
const first = (account: AccountRef) =>
  EventStore.use((store) => store.readStream({ account, stream: Fact.accountStream, limit: 1 }))

/** The reference scenario of the semantics. */
const scenario = [
  earn("A", "100", "2025-01-10", "2026-01-10"),
  earn("B", "100", "2025-03-10", "2026-03-10"),
  redeem("150", "2025-12-01"),
  credit("c1", "70", "2026-01-20"),
  credit("c2", "80", "2026-02-01")
]

const totals = (loaded: Loaded) =>
  Lots.inDrawOrder(loaded.state.lots).map((held) => [
    held.lotId,
    Points.toString(held.total),
    Points.toString(held.booked)
  ])

describe.each(implementations)("event store on %s", (implementation) => {
  const runEffect = storesFor(implementation)

  it("knows nothing of an account at first", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const loaded = yield* store.load(request(account))
        assert.isNull(loaded.account)
        assert.strictEqual(loaded.version, 0)
        assert.deepStrictEqual(loaded.policy, Policy.initial)
        assert.isNull(yield* store.find(program, account))
      })
    ))

  it("appends in order and reads the same facts back", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const stored = (yield* run(account, scenario)).flat()
        const ref = (yield* store.find(program, account))!
        const read = yield* Stream.runCollect(store.readAccount(ref))
        assert.isTrue(Equal.equals(read, stored), "what was read differs from what the appends answered")
        assert.deepStrictEqual(
          read.map((event) => event.accountVersion),
          [1, 2, 3, 4, 5]
        )
        assert.deepStrictEqual(
          read.map((event) => event.version),
          [1, 2, 1, 2, 3]
        )
        assert.strictEqual(new Set(read.map((event) => event.eventId)).size, 5)
        assert.deepStrictEqual(
          read.map((event) => event.fact.event._tag),
          ["PointsEarned", "PointsEarned", "Redeemed", "PartiallyCredited", "FullyCredited"]
        )
        const stream = yield* store.readStream({
          account: ref,
          stream: Fact.redemptionStream(redemption("R1")),
          from: 2,
          limit: 1
        })
        assert.deepStrictEqual(
          stream.map((event) => event.fact.event._tag),
          ["PartiallyCredited"]
        )
      })
    ))

  it("reads a stream forward and backward, from any version, in pages", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const lots = Array.from({ length: 7 }, (_, i) => earn(`lot-${i}`, "1", "2025-01-10", null))
        yield* run(account, [...lots, redeem("3", "2025-12-01")])
        const ref = (yield* store.find(program, account))!
        const versions = (read: Omit<StreamRead, "account" | "stream">) =>
          Effect.map(store.readStream({ account: ref, stream: Fact.accountStream, ...read }), (events) =>
            events.map(({ version }) => version)
          )
        const upwards = [1, 2, 3, 4, 5, 6, 7]
        const downwards = upwards.toReversed()
        assert.deepStrictEqual(yield* versions({}), upwards)
        assert.deepStrictEqual(yield* versions({ direction: "backward" }), downwards)
        assert.deepStrictEqual(yield* versions({ from: 6 }), [6, 7])
        assert.deepStrictEqual(yield* versions({ from: 8 }), [])
        assert.deepStrictEqual(yield* versions({ direction: "backward", from: 3 }), [3, 2, 1])
        assert.deepStrictEqual(yield* versions({ direction: "backward", from: 99, limit: 2 }), [7, 6])
        assert.deepStrictEqual(yield* versions({ direction: "backward", from: 0 }), [])
        assert.deepStrictEqual(yield* versions({ from: 2, limit: 3 }), [2, 3, 4])
        const stranger = { account: { ...ref, key: Ids.AccountKey.make("stranger") }, stream: Fact.accountStream }
        assert.deepStrictEqual(yield* store.readStream(stranger), [])
      })
    ))

  it("appends to many streams at once, each with versions of its own", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        yield* run(account, [earn("A", "100", "2025-01-10", null)])
        const ids = ["R1", "R2", "R3"]
        const loaded = yield* store.load(request(account, [{ _tag: "All" }], ids))
        // One after the other, as commands that come together are decided.
        let state = loaded.state
        const facts: Array<Fact.Fact> = []
        for (const [creditId, id] of ids.entries()) {
          for (const command of [redeem("10", "2025-12-01"), credit(`c${creditId}`, "4", "2025-12-02")]) {
            const decided = Result.getOrThrow(
              Decide.decide({ ...command, redemptionId: redemption(id) } as Decide.Command, state, loaded.policy)
            )
            facts.push(...decided)
            state = Account.evolveAll(state, decided)
          }
        }
        const stored = yield* store.append(toAppend(loaded, account, facts))
        assert.deepStrictEqual(
          stored.map(({ accountVersion, fact, version }) => [Fact.streamName(fact.stream), version, accountVersion]),
          ids.flatMap((id, i) => [
            [`redemption:${id}`, 1, 2 + i * 2],
            [`redemption:${id}`, 2, 3 + i * 2]
          ])
        )
        const after = yield* store.load(request(account, [{ _tag: "All" }], ids))
        assert.isTrue(Equal.equals(after.state.redemptions, state.redemptions))
        assert.deepStrictEqual(
          ["account", ...ids.map((id) => `redemption:${id}`)].map((name) => after.streams.get(name)),
          [1, 2, 2, 2]
        )
        assert.deepStrictEqual(totals(after), [["A", "82", "0"]])
        const ref = (yield* store.find(program, account))!
        assert.isTrue(
          Equal.equals(yield* Stream.runCollect(store.readAccount(ref)), [...(yield* first(ref)), ...stored])
        )
      })
    ))

  it("appends a thousand facts at once, and reads all of them in pages", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const loaded = yield* store.load(request(account))
        const facts = Array.from({ length: 1000 }, (_, i) =>
          Result.getOrThrow(
            Decide.decide(earn(`lot-${i}`, "1.5", "2025-01-10", "2026-01-10"), Account.empty, {
              ...loaded.policy,
              scale: 2
            })
          )
        ).flat()
        const stored = yield* store.append(toAppend(loaded, account, facts))
        yield* run(account, [redeem("1500", "2025-12-01")])
        const ref = (yield* store.find(program, account))!
        const read = yield* Stream.runCollect(store.readAccount(ref))
        assert.strictEqual(read.length, 1001)
        assert.isTrue(Equal.equals(read.slice(0, 1000), stored))
        const after = yield* store.load(request(account))
        assert.strictEqual(Lots.balanceAt(after.state.lots, at("2025-11-30")), points("1500"))
        assert.strictEqual(Lots.balanceAt(after.state.lots, at("2025-12-01")), 0n)
        const state = Account.redemption(after.state, redemption("R1"))
        assert.strictEqual(state._tag === "Outstanding" ? state.redemption.draws.length : 0, 1000)
      })
    ))

  it("makes an account of a number once, however many come with it at once", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        // While a program is being made, nobody else makes accounts in it.
        yield* run(newNumber(), [earn("A", "1", "2025-01-10", null)])
        const numbers = Array.from({ length: 5 }, newNumber)
        const attempts = yield* Effect.forEach(
          [...numbers, ...numbers, ...numbers],
          (account) =>
            Effect.gen(function* () {
              const loaded = yield* store.load(request(account))
              const facts = yield* Effect.fromResult(
                Decide.decide(earn("A", "1", "2025-01-10", null), loaded.state, loaded.policy)
              )
              return yield* store.append(toAppend(loaded, account, facts))
            }).pipe(Effect.result),
          { concurrency: "unbounded" }
        )
        const won = attempts.filter(Result.isSuccess).map(({ success }) => success[0]!.account.key)
        assert.strictEqual(new Set(won).size, 5)
        assert.strictEqual(won.length, 5)
        for (const attempt of attempts) {
          if (Result.isFailure(attempt)) assert.include(["VersionConflict", "LotExists"], attempt.failure._tag)
        }
        const found = yield* Effect.forEach(numbers, (number) => store.find(program, number))
        assert.deepStrictEqual(found.map((ref) => ref!.key).sort(), won.sort())
      })
    ))

  it("remembers nothing of an account that does not exist, and makes none", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const loaded = yield* store.load(request(account))
        const key = { kind: "redeem", key: "R1", content: "{}", refusal: { _tag: "UnknownAccount" } } as const
        assert.deepStrictEqual(yield* store.append(toAppend(loaded, account, [], [key])), [])
        assert.isNull(yield* store.find(program, account))
        assert.deepStrictEqual((yield* store.load(request(account, [], [], Instant.END, [key]))).keys, [])
      })
    ))

  it("records events at strictly increasing instants and positions without gaps", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const many = Array.from({ length: 5 }, (_, i) => earn(`lot-${i}`, "1", "2025-01-10", null))
        yield* run(account, many)
        const ref = (yield* store.find(program, account))!
        const read = yield* Stream.runCollect(store.readAccount(ref))
        for (const [index, event] of read.entries()) {
          const before = read[index - 1]
          if (before === undefined) continue
          assert.isTrue(event.recordedAt > before.recordedAt)
          assert.strictEqual(event.position, before.position + 1)
        }
      })
    ))

  it("loads the state that the events lead to", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        yield* run(account, scenario)
        const loaded = yield* store.load(request(account))
        assert.deepStrictEqual(totals(loaded), [
          ["A", "0", "0"],
          ["B", "100", "0"]
        ])
        assert.strictEqual(Account.redemption(loaded.state, redemption("R1"))._tag, "FullyCredited")
        assert.strictEqual(loaded.version, 5)
      })
    ))

  it("knows what each lot held at any instant from the horizon on", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        yield* run(account, scenario)
        const loaded = yield* store.load(request(account, [{ _tag: "All" }], [], at("2025-06-01")))
        const b = Option.getOrThrow(Lots.get(loaded.state.lots, lot("B")))
        assert.strictEqual(Lots.heldAt(b, at("2025-06-01")), points("100"))
        assert.strictEqual(Lots.heldAt(b, at("2025-12-01")), points("50"))
        assert.strictEqual(Lots.heldAt(b, at("2026-01-20")), points("100"))
        assert.strictEqual(Lots.freeFrom(b, at("2025-06-01")), points("50"))
      })
    ))

  it("selects lots by what a command looks at", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        yield* run(account, [...scenario.slice(0, 3), earn("C", "5", "2025-03-11", null)])
        const selected = (...lots: ReadonlyArray<LotSelection>) =>
          Effect.map(store.load(request(account, lots)), (loaded) =>
            Array.from(HashMap.keys(loaded.state.lots.byId)).sort()
          )
        const includes = (selection: ReadonlyArray<string>, wanted: ReadonlyArray<string>) =>
          wanted.forEach((lotId) => assert.include(selection, lotId))
        // The memory may load more than was asked for; the databases load exactly that.
        const exact = implementation === "memory" ? includes : (a: unknown, b: unknown) => assert.deepStrictEqual(a, b)
        exact(yield* selected(), [])
        exact(yield* selected({ _tag: "Spendable", at: at("2025-12-02") }), ["B", "C"])
        exact(yield* selected({ _tag: "Named", lotIds: [lot("A"), lot("unknown")] }), ["A"])
        exact(yield* selected({ _tag: "DrawnBy", redemptionId: redemption("R1") }), ["A", "B"])
        exact(yield* selected({ _tag: "ToSweep", asOf: at("2027-01-01") }), ["B"])
      })
    ))

  it("refuses an append under a version that is no longer the account's, and writes nothing", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        yield* run(account, scenario.slice(0, 2))
        const stale = yield* store.load(request(account))
        yield* run(account, [earn("C", "5", "2025-03-11", null)])
        const facts = yield* Effect.fromResult(Decide.decide(redeem("150", "2025-12-01"), stale.state, stale.policy))
        const keys = [{ kind: "redeem", key: "R1", content: "{}", refusal: null }] as const
        const conflict = yield* Effect.flip(store.append(toAppend(stale, account, facts, keys)))
        assert.strictEqual(conflict._tag, "VersionConflict")
        const after = yield* store.load(request(account, [{ _tag: "All" }], ["R1"], Instant.EARLIEST, keys))
        assert.strictEqual(after.version, 3)
        assert.deepStrictEqual(after.keys, [])
        assert.deepStrictEqual(totals(after), [
          ["A", "100", "0"],
          ["B", "100", "0"],
          ["C", "5", "0"]
        ])
      })
    ))

  it.skipIf(implementation === "memory")(
    "loads and appends for many accounts in one step, and one that fails leaves the others (memory: each by itself)",
    () =>
      runEffect(
        Effect.gen(function* () {
          const store = yield* EventStore
          const together = store.together!
          const accounts = Array.from({ length: 12 }, newNumber)
          for (const account of accounts) yield* run(account, scenario.slice(0, 2))
          const loaded = yield* together.load(accounts.map((account) => request(account)))
          for (const [place, account] of accounts.entries()) {
            assert.deepStrictEqual(totals(loaded[place] as Loaded), totals(yield* store.load(request(account))))
            assert.strictEqual(loaded[place]?.version, 2)
          }
          // Somebody else is faster on two of them.
          for (const place of [3, 7]) yield* run(accounts[place]!, [earn("C", "5", "2025-03-11", null)])
          const requests = yield* Effect.forEach(loaded, (one, place) =>
            Effect.fromResult(Decide.decide(redeem("150", "2025-12-01"), one.state, one.policy)).pipe(
              Effect.map((facts) => toAppend(one, accounts[place]!, facts))
            )
          )
          const outcomes = yield* Effect.forEach(yield* together.append(requests), Effect.result)
          for (const [place, outcome] of outcomes.entries()) {
            const after = yield* store.load(request(accounts[place]!))
            assert.strictEqual(after.version, 3)
            if (place === 3 || place === 7) {
              assert.isTrue(Result.isFailure(outcome) && outcome.failure._tag === "VersionConflict")
            } else {
              const [event] = Result.getOrThrow(outcome)
              assert.deepStrictEqual([event?.fact.event._tag, event?.accountVersion], ["Redeemed", 3])
            }
          }
        })
      )
  )

  it("lets one of many appends under the same version win", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const loaded = yield* store.load(request(account))
        const attempts = yield* Effect.forEach(
          Array.from({ length: 10 }, (_, i) => earn(`lot-${i}`, "1", "2025-01-10", null)),
          (command) =>
            Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy)).pipe(
              Effect.flatMap((facts) => store.append(toAppend(loaded, account, facts))),
              Effect.result
            ),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(attempts.filter(Result.isSuccess).length, 1)
        for (const attempt of attempts) {
          if (Result.isFailure(attempt)) assert.strictEqual(attempt.failure._tag, "VersionConflict")
        }
        assert.strictEqual((yield* store.load(request(account))).version, 1)
      })
    ))

  it("remembers keys with events and alone", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const first = { kind: "earn", key: "A", content: '{"points":"100"}', refusal: null } as const
        const second = {
          kind: "credit",
          key: "A",
          content: "{}",
          refusal: { _tag: "UnknownRedemption", redemptionId: "R9" }
        } as const
        const empty = yield* store.load(request(account))
        const facts = yield* Effect.fromResult(Decide.decide(scenario[0]!, empty.state, empty.policy))
        yield* store.append(toAppend(empty, account, facts, [first]))
        const loaded = yield* store.load(request(account))
        yield* store.append(toAppend(loaded, account, [], [second]))
        const again = yield* Effect.flip(store.append(toAppend(loaded, account, [], [second])))
        assert.strictEqual(again._tag, "VersionConflict")
        const both = yield* store.load(
          request(account, [], [], Instant.END, [first, second, { kind: "redeem", key: "A" }])
        )
        assert.deepStrictEqual(
          both.keys.slice().sort((a, b) => Ids.compare(b.kind, a.kind)),
          [first, second]
        )
        assert.strictEqual(both.version, 1)
      })
    ))

  it("lists accounts that have lots to sweep, page by page", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const numbers = [newNumber(), newNumber(), newNumber()]
        const due = numbers.slice(0, 2)
        for (const account of due) yield* run(account, [earn("A", "1", "2020-01-01", "2020-02-01")])
        yield* run(numbers[2]!, [earn("A", "1", "2020-01-01", null)])
        const ask = (after: Parameters<typeof store.toSweep>[0]["after"]) =>
          store.toSweep({ program, asOf: at("2020-02-01"), after, limit: 1 })
        const [one] = yield* ask(null)
        const [two] = yield* ask(one!.account)
        assert.deepStrictEqual([one!.number, two!.number].sort(), due.slice().sort())
        assert.deepStrictEqual(yield* ask(two!.account), [])
        assert.deepStrictEqual(yield* store.toSweep({ program, asOf: at("2020-01-31"), after: null, limit: 9 }), [])
      })
    ))

  it("answers the aging that follows from the facts, on both clocks", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const aging = yield* AgingStore
        const account = newNumber()
        const stored = (yield* run(account, scenario)).flat()
        const ref = (yield* store.find(program, account))!
        for (const day of [
          "2025-01-09",
          "2025-01-10",
          "2025-11-30",
          "2025-12-01",
          "2026-01-10",
          "2026-01-20",
          "2026-02-01",
          "2026-03-10"
        ]) {
          for (const knownAt of [null, ...stored.map((event) => event.recordedAt)]) {
            const known = stored.filter((event) => knownAt === null || event.recordedAt <= knownAt)
            const expected = LotBalance.asOf(
              ref.key,
              known.map((event) => event.fact),
              at(day)
            )
            const lots = yield* aging.lots({ program, account: ref, asOf: at(day), knownAt })
            assert.deepStrictEqual(
              lots,
              expected.map((balance) => ({ ...balance, number: account as string }))
            )
          }
        }
      })
    ))

  it("lists the credits in flight, page by page, and by account", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const asked = yield* Effect.forEach(["c1", "c2", "c3"], (id) =>
          Effect.gen(function* () {
            const account = newNumber()
            yield* run(account, [earn("A", "100", "2025-01-10", null), redeem("60", "2025-12-01")])
            const request = { ...credit(id, "20", "2026-01-20"), _tag: "RequestCredit" } as Decide.Command
            yield* run(account, [request])
            return { account, id, ref: (yield* store.find(program, account))! }
          })
        )
        const mine = new Set(asked.map(({ account }) => account as string))
        const pages: Array<string> = []
        let after: InFlight | null = null
        for (;;) {
          const page: ReadonlyArray<InFlight> = yield* store.inFlight({ program, after, limit: 2 })
          pages.push(...page.filter(({ number }) => mine.has(number)).map(({ creditId }) => creditId))
          if (page.length < 2) break
          after = page.at(-1)!
        }
        assert.deepStrictEqual(pages.toSorted(), ["c1", "c2", "c3"])
        const everywhere = yield* store.inFlight({ program: null, after: null, limit: 1000 })
        assert.isAtLeast(everywhere.length, 3)
        assert.deepStrictEqual(
          yield* store.inFlight({ program: Ids.ProgramId.make("other"), after: null, limit: 9 }),
          []
        )
        const [{ account, id, ref }] = asked as [(typeof asked)[number]]
        const held = { account: ref, number: account, redemptionId: redemption("R1"), creditId: Ids.CreditId.make(id) }
        assert.deepStrictEqual(yield* store.inFlightOf(ref), [held])
        for (const one of asked) {
          const ids = { redemptionId: redemption("R1"), creditId: Ids.CreditId.make(one.id) }
          yield* run(one.account, [{ _tag: "ConfirmCredit", ...ids, mastercard: null }])
          assert.deepStrictEqual(yield* store.inFlightOf(one.ref), [])
        }
      })
    ))

  it("lists an account's redemptions as they are now, the latest first, page by page", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const account = newNumber()
        const spend = (id: string, date: string) => ({ ...redeem("10", date), redemptionId: redemption(id) })
        const giveBack = (id: string, creditId: string, amount: string, _tag: "RequestCredit" | "RecordCredit") =>
          ({ ...credit(creditId, amount, "2026-01-20"), redemptionId: redemption(id), _tag }) as Decide.Command
        yield* run(account, [
          earn("A", "100", "2025-01-10", null),
          spend("R1", "2025-12-01"),
          spend("R2", "2025-12-02"),
          // Of one instant: by id, backwards, and in the order of its bytes.
          spend("a", "2025-12-02"),
          spend("B", "2025-12-02"),
          giveBack("R1", "c1", "4", "RecordCredit"),
          giveBack("R1", "c2", "5", "RequestCredit"),
          giveBack("B", "c3", "10", "RecordCredit")
        ])
        yield* run(newNumber(), [earn("A", "100", "2025-01-10", null), spend("R9", "2025-12-01")])
        const ref = (yield* store.find(program, account))!
        const asked = { redemptionId: redemption("R1"), creditId: Ids.CreditId.make("c2") }
        const listed = Effect.fnUntraced(function* (limit: number) {
          const found: Array<RedemptionSummary> = []
          for (;;) {
            const page = yield* store.redemptionsOf({ account: ref, after: found.at(-1) ?? null, limit })
            assert.isAtMost(page.length, limit)
            found.push(...page)
            if (page.length < limit) return found
          }
        })
        const one = { redemptionType: "MERCHANDISE", processedBy, points: points("10") } as const
        const untouched = { ...one, credited: 0n, pending: 0n, pendingCredit: null, state: "Outstanding" } as const
        const second = { ...untouched, redeemedAt: at("2025-12-02") }
        const held = { ...one, redemptionId: redemption("R1"), redeemedAt: at("2025-12-01"), credited: points("4") }
        const pending = { ...held, pending: points("5"), pendingCredit: asked.creditId }
        const before: ReadonlyArray<RedemptionSummary> = [
          { ...second, redemptionId: redemption("a") },
          { ...second, redemptionId: redemption("R2") },
          { ...second, redemptionId: redemption("B"), credited: points("10"), state: "FullyCredited" },
          { ...pending, state: "CreditPending" }
        ]
        for (const limit of [1, 2, 3, 100]) assert.deepStrictEqual(yield* listed(limit), before)
        yield* run(account, [{ _tag: "MarkCreditUnknown", ...asked, cause: "timeout", occurredAt: at("2026-01-20") }])
        assert.deepStrictEqual(yield* listed(2), [...before.slice(0, 3), { ...pending, state: "CreditUnknown" }])
        const nobody = { ...ref, key: Ids.AccountKey.make("nobody") }
        assert.deepStrictEqual(yield* store.redemptionsOf({ account: nobody, after: null, limit: 9 }), [])
      })
    ))

  it("gives an account a further number, with the event or not at all, and each number to one account", () =>
    runEffect(
      Effect.gen(function* () {
        const store = yield* EventStore
        const [old, other, replacement] = [newNumber(), newNumber(), newNumber()]
        yield* run(old, [earn("A", "1", "2025-01-10", null)])
        yield* run(other, [earn("A", "1", "2025-01-10", null)])
        const replace = Effect.fnUntraced(function* (account: Ids.AccountNumber, number: Ids.AccountNumber) {
          const loaded = yield* store.load(request(account))
          const key = Ids.AccountKey.make(`alias-of-${account}-${number}`)
          const fact = { _tag: "AliasAccount", alias: key, occurredAt: at("2025-12-10") } as const
          const facts = yield* Effect.fromResult(Decide.decide(fact, loaded.state, loaded.policy))
          return yield* store.append({ ...toAppend(loaded, account, facts), alias: { number, key } })
        })
        yield* replace(old, replacement)
        const ref = (yield* store.find(program, old))!
        assert.deepStrictEqual(yield* store.find(program, replacement), ref)
        assert.deepStrictEqual(yield* store.numbersOf(ref), [replacement, old])
        const byOld = yield* store.load(request(old))
        const byNew = yield* store.load(request(replacement))
        assert.deepStrictEqual([byOld.number, byNew.number], [replacement, replacement])
        assert.deepStrictEqual([byOld.version, byNew.version], [2, 2])
        const before = yield* store.load(request(other))
        const taken = yield* Effect.flip(replace(other, replacement))
        assert.strictEqual(taken._tag, "VersionConflict")
        assert.strictEqual((yield* store.load(request(other))).version, before.version)
        assert.deepStrictEqual(yield* store.numbersOf(before.account!), [other])
      })
    ))

  it("adds policy versions, and keeps the scale of a program that has events", () =>
    runEffect(
      Effect.gen(function* () {
        const policies = yield* PolicyStore
        const fresh = Ids.ProgramId.make(`policies-${implementation}`)
        assert.deepStrictEqual(yield* policies.current(fresh), { known: false, policy: Policy.initial })
        const first = yield* policies.revise(fresh, (terms) => ({ ...terms, scale: 0 }))
        assert.deepStrictEqual([first.policy.version, first.policy.scale, first.changed], [1, 0, true])
        const same = yield* policies.revise(fresh, (terms) => terms)
        assert.deepStrictEqual([same.policy.version, same.changed], [1, false])
        assert.deepStrictEqual(yield* policies.current(fresh), { known: true, policy: first.policy })
        yield* run(newNumber(), [earn("A", "1", "2025-01-10", null)])
        const refused = yield* Effect.flip(policies.revise(program, (terms) => ({ ...terms, scale: 3 })))
        assert.strictEqual(refused._tag, "ScaleFixed")
        const extended = yield* policies.revise(program, (terms) => ({
          ...terms,
          expiredLots: { _tag: "Extend", days: 30 }
        }))
        assert.deepStrictEqual((yield* policies.current(program)).policy, extended.policy)
      })
    ))
})
