/** A seed decides everything. */
import { Effect } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { type Dice, seeded } from "../../src/generate/Dice.ts"

const diceOf = (seed: string): Dice => Effect.runSync(seeded(seed))

const throws = (dice: Dice) => Array.from({ length: 50 }, () => dice.fraction())

describe("dice", () => {
  it("fall the same for the same seed, and otherwise for another", () => {
    assert.deepStrictEqual(throws(diceOf("a")), throws(diceOf("a")))
    assert.notDeepEqual(throws(diceOf("a")), throws(diceOf("b")))
  })

  it("of one seed are not disturbed by those of another", () => {
    const [one, other] = [diceOf("a"), diceOf("b")]
    const together = Array.from({ length: 50 }, () => [one.fraction(), other.fraction()] as const)
    assert.deepStrictEqual(
      together.map(([first]) => first),
      throws(diceOf("a"))
    )
  })

  it("give whole numbers between both bounds, and reach both", () => {
    const dice = diceOf("bounds")
    const found = new Set(Array.from({ length: 500 }, () => dice.between(-2, 3)))
    assert.deepStrictEqual(
      Array.from(found).sort((a, b) => a - b),
      [-2, -1, 0, 1, 2, 3]
    )
  })

  it("take the heavier item more often, and never one without a weight", () => {
    const dice = diceOf("weights")
    const taken = { heavy: 0, light: 0, none: 0 }
    for (let i = 0; i < 4000; i++) {
      taken[
        dice.weighted([
          [0, "none"],
          [3, "heavy"],
          [1, "light"],
          [0, "none"]
        ] as const)
      ]++
    }
    assert.strictEqual(taken.none, 0)
    assert.approximately(taken.heavy / taken.light, 3, 0.5)
  })

  it("come true as often as asked", () => {
    const dice = diceOf("chances")
    const times = (percent: number) => Array.from({ length: 2000 }, () => dice.chance(percent)).filter(Boolean).length
    assert.deepStrictEqual([times(0), times(100)], [0, 2000])
    assert.approximately(times(30), 600, 100)
  })

  it("take some items, each once, as many as there are at most", () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.nat()), fc.nat({ max: 8 }), (seed, items, most) => {
        const some = diceOf(seed).some(items, most)
        assert.strictEqual(some.length, Math.min(most, items.length))
        assert.strictEqual(new Set(some).size, some.length)
        for (const item of some) assert.include(items, item)
      })
    )
  })
})
