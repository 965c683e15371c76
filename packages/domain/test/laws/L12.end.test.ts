import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import { confirm, decline, record, redeem, request, unknown } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { isCredited, redemptionsOf, sum } from "../support/Model.ts"

/** The events of each redemption, in the order of its stream. */
const streams = (facts: ReadonlyArray<Fact>): Array<ReadonlyArray<Fact["event"]>> => {
  const byId = new Map<string, Array<Fact["event"]>>()
  for (const { event, stream } of facts) {
    if (stream._tag === "Redemption") byId.set(stream.redemptionId, [...(byId.get(stream.redemptionId) ?? []), event])
  }
  return Array.from(byId.values())
}

describe("L12 end", () => {
  it("L12 end: FullyCredited stands exactly where remaining reaches 0, and nothing follows it", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const events of streams(facts)) {
          const [first] = events
          const redeemed = first?._tag === "Redeemed" ? first.points : 0n
          events.forEach((event, i) => {
            if (!isCredited(event)) return
            const credited = sum(
              events
                .slice(0, i + 1)
                .filter(isCredited)
                .map(({ points }) => points)
            )
            expect(event._tag === "FullyCredited").toBe(credited === redeemed)
            expect(event._tag === "FullyCredited").toBe(event.remaining === 0n)
            if (event._tag === "FullyCredited") expect(i).toBe(events.length - 1)
          })
        }
      })
    )
  })

  it("L12 end: a stream begins with Redeemed and has it once", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const events of streams(facts)) {
          expect(events.findIndex(({ _tag }) => _tag === "Redeemed")).toBe(0)
          expect(events.filter(({ _tag }) => _tag === "Redeemed")).toHaveLength(1)
        }
      })
    )
  })

  it("L12 end: outcomes follow their own request, and a request follows no other that is open", () => {
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        const mastercards = new Set(
          steps.flatMap(({ command }) =>
            command._tag === "RecordCredit" && command.origin === "mastercard" ? [command.creditId as string] : []
          )
        )
        for (const events of streams(facts)) {
          let inFlight: string | undefined
          for (const event of events) {
            if (event._tag === "CreditRequested") {
              expect(inFlight).toBeUndefined()
              inFlight = event.creditId
            }
            if (event._tag === "CreditOutcomeUnknown") expect(event.creditId).toBe(inFlight)
            if (event._tag === "CreditDeclined") expect(event.creditId).toBe(inFlight)
            // Another credit beside the one in flight is Mastercard's own, and never the last one.
            if (isCredited(event) && inFlight !== undefined && event.creditId !== inFlight) {
              expect(mastercards.has(event.creditId)).toBe(true)
              expect(event._tag).toBe("PartiallyCredited")
              continue
            }
            if (event._tag === "CreditDeclined" || isCredited(event)) inFlight = undefined
          }
        }
      })
    )
  })

  it("L12 end: a credit in flight is settled by its own name only", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, policy }) => {
        for (const { inFlight, redemptionId } of redemptionsOf(facts).values()) {
          if (inFlight === undefined) continue
          const settle = (creditId: string) => [
            confirm(redemptionId, creditId),
            decline(redemptionId, creditId, "2020-01-01"),
            { ...unknown(redemptionId, creditId, "2020-01-01"), cause: "contradiction" } as const
          ]
          for (const command of settle(`${inFlight}-other`)) {
            expect(Result.isFailure(decide(command, account, policy))).toBe(true)
          }
          for (const command of settle(inFlight)) expect(Result.isSuccess(decide(command, account, policy))).toBe(true)
        }
      })
    )
  })

  it("L12 end: whatever is asked of a fully credited redemption is refused", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, now, policy }) => {
        for (const { event, stream } of facts) {
          if (event._tag !== "FullyCredited" || stream._tag === "Account") continue
          const { redemptionId } = stream
          const late = { occurredAt: now }
          const amount = { ...late, points: 10_000n }
          for (const command of [
            request(redemptionId, "more", "2020-01-01", late),
            record(redemptionId, "more", "2020-01-01", { ...amount, origin: "mastercard" }),
            redeem(redemptionId, 1, "2020-01-01", amount),
            { _tag: "ConfirmCredit", redemptionId, creditId: event.creditId, mastercard: null } as const,
            decline(redemptionId, event.creditId, "2020-01-01"),
            unknown(redemptionId, event.creditId, "2020-01-01")
          ]) {
            expect(Result.isFailure(decide(command, account, policy))).toBe(true)
          }
        }
      })
    )
  })

  it("L12 end: an event that cannot follow is corrupt history and throws, in place of being believed", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        for (const fact of facts) {
          if (fact.event._tag === "Redeemed" || isCredited(fact.event) || fact.event._tag === "PointsEarned") {
            if (fact.stream._tag === "Account" || ended(facts, fact)) {
              expect(() => Account.evolve(account, fact)).toThrow("corrupt history")
            }
          }
        }
      })
    )
  })
})

const ended = (facts: ReadonlyArray<Fact>, { event, stream }: Fact): boolean =>
  event._tag === "Redeemed" ||
  facts.some(
    (fact) =>
      fact.event._tag === "FullyCredited" &&
      fact.stream._tag === "Redemption" &&
      stream._tag === "Redemption" &&
      fact.stream.redemptionId === stream.redemptionId
  )
