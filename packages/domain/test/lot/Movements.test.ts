import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Movements from "../../src/lot/Movements.ts"
import { byTime } from "../support/Model.ts"

/** Few instants, so that many movements share one; the points tell movements apart. */
const movements: fc.Arbitrary<ReadonlyArray<Movements.Movement>> = fc.array(
  fc.record({ at: fc.bigInt({ min: 0n, max: 9n }), points: fc.bigInt({ min: -1000n, max: 1000n }) }),
  { maxLength: 40, size: "max" }
)

/** Oldest first. */
const listed = (movements: Movements.Movements): Array<Movements.Movement> => {
  const all: Array<Movements.Movement> = []
  for (let movement = movements; movement !== null; movement = movement.before) {
    all.unshift({ at: movement.at, points: movement.points })
  }
  return all
}

describe("Movements", () => {
  it("stand by instant, then in the order of the log", () => {
    fc.assert(
      fc.property(movements, (log) => {
        expect(listed(Movements.fromIterable(log))).toEqual(byTime(log))
      })
    )
  })

  it("that grow from the same ones in two ways are each right, and leave those as they were", () => {
    fc.assert(
      fc.property(movements, movements, movements, (log, left, right) => {
        const base = Movements.fromIterable(log)
        let a = base
        let b = base
        // In turns, so that each has grown where the other one grows next.
        for (let i = 0; i < Math.max(left.length, right.length); i++) {
          a = left.slice(i, i + 1).reduce(Movements.add, a)
          b = right.slice(i, i + 1).reduce(Movements.add, b)
        }
        expect(listed(a)).toEqual(byTime([...log, ...left]))
        expect(listed(b)).toEqual(byTime([...log, ...right]))
        expect(listed(base)).toEqual(byTime(log))
      })
    )
  })

  it("that come in order share all that came before", () => {
    const base = Movements.fromIterable([{ at: 1n, points: 1n }])
    expect(Movements.add(base, { at: 1n, points: 2n })?.before).toBe(base)
  })
})
