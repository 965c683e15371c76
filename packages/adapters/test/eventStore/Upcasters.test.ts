import { Fact } from "@pointback/domain"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import * as Upcasters from "../../src/eventStore/Upcasters.ts"
import { earned, PRESENT, steps } from "./OldVersions.ts"

describe("upcasters", () => {
  it("leave the released events alone", () => {
    const event = { type: "PointsEarned", payload: { points: "1" } }
    assert.strictEqual(Upcasters.toPresent(event, Fact.SCHEMA_VERSION), event)
  })

  it("lead a renamed type, a split field and a new field from every version to the present", () => {
    for (const [index, stored] of earned.entries()) {
      assert.deepStrictEqual(Upcasters.toPresent(stored, index + 1, steps), earned[PRESENT - 1])
    }
  })

  it("run the steps that follow a version, each once and in order", () => {
    const trace =
      (step: number): Upcasters.Upcaster =>
      ({ payload, type }) => ({ type: `${type}${step}`, payload })
    fc.assert(
      fc.property(fc.nat({ max: 9 }), fc.nat({ max: 9 }), (count, done) => {
        const numbers = Array.from({ length: count }, (_, step) => step)
        const version = Math.min(done, count) + 1
        const { type } = Upcasters.toPresent({ type: "", payload: {} }, version, numbers.map(trace))
        assert.strictEqual(type, numbers.slice(version - 1).join(""))
      })
    )
  })
})
