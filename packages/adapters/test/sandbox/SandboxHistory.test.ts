import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as History from "../../src/sandbox/SandboxHistory.ts"
import { LateEffects } from "../../src/sandbox/SandboxLateEffects.ts"
import { Recent } from "../../src/sandbox/SandboxLog.ts"
import { ACCOUNT, at, inWorld, lot, points } from "./world.ts"

const instant = fc.bigInt({ min: 0n, max: 20n })

const entry = (at: bigint, index: number): History.SandboxEntry => ({
  kind: "credit",
  id: String(index),
  points: 1n,
  at,
  redemptionType: "TRAVEL",
  creditOf: undefined
})

describe("a history", () => {
  it("is what sorting all entries gives, page by page", () => {
    fc.assert(
      fc.property(
        fc.array(instant, { maxLength: 30 }),
        fc.record({ from: instant, before: instant, offset: fc.nat({ max: 10 }), limit: fc.nat({ max: 10 }) }),
        (instants, extract) => {
          const entries = instants.map(entry)
          const history = entries.reduce(History.add, History.empty)
          const sorted = entries.toReversed().sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
          expect(History.extract(history, extract)).toEqual(
            sorted
              .filter(({ at }) => at >= extract.from && at < extract.before)
              .slice(extract.offset, extract.offset + extract.limit)
          )
        }
      )
    )
  })

  it("stays what it was for who holds it while entries are added", () => {
    const old = History.add(History.add(History.empty, entry(2n, 0)), entry(1n, 1))
    const all = { from: 0n, before: 9n, offset: 0, limit: 9 }
    const before = History.extract(old, all)
    History.add(old, entry(1n, 2))
    expect(History.extract(old, all)).toEqual(before)
  })

  it("is read whole by the client while credits are added to it between its pages", () => {
    const accounts = [{ userId: ACCOUNT, lots: [lot("A", "1000")] }]
    let addOne = () => {}
    return inWorld(
      {
        accounts,
        clock: () => at("2026-01-20T12:00:00Z"),
        // The second page is on its way when the entry comes, and the third one moves.
        faults: { script: [{ call: "redemptions", nth: 2, fault: "delay", after: "1ms" }] },
        onHold: () => addOne()
      },
      ({ client, sandbox }) =>
        Effect.gen(function* () {
          const redeem = sandbox.run({ _tag: "Redeem", userId: ACCOUNT, redemptionType: "TRAVEL", points: points("1") })
          for (let index = 0; index < 125; index++) yield* redeem
          addOne = () => Effect.runSync(redeem)
          const day = at("2026-01-20T00:00:00Z")
          const listed = yield* client.redemptions({ userId: ACCOUNT, from: day, to: day })
          const ids = listed.map(({ id }) => Number(id))
          expect(ids).toEqual(Array.from({ length: 126 }, (_, index) => 5_134_845 - index))
          // Four pages, the first one again, and all that once more.
          expect(yield* sandbox.exchanges).toHaveLength(10)
        })
    )
  })

  it("names the redemption of a credit only under the rule that says so", () =>
    inWorld({ accounts: [{ userId: ACCOUNT, lots: [lot("A", "9")] }] }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const now = BigInt(Date.now()) * 1000n
        const { redemptionId } = yield* client.redeem({
          processedBy: "E",
          redemptionType: "TRAVEL",
          userId: ACCOUNT,
          points: points("2")
        })
        yield* client.credit({
          processedBy: "E",
          redemptionType: "TRAVEL",
          redemptionId,
          userId: ACCOUNT,
          points: undefined
        })
        const named = Effect.map(client.redemptions({ userId: ACCOUNT, from: now, to: now }), (entries) =>
          entries.map(({ creditOf }) => creditOf)
        )
        expect(yield* named).toEqual([redemptionId, undefined])
        yield* sandbox.setRules({ creditNamesRedemption: false })
        expect(yield* named).toEqual([undefined, undefined])
      })
    ))
})

describe("what is kept of the past", () => {
  it("is the last items, and the others are counted", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 }), fc.nat({ max: 40 }), (maximum, count) => {
        const recent = new Recent<number>(maximum)
        const all = Array.from({ length: count }, (_, index) => index)
        for (const item of all) recent.add(item)
        expect(recent.items()).toEqual(maximum === 0 ? [] : all.slice(-maximum))
        expect(recent.dropped).toBe(Math.max(0, count - maximum))
      })
    )
    const whole = new Recent<number>(Number.POSITIVE_INFINITY)
    for (let item = 0; item < 50_000; item++) whole.add(item)
    expect([whole.items().length, whole.dropped]).toEqual([50_000, 0])
  })
})

describe("late effects", () => {
  it("come soonest first, in the order of their promises where two are due at once", () => {
    fc.assert(
      fc.property(fc.array(instant, { maxLength: 20 }), instant, (dues, now) => {
        const late = new LateEffects<number>()
        for (const [index, due] of dues.entries()) late.add({ due, what: index })
        const taken: Array<readonly [bigint, number]> = []
        for (let next = late.take(now); next !== undefined; next = late.take(now)) taken.push([next.due, next.what])
        expect(taken).toEqual(
          dues
            .map((due, index) => [due, index] as const)
            .filter(([due]) => due <= now)
            .sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j))
        )
      })
    )
  })
})
