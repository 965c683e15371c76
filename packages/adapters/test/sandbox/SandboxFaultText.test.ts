import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Faults from "../../src/sandbox/SandboxFaults.ts"
import * as FaultText from "../../src/sandbox/SandboxFaultText.ts"

const read = (text: string) => Result.getOrThrow(FaultText.parse(text))

describe("faults as text", () => {
  it("are read in their short form, in any spelling and order", () => {
    const expected = {
      seed: 5,
      rates: {
        dropAfter: { rate: 0.1 },
        lateEffect: { rate: 0.05, after: 30_000 },
        refuse: { rate: 0.2, status: 422 },
        wrongBalance: { rate: 0.01, by: 15_000n }
      },
      script: [],
      historyLag: 90_000
    }
    expect(
      read("drop-after=0.1, late-effect=0.05:30s,refuse=0.2:422,wrong-balance=0.01:1.5,history-lag=90s,seed=5")
    ).toEqual(expected)
    expect(
      read(
        "seed=5,historyLag=90000ms,wrongBalance=0.01:1.5,refuse=0.2:422,lateEffect=0.05:30000ms,dropAfter=.1".replace(
          "=.1",
          "=0.1"
        )
      )
    ).toEqual(expected)
    expect(read("")).toEqual(Faults.none)
  })

  it("are read as JSON", () => {
    expect(read(`{"script":[{"call":"credit","nth":2,"fault":"dropAfter"}],"historyLag":250}`)).toEqual({
      ...Faults.none,
      script: [{ call: "credit", nth: 2, fault: "dropAfter" }],
      historyLag: 250
    })
  })

  it.each([
    ["drop=0.1", "drop=0.1", "there is no drop; there are refuse, refuse-at-gateway, delay"],
    ["drop-after", "drop-after", "name=value"],
    ["drop-after=0.1,dropAfter=0.2", "dropAfter=0.2", "there twice"],
    ["drop-after=1.1", "rates.dropAfter.rate", "a probability from 0 to 1"],
    ["drop-after=often", "rates.dropAfter.rate", "Expected number"],
    ["drop-after=0.6,garbage=0.6", "rates", "must not be more than 1 in all, and are 1.2"],
    ["drop-after=0.6:404", "rates.dropAfter.status", "dropAfter takes no such setting"],
    ["delay=0.6:3x", "rates.delay.after", "such as 500ms, 30s, 2m or 1h"],
    ["refuse=0.6:502", "rates.refuse.status", "from 400 to 499"],
    ["server-error-after=0.6:404", "rates.serverErrorAfter.status", "from 500 to 599"],
    ["wrong-remaining=0.6:0", "rates.wrongRemaining.by", "must be more than zero"],
    ["history-lag=25h", "historyLag", "up to a day"],
    ["seed=x", "seed", "Expected number"],
    ["{", "", "it begins like JSON and is none"],
    [`{"lag":1}`, "lag", "there is no such member"],
    [`{"script":[{"fault":"drop"}]}`, "script.0.fault", "Expected"],
    [`{"script":[{"fault":"refuse","nth":0}]}`, "script.0.nth", "a count from 1"],
    [`{"script":[{"fault":"garbage","by":"1"}]}`, "script.0.by", "garbage takes no such setting"]
  ])("%s is refused and named", (text, path, problem) => {
    const failure = Result.getOrThrow(Result.flip(FaultText.parse(text)))
    expect(failure._tag).toBe("SandboxFaultsInvalid")
    expect(failure.problems.map(({ path }) => path)).toContain(path)
    expect(failure.message).toContain(problem)
  })

  it("come back as they were from what is written of them", () => {
    const rates = fc
      .uniqueArray(fc.constantFrom(...Faults.FAULTS), { maxLength: 4 })
      .map((faults) => Object.fromEntries(faults.map((fault) => [fault, 0.2])))
    fc.assert(
      fc.property(fc.integer(), rates, fc.nat({ max: 86_400_000 }), (seed, rates, historyLag) => {
        const specification = Result.getOrThrow(
          Faults.decode({ seed, rates, historyLag, script: [{ fault: "wrongBalance", by: "2.5" }] })
        )
        expect(read(JSON.stringify(Faults.toInput(specification)))).toEqual(specification)
      })
    )
  })
})
