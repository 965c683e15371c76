import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Command } from "../../src/command/Decide.ts"
import { MICROS_PER_DAY } from "../../src/time/Instant.ts"
import { confirm, creditId } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf } from "../support/History.ts"
import { balances } from "../support/Ledger.ts"
import type { ModelRedemption } from "../support/Model.ts"
import { EVER, expiredOnReversal, heldAt, liveAt, redemptionsOf } from "../support/Model.ts"

const EXPIRE = policyOf({ _tag: "Expire" })

/** The parts of an amount that some thousandths cut it into; one part where they cut nothing. */
const cut = (points: bigint, cuts: ReadonlyArray<number>): Array<bigint> => {
  const marks = [0n, ...cuts.map((c) => (points * BigInt(c)) / 1000n), points].sort((a, b) => (a < b ? -1 : 1))
  return marks
    .slice(1)
    .map((mark, i) => mark - (marks[i] ?? 0n))
    .filter((part) => part > 0n)
}

/** Credits of these parts at one instant, recorded or requested and confirmed by turns. */
const partial = (
  { redemptionId }: ModelRedemption,
  parts: ReadonlyArray<bigint>,
  occurredAt: bigint,
  requested: number
) =>
  parts.flatMap((points, i): Array<Command> => {
    const credit = { redemptionId, creditId: creditId(`part-${i}`), points, occurredAt }
    return (requested >> i) % 2 === 0
      ? [{ _tag: "RecordCredit", ...credit, origin: "ours", mastercard: null }]
      : [{ _tag: "RequestCredit", ...credit }, confirm(redemptionId, credit.creditId)]
  })

const full = ({ redemptionId }: ModelRedemption, occurredAt: bigint): Array<Command> => [
  { _tag: "RecordCredit", redemptionId, creditId: creditId("full"), origin: "ours", mastercard: null, occurredAt }
]

const isOpen = ({ credited, inFlight, points, redemptionType }: ModelRedemption): boolean =>
  inFlight === undefined && credited < points && redemptionType !== "CASHBACK"

describe("L4 split independence", () => {
  it("L4 split independence: however a full credit is cut at one instant, lot and ledger balances end the same", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 6 })
    const variation = fc.record({ requested: fc.nat({ max: 127 }), pick: fc.nat(), late: fc.nat({ max: 3 }) })
    fc.assert(
      fc.property(history(EXPIRE), cuts, variation, ({ facts, now }, marks, { late, pick, requested }) => {
        const open = Array.from(redemptionsOf(facts).values()).filter(isOpen)
        const redemption = open[pick % open.length]
        fc.pre(redemption !== undefined)
        const at = now - (BigInt(late) * (now - redemption.at)) / 3n
        const parts = cut(redemption.points - redemption.credited, marks)
        const split = append(facts, partial(redemption, parts, at, requested), EXPIRE)
        const whole = append(facts, full(redemption, at), EXPIRE)
        for (const instant of [at, now, now + 40n * MICROS_PER_DAY, EVER]) {
          expect(heldAt(split, instant)).toEqual(heldAt(whole, instant))
          expect(liveAt(split, instant)).toEqual(liveAt(whole, instant))
        }
        expect(expiredOnReversal(split)).toBe(expiredOnReversal(whole))
        expect(balances(split)).toEqual(balances(whole))
      })
    )
  })
})
