/** The workloads: appends, whole credit commands, and the fold. */
import { EventStore } from "@pointback/adapters"
import { Account, Fact, Ids, Instant, Redemption, type RedemptionEvent } from "@pointback/domain"
import { Effect } from "effect"
import { earnPoints, recordCredit, redeemPoints } from "../src/index.ts"
import type * as Baseline from "./Baseline.ts"
import type { Side, Workload } from "./Measure.ts"

/** Writers at once. */
export const WRITERS = 100

/** Events or commands of each writer in one run. */
export const EACH = 30

/** Events of one writer alone in one run. */
const ALONE = 200

/** Credits of one point each that a redemption of the benchmark has room for. */
const ROOM = 100_000n

const program = Ids.ProgramId.make("bench")
const redemptionId = Ids.RedemptionId.make("redemption")
const earnedAt = Instant.fromStringUnsafe("2025-01-10T00:00:00Z")
const ONE_POINT = 10_000n

type Run = <A, E>(effect: Effect.Effect<A, E, EventStore.EventStore>) => Promise<A>

const accountOf = (workload: string, index: number) => Ids.AccountNumber.make(`${workload}-${index}`)

/** An account with a lot and a redemption that has room for credits. */
const prepare = (account: Ids.AccountNumber) =>
  Effect.gen(function* () {
    const points = ROOM * ONE_POINT
    yield* earnPoints({ program, account, lotId: Ids.LotId.make("lot"), points, earnedAt, expiresAt: null })
    yield* redeemPoints({
      program,
      account,
      redemptionId,
      points,
      redemptionType: "MERCHANDISE",
      processedBy: Ids.ProcessedBy.make("E078562"),
      occurredAt: earnedAt,
      dated: true
    })
  })

const prepareAll = (workload: string, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, i) => accountOf(workload, i)),
    prepare,
    {
      concurrency: WRITERS,
      discard: true
    }
  )

