import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import { confirm, record, redeem, request } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history } from "../support/History.ts"
import { EVER, heldAt, isLiveAt, liveAt, lotsOf, sum } from "../support/Model.ts"

/** The last instant at which nothing has expired that lives at `from`, at most a day later. */
const before = (facts: ReadonlyArray<Fact>, from: bigint): bigint => {
  const ends = Array.from(lotsOf(facts).values())
    .filter((lot) => isLiveAt(lot, from))
    .flatMap((lot) => (lot.expiresAt === null ? [] : [lot.expiresAt - 1n]))
  return ends.reduce((a, b) => (a < b ? a : b), from + 86_400_000_000n)
}

const credits = {
  recorded: [record("inverse", "credit", "2000-01-01")],
  confirmed: [request("inverse", "credit", "2000-01-01"), confirm("inverse", "credit")]
}

const share = fc.integer({ min: 1, max: 1000 })

describe("L3 inverse", () => {
  it.each(["recorded", "confirmed"] as const)(
    "L3 inverse: a redemption and its full credit (%s), nothing expiring between, leave every lot as it was",
    (way) => {
      fc.assert(
        fc.property(history(), share, fc.boolean(), ({ facts, now, policy }, thousandths, atOnce) => {
          const live = sum(liveAt(facts, now).values())
          const step = 10n ** BigInt(4 - policy.scale)
          const points = (((live / step) * BigInt(thousandths)) / 1000n) * step
          fc.pre(points > 0n)
          const occurredAt = atOnce ? now : before(facts, now)
          const after = append(
            facts,
            [
              redeem("inverse", 0, "2000-01-01", { points, occurredAt: now }),
              ...credits[way].map((command) => ("occurredAt" in command ? { ...command, occurredAt } : command))
            ],
            { ...policy, creditWindowDays: null }
          )
          expect(sum(heldAt(after.slice(0, facts.length + 1), EVER).values())).not.toBe(
            sum(heldAt(facts, EVER).values())
          )
          expect(heldAt(after, EVER)).toEqual(heldAt(facts, EVER))
          expect(liveAt(after, occurredAt)).toEqual(liveAt(facts, occurredAt))
          expect(lotsOf(after)).toEqual(lotsOf(facts))
        })
      )
    }
  )
})
