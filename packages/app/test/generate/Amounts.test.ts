/** Amounts that a program of the default scale takes. */
import { Points, Policy } from "@pointback/domain"
import { Effect } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as Amounts from "../../src/generate/Amounts.ts"
import { seeded } from "../../src/generate/Dice.ts"

describe("generated amounts", () => {
  it("are of the size that was asked for, some with a fraction, never a finer one than the default scale has", () => {
    const dice = Effect.runSync(seeded("amounts"))
    const amounts = Array.from({ length: 300 }, () => Amounts.amount(dice, 5, 7))
    for (const amount of amounts) {
      assert.isTrue(amount >= 5n * Points.UNITS_PER_POINT && amount < 8n * Points.UNITS_PER_POINT)
      assert.isTrue(Points.fitsScale(amount, Policy.initial.scale))
    }
    const whole = amounts.filter((amount) => amount % Points.UNITS_PER_POINT === 0n).length
    assert.isTrue(whole > 0 && whole < amounts.length)
  })

  it("have shares that are at least a hundredth, at most all, and within the scale", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.integer({ min: 1, max: 100 }), (hundredths, percent) => {
        const points = hundredths * Amounts.HUNDREDTH
        const share = Amounts.share(points, percent)
        assert.isTrue(share >= Amounts.HUNDREDTH && share <= points)
        assert.isTrue(Points.fitsScale(share, Policy.initial.scale))
        if (percent === 100) assert.strictEqual(share, points)
      })
    )
  })
})