const alias: Fact.Fact = {
  stream: Fact.accountStream,
  occurredAt: earnedAt,
  event: { _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") }
}
const origin = { correlationId: "bench", causationId: null, idempotencyKey: null, actor: null }

/** Appends events to an account one after the other, each under the version that the last one led to. */
const appendEach = Effect.fnUntraced(function* (account: Ids.AccountNumber, count: number) {
  const store = yield* EventStore.EventStore
  const nothing = { lots: [], horizon: Instant.END, redemptions: [], keys: [] } as const
  let loaded = yield* store.load({ program, account, ...nothing })
  for (let i = 0; i < count; i++) {
    const [stored] = yield* store.append({
      loaded,
      target: { program, account },
      facts: [{ fact: alias, origin }],
      keys: []
    })
    if (stored === undefined) throw new Error("the append wrote nothing")
    loaded = { ...loaded, version: stored.accountVersion, streams: new Map([["account", stored.version]]) }
  }
  return count
})

const together = (counts: ReadonlyArray<number>): number => counts.reduce((sum, count) => sum + count, 0)

const appends =
  (run: Run, workload: string, writers: number, each: number): Side =>
  () =>
    run(
      Effect.map(
        Effect.forEach(
          Array.from({ length: writers }, (_, i) => accountOf(workload, i)),
          (a) => appendEach(a, each),
          {
            concurrency: "unbounded"
          }
        ),
        together
      )
    )

let credits = 0

/** Whole local credit commands: load, decide, append, ledger, lots, idempotency. */
const creditEach = Effect.fnUntraced(function* (account: Ids.AccountNumber, count: number) {
  for (let i = 0; i < count; i++) {
    yield* recordCredit({
      program,
      account,
      redemptionId,
      creditId: Ids.CreditId.make(`credit-${credits++}`),
      points: ONE_POINT,
      occurredAt: earnedAt,
      dated: true
    })
  }
  return count
})

const creditsOf =
  (run: Run, account: (writer: number) => Ids.AccountNumber): Side =>
  () =>
    run(
      Effect.map(
        Effect.forEach(
          Array.from({ length: WRITERS }, (_, i) => i),
          (i) => creditEach(account(i), EACH),
          {
            concurrency: "unbounded"
          }
        ),
        together
      )
    )

/** Events of the fold: credits of one redemption. */
const FOLDED = 1_000_000

const creditedEvents = (): ReadonlyArray<RedemptionEvent.Credited> => {
  const restorations = [{ lotId: Ids.LotId.make("lot"), points: 1n, fate: "live", earnedAt, expiresAt: null }] as const
  const ids = Array.from({ length: 100 }, (_, i) => Ids.CreditId.make(`credit-${i}`))
  return Array.from({ length: FOLDED }, (_, i) => ({
    _tag: "PartiallyCredited",
    creditId: ids[i % ids.length] as Ids.CreditId,
    points: 1n,
    mode: "partial",
    restorations,
    remaining: 1n,
    policyVersion: 0,
    mastercard: null
  }))
}

const foldedTo = (credited: bigint, restored: bigint | undefined): Promise<number> => {
  if (credited !== BigInt(FOLDED) || restored !== credited) throw new Error("a wrong sum")
  return Promise.resolve(FOLDED)
}

const fold = (): Workload => {
  const events = creditedEvents()
  const redeemed = {
    _tag: "Redeemed",
    redemptionId,
    points: BigInt(FOLDED) * 2n,
    draws: [{ lotId: Ids.LotId.make("lot"), earnedAt, expiresAt: null, points: BigInt(FOLDED) * 2n }],
    redemptionType: "MERCHANDISE",
    processedBy: Ids.ProcessedBy.make("E078562"),
    policyVersion: 0
  } as const
  return {
    name: "W5",
    what: "one million events through evolve; a plain loop that keeps the same sums",
    goal: 0.5,
    ours: () => {
      let state = Redemption.evolve(Account.redemption(Account.empty, redemptionId), redeemed, earnedAt)
      for (const event of events) state = Redemption.evolve(state, event, earnedAt)
      if (state._tag !== "Outstanding") throw new Error("a wrong state")
      return foldedTo(state.redemption.credited, state.redemption.draws[0]?.restored)
    },
    baseline: () => {
      let credited = 0n
      const restored = new Map<string, bigint>()
      for (const event of events) {
        credited += event.points
        for (const { lotId, points } of event.restorations) restored.set(lotId, (restored.get(lotId) ?? 0n) + points)
      }
      return foldedTo(credited, restored.get("lot"))
    }
  }
}

/** Everything that is measured, on accounts that are made first. */
export const workloads = async (
  run: Run,
  many: Awaited<ReturnType<typeof Baseline.open>>,
  one: Awaited<ReturnType<typeof Baseline.open>>
): Promise<ReadonlyArray<Workload>> => {
  for (const [name, count] of [
    ["w1", WRITERS],
    ["w1s", 1],
    ["w2", WRITERS],
    ["w2h", 1]
  ] as const) {
    await run(prepareAll(name, count))
  }
  const baseline = many.insertRows(WRITERS, EACH)
  return [
    {
      name: "W1",
      what: "one event to each of 100 streams at once; one prepared INSERT per transaction",
      goal: 2,
      ours: appends(run, "w1", WRITERS, EACH),
      baseline
    },
    {
      name: "W1s",
      what: "one event after the other; the same over one connection",
      goal: 0.85,
      ours: appends(run, "w1s", 1, ALONE),
      baseline: one.insertRows(1, ALONE)
    },
    {
      name: "W2",
      what: "whole local credits, 100 accounts at once; the baseline of W1",
      goal: 1,
      ours: creditsOf(run, (writer) => accountOf("w2", writer)),
      baseline
    },
    {
      name: "W2h",
      what: "whole local credits, all on one account; the baseline of W1",
      goal: 0.5,
      ours: creditsOf(run, () => accountOf("w2h", 0)),
      baseline
    },
    fold()
  ]
}
