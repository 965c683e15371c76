/** Tasks come in the order of time. */
import { Ids } from "@pointback/domain"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { Agenda, type Task } from "../../src/generate/Agenda.ts"

const task = (index: number): Task => ({ _tag: "Expire", lotId: Ids.LotId.make(`lot-${index}`), booked: true })

describe("the agenda", () => {
  it("gives the soonest task first, and those of one instant as they were added", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -3n, max: 3n }), { maxLength: 40 }), (instants) => {
        const agenda = new Agenda()
        const added = instants.map((at, index) => ({ at, task: task(index) }))
        for (const { at, task } of added) agenda.add(at, task)
        const taken = Array.from(added, () => agenda.next())
        assert.deepStrictEqual(
          taken,
          added.toSorted((a, b) => Number(a.at - b.at))
        )
        assert.isUndefined(agenda.next())
      })
    )
  })

  it("takes new tasks between others that are still to come", () => {
    const agenda = new Agenda()
    agenda.add(1n, task(1))
    agenda.add(5n, task(5))
    assert.strictEqual(agenda.next()?.at, 1n)
    agenda.add(3n, task(3))
    assert.deepStrictEqual([agenda.next()?.at, agenda.next()?.at, agenda.next()], [3n, 5n, undefined])
  })
})
