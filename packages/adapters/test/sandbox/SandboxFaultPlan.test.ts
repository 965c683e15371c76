import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type CallSubject, FaultPlan } from "../../src/sandbox/SandboxFaultPlan.ts"
import * as Faults from "../../src/sandbox/SandboxFaults.ts"

const planOf = (input: Faults.SpecificationInput) => new FaultPlan(Result.getOrThrow(Faults.decode(input)))

const subject = fc.record<CallSubject>({
  call: fc.constantFrom("credit", "redeem", "redemptions", "redeemer"),
  redemption: fc.constantFrom(undefined, "1", "2", "3"),
  account: fc.constantFrom("a", "b")
})

const specification = fc.record<Faults.SpecificationInput>({
  seed: fc.integer(),
  rates: fc
    .uniqueArray(fc.constantFrom(...Faults.FAULTS), { maxLength: 5 })
    .map((faults) => Object.fromEntries(faults.map((fault) => [fault, 0.15]))),
  script: fc.array(
    fc.record(
      {
        call: fc.constantFrom("credit" as const, "redeem" as const),
        nth: fc.integer({ min: 1, max: 4 }),
        redemption: fc.constantFrom("1", "2"),
        fault: fc.constantFrom(...Faults.FAULTS)
      },
      { requiredKeys: ["fault", "nth"] }
    ),
    { maxLength: 3 }
  )
})

const keyOf = ({ account, call, redemption }: CallSubject) => `${call} ${redemption ?? account}`

/** The faults of calls in their order, by what they are about. */
const met = (plan: FaultPlan, calls: ReadonlyArray<CallSubject>) => {
  const faults = new Map<string, Array<string | undefined>>()
  for (const call of calls) {
    faults.set(keyOf(call), [...(faults.get(keyOf(call)) ?? []), plan.next(call)?.fault])
  }
  return faults
}

describe("which fault a call gets", () => {
  it("depends on seed and subject and not on what else arrives in between", () => {
    fc.assert(
      fc.property(
        specification,
        // One account, so that what a call is about says all that lines of a script can ask for.
        fc.array(
          subject.map((call) => ({ ...call, account: "a" })),
          { maxLength: 40 }
        ),
        fc.infiniteStream(fc.nat()),
        (specification, calls, dice) => {
          const shuffled: Array<CallSubject> = []
          // Calls about the same keep their order; all others may pass each other.
          const queues = [...new Set(calls.map(keyOf))].map((key) => calls.filter((call) => keyOf(call) === key))
          for (let left = calls.length; left > 0; left--) {
            const waiting = queues.filter((queue) => queue.length > 0)
            const next = waiting[(dice.next().value as number) % waiting.length]?.shift()
            if (next !== undefined) shuffled.push(next)
          }
          expect(met(planOf(specification), shuffled)).toEqual(met(planOf(specification), calls))
        }
      )
    )
  })

  it("is another one for another seed", () => {
    const calls = Array.from({ length: 200 }, (): CallSubject => ({ call: "credit", redemption: "1", account: "a" }))
    const faults = [1, 2].map((seed) => met(planOf({ seed, rates: { dropAfter: 0.5 } }), calls).get("credit 1"))
    expect(faults[0]).not.toEqual(faults[1])
  })

  it("comes as often as its rate says", () => {
    const plan = planOf({ seed: 7, rates: { dropAfter: 0.1, garbage: 0.3 } })
    const counts = new Map<string | undefined, number>()
    const calls = 20_000
    for (let index = 0; index < calls; index++) {
      const fault = plan.next({ call: "credit", redemption: String(index), account: "a" })?.fault
      counts.set(fault, (counts.get(fault) ?? 0) + 1)
    }
    // Five standard deviations of a fair draw are less than 0.017.
    expect(Math.abs((counts.get("dropAfter") ?? 0) / calls - 0.1)).toBeLessThan(0.017)
    expect(Math.abs((counts.get("garbage") ?? 0) / calls - 0.3)).toBeLessThan(0.017)
    expect(new Set(counts.keys())).toEqual(new Set(["dropAfter", "garbage", undefined]))
  })

  it("comes from the first line of the script that fits, with its settings, before any rate", () => {
    const plan = planOf({
      rates: { garbage: 1 },
      script: [
        { call: "credit", nth: 2, redemption: "1", fault: "delay", after: "2s" },
        { call: "credit", redemption: "1", fault: "refuse", status: 422 },
        { call: "redeem", account: "b", fault: "dropBefore" }
      ]
    })
    const credit = (redemption: string): CallSubject => ({ call: "credit", redemption, account: "a" })
    const redeem = (account: string): CallSubject => ({ call: "redeem", redemption: undefined, account })
    expect(plan.next(credit("1"))).toMatchObject({ fault: "refuse", status: 422 })
    expect(plan.next(credit("1"))).toMatchObject({ fault: "delay", after: 2000 })
    expect(plan.next(credit("2"))).toEqual({ fault: "garbage" })
    expect(plan.next(redeem("b"))).toMatchObject({ fault: "dropBefore" })
    expect(plan.next(redeem("a"))).toEqual({ fault: "garbage" })
  })
})
