import { Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Policy from "../../src/program/Policy.ts"
import { policy } from "../support/History.ts"

const decode = Schema.decodeUnknownResult(Policy.Policy)

describe("Policy", () => {
  it("is the same after its way through JSON", () => {
    fc.assert(
      fc.property(policy, (policy) => {
        const stored = JSON.parse(JSON.stringify(Schema.encodeSync(Policy.Policy)(policy)))
        expect(decode(stored)).toEqual(Result.succeed(policy))
      })
    )
  })

  it.each<readonly [string, object]>([
    ["scale", { scale: 5 }],
    ["scale", { scale: -1 }],
    ["scale", { scale: 1.5 }],
    ["version", { version: -1 }],
    ["zone", { zone: "nowhere" }],
    ["zone", { zone: "+02:00" }],
    ["days", { expiredLots: { _tag: "Extend", days: 0 } }],
    ["days", { expiredLots: { _tag: "Extend", days: 36_526 } }],
    ["days", { expiredLots: { _tag: "Extend" } }],
    ["expiredLots", { expiredLots: { _tag: "Forget" } }],
    ["creditWindowDays", { creditWindowDays: 0 }],
    ["agingBoundaries", { agingBoundaries: [] }],
    ["agingBoundaries", { agingBoundaries: [30, 30] }],
    ["agingBoundaries", { agingBoundaries: [60, 30] }],
    ["agingBoundaries", { agingBoundaries: Array.from({ length: 25 }, (_, i) => i + 1) }]
  ])("refuses a %s of %j", (field, change) => {
    const outcome = decode({ ...Policy.initial, ...change })
    expect(Result.isFailure(outcome) ? String(outcome.failure) : "accepted").toContain(field)
  })

  it("without one a program keeps two digits, lets points expire and sets no time limit", () => {
    expect(decode(Policy.initial)).toEqual(Result.succeed(Policy.initial))
    expect(Policy.initial).toMatchObject({ version: 0, scale: 2, zone: "UTC", creditWindowDays: null })
  })
})
