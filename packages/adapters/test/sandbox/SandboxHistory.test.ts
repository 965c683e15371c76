import { Effect } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as History from "../../src/sandbox/SandboxHistory.ts"
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
