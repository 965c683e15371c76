import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { LotId } from "../../src/identity/Ids.ts"
import type { Draw } from "../../src/lot/Draw.ts"
import type { Restoration } from "../../src/lot/Restoration.ts"
import * as Redemption from "../../src/redemption/Redemption.ts"
import type { RedemptionEvent } from "../../src/redemption/RedemptionEvent.ts"
import { creditId, lotId, MERCHANT, redemptionId } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { add, sum } from "../support/Model.ts"

/** Freezes a value and all that it holds: whoever writes to it afterwards throws. */
const frozen = <A>(value: A): A => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  Object.values(value).forEach(frozen)
  return value
}

const STATUS = { earnedAt: 0n, expiresAt: null } as const

const redeemed = (draws: ReadonlyArray<Draw>): RedemptionEvent => ({
  _tag: "Redeemed",
  redemptionId: redemptionId("r"),
  points: sum(draws.map(({ points }) => points)),
  draws,
  redemptionType: "MERCHANDISE",
  processedBy: MERCHANT,
  policyVersion: 0
})

/** A credit that gives a point back to each of the lots, to one as often as it is named. */
const credited = (name: string, lots: ReadonlyArray<LotId>): RedemptionEvent => {
  const restorations = lots.map((lotId): Restoration => ({ lotId, points: 1n, fate: "live", ...STATUS }))
  const amounts = { points: BigInt(lots.length), remaining: 1n }
  const rest = { mode: "partial", restorations, policyVersion: 0, mastercard: null } as const
  return { _tag: "PartiallyCredited", creditId: creditId(name), ...amounts, ...rest }
}

const replay = (events: ReadonlyArray<RedemptionEvent>): Redemption.RedemptionState =>
  events.reduce((state, event) => frozen(Redemption.evolve(state, frozen(event), 0n)), Redemption.none)

const restoredOf = (state: Redemption.RedemptionState): Array<bigint> =>
  state._tag === "None" ? [] : state.redemption.draws.map(({ restored }) => restored)

const drawsOf = (amounts: ReadonlyArray<bigint>): Array<Draw> =>
  amounts.map((points, i) => ({ lotId: lotId(`lot-${i}`), points, ...STATUS }))

describe("Redemption.evolve", () => {
  it("writes to no state and no event", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        const states = new Map<string, Redemption.RedemptionState>()
        for (const { event, occurredAt, stream } of facts) {
          if (stream._tag === "Account") continue
          const state = states.get(stream.redemptionId) ?? Redemption.none
          const next = Redemption.evolve(state, frozen(event as RedemptionEvent), occurredAt)
          states.set(stream.redemptionId, frozen(next))
        }
        expect(states).toEqual(new Map(account.redemptions))
      })
    )
  })

  it("gives every point back to the draw of its lot, in whatever order, of however many draws", () => {
    const amounts = fc.array(fc.bigInt({ min: 1n, max: 3n }), { minLength: 1, maxLength: 150, size: "max" })
    const picks = fc.array(fc.array(fc.nat({ max: 149 }), { minLength: 1, maxLength: 20, size: "max" }), {
      maxLength: 20,
      size: "max"
    })
    fc.assert(
      fc.property(amounts, picks, (amounts, credits) => {
        const draws = drawsOf(amounts)
        const chosen = credits.map((positions) => positions.map((position) => position % draws.length))
        const events = chosen.map((positions, i) =>
          credited(
            `c${i}`,
            positions.map((position) => draws[position]!.lotId)
          )
        )
        const expected = new Map<number, bigint>()
        for (const position of chosen.flat()) add(expected, position, 1n)
        expect(restoredOf(replay([redeemed(draws), ...events]))).toEqual(draws.map((_, i) => expected.get(i) ?? 0n))
      })
    )
  })

  it("gives back along the draws from the last to the first, point by point", () => {
    const draws = drawsOf(Array.from({ length: 70 }, () => 2n))
    const order = draws.toReversed().flatMap(({ lotId }) => [lotId, lotId])
    const events = order.slice(0, -1).map((lotId, i) => credited(`c${i}`, [lotId]))
    expect(restoredOf(replay([redeemed(draws), ...events]))).toEqual([1n, ...draws.slice(1).map(() => 2n)])
  })

  it("throws on points of a lot that was not drawn, be it the first of a credit or a later one", () => {
    const first = lotId("lot-0")
    const nowhere = lotId("nowhere")
    for (const length of [1, 2, 70]) {
      const draws = drawsOf(Array.from({ length }, () => 2n))
      for (const lots of [[nowhere], [first, nowhere], [nowhere, first]]) {
        expect(() => replay([redeemed(draws), credited("c", lots)])).toThrow(
          "corrupt history: points go back to lot nowhere, which was not drawn"
        )
      }
    }
  })
})
