import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Fact from "../../src/event/Fact.ts"
import type { Refusal } from "../../src/refusal/Refusal.ts"
import { history } from "./History.ts"
import { isCredited } from "./Model.ts"

const HISTORIES = 300

/** How often each name occurs. */
const count = (names: ReadonlyArray<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const REFUSALS: ReadonlyArray<Refusal["_tag"]> = [
  "InvalidPoints",
  "InvalidDates",
  "UnknownRedemption",
  "LotExists",
  "RedemptionExists",
  "InsufficientPoints",
  "LotExpired",
  "LotOverdrawn",
  "ExceedsRedeemed",
  "ExceedsRemaining",
  "AlreadyFullyCredited",
  "CreditExists",
  "CreditInFlight",
  "CreditNotInFlight",
  "LotNotOutstanding",
  "CreditBeforeRedemption",
  "CreditWindowClosed",
  "ExpiredLotsRefused",
  "RedemptionTypeNotCreditable",
  "ExpiredDiffers"
]

// The laws say nothing about what the histories never do; this holds the histories to doing everything.
describe("generated histories", () => {
  const histories = fc.sample(history(), HISTORIES)
  const steps = histories.flatMap((history) => history.steps)
  const facts = histories.flatMap((history) => history.facts)
  const credits = facts.map(({ event }) => event).filter(isCredited)

  it("have at least 60 of 100 commands accepted", () => {
    const accepted = steps.filter(({ outcome }) => Result.isSuccess(outcome)).length
    expect(accepted / steps.length).toBeGreaterThanOrEqual(0.6)
  })

  it("have every type of event", () => {
    const seen = count(facts.map(({ event }) => event._tag))
    const types = Fact.Event.members.flatMap((union): Array<string> => Object.keys(union.cases))
    expect(types.filter((type) => (seen.get(type) ?? 0) < HISTORIES / 30)).toEqual([])
  })

  it("have every refusal that a state can bring about", () => {
    const seen = count(steps.flatMap(({ outcome }) => (Result.isFailure(outcome) ? [outcome.failure._tag] : [])))
    expect(REFUSALS.filter((tag) => !seen.has(tag))).toEqual([])
  })

  it("have every fate, credits in one piece and in several, late facts, ties, and expiries that are taken back", () => {
    const fates = count(credits.flatMap(({ restorations }) => restorations.map(({ fate }) => fate)))
    expect(["live", "expired", "extended"].filter((fate) => (fates.get(fate) ?? 0) < 10)).toEqual([])
    expect(credits.filter(({ _tag, mode }) => _tag === "FullyCredited" && mode === "partial").length).toBeGreaterThan(
      10
    )
    expect(facts.filter(({ event }) => event._tag === "PointsExpired" && event.points < 0n).length).toBeGreaterThan(3)
    const steps = histories.flatMap(({ facts }) => facts.slice(1).map((fact, i) => [facts[i]!, fact] as const))
    expect(steps.filter(([before, after]) => after.occurredAt < before.occurredAt).length).toBeGreaterThan(100)
    expect(steps.filter(([before, after]) => after.occurredAt === before.occurredAt).length).toBeGreaterThan(100)
  })
})
