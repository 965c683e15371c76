import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { evaluate, nothing, planOf } from "../support/Evaluation.ts"

/** `pnpm evaluate` does it at full size; here are enough breaks of every type. */
const SEEDS = [1, 2, 3]
const REDEMPTIONS = 3_000
const PERCENT = 20

describe("the matcher on programs whose breaks are known", () => {
  it("finds what can be known, calls the rest ambiguous or unknown, and links nothing wrongly", async () => {
    const evaluation = nothing()
    for (const seed of SEEDS) await Effect.runPromise(evaluate(planOf(seed, REDEMPTIONS, PERCENT), evaluation))
    assert.strictEqual(evaluation.wrongLinks, 0)
    assert.isAbove(evaluation.matches, SEEDS.length * REDEMPTIONS)
    assert.strictEqual(evaluation.scores.size, 12, "every type was made")
    for (const [type, { found, made, wrong }] of evaluation.scores) {
      assert.isAbove(made, 15, type)
      assert.isAtLeast(found / made, 0.99, `recall of ${type}`)
      assert.isAtLeast(found / (found + wrong), 0.99, `precision of ${type}`)
    }
  })

  it("finds nothing in a program that has no breaks", async () => {
    const evaluation = nothing()
    await Effect.runPromise(evaluate(planOf(4, REDEMPTIONS, 0), evaluation))
    assert.deepStrictEqual([evaluation.wrongLinks, evaluation.scores.size, evaluation.examples], [0, 0, []])
  })
})
