import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { LateEffects } from "../../src/sandbox/SandboxLateEffects.ts"

const instant = fc.bigInt({ min: 0n, max: 20n })

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
