import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Recent } from "../../src/sandbox/SandboxRecent.ts"

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
