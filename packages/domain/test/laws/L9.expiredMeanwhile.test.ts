import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Fact } from "../../src/event/Fact.ts"
import * as Journal from "../../src/ledger/Journal.ts"
import type { Restoration } from "../../src/lot/Restoration.ts"
import * as Restorations from "../../src/lot/Restoration.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { daysLater } from "../support/Calendar.ts"
import { history } from "../support/History.ts"
import { EVER, heldAt, isCredited, lotsOf, originOf, sum } from "../support/Model.ts"

/** The fate that the rules give to points which return to a lot at an instant. */
const expectedFate = (expiresAt: bigint | null, at: bigint, policy: Policy) => {
  if (expiresAt === null || at < expiresAt) return "live"
  return policy.expiredLots._tag === "Extend" ? "extended" : "expired"
}

const decided = (
  facts: ReadonlyArray<Fact>
): Array<{ fact: Fact; restorations: ReadonlyArray<Restoration>; version: number }> =>
  facts.flatMap((fact) =>
    isCredited(fact.event) || fact.event._tag === "CreditRequested"
      ? [{ fact, restorations: fact.event.restorations, version: fact.event.policyVersion }]
      : []
  )

describe("L9 expired meanwhile", () => {
  it("L9 expired meanwhile: fates follow from the drawn lot's expiry and the credit's occurredAt, by the policy named", () => {
    fc.assert(
      fc.property(history(), ({ facts, policies }) => {
        const lots = lotsOf(facts)
        for (const { fact, restorations, version } of decided(facts)) {
          const policy = policies[version] as Policy
          for (const restoration of restorations) {
            const drawn = lots.get(originOf(restoration))
            const fate = expectedFate(drawn?.expiresAt ?? null, fact.occurredAt, policy)
            expect(restoration.fate).toBe(fate)
            if (fate !== "extended" || policy.expiredLots._tag !== "Extend") continue
            const { days } = policy.expiredLots
            expect(restoration.expiresAt).toBe(daysLater(policy.zone, fact.occurredAt, days))
          }
        }
      })
    )
  })

  it("L9 expired meanwhile: a credit is booked at its own occurredAt, a confirmed one at that of its request", () => {
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        for (const { command, outcome } of steps) {
          if (Result.isFailure(outcome)) continue
          const credit = outcome.success.find(({ event }) => isCredited(event) || event._tag === "CreditRequested")
          if (credit === undefined) continue
          if (command._tag === "RecordCredit" || command._tag === "RequestCredit") {
            expect(credit.occurredAt).toBe(command.occurredAt)
          }
          if (command._tag !== "ConfirmCredit") continue
          const request = facts.findLast(
            ({ event, stream }) =>
              event._tag === "CreditRequested" &&
              event.creditId === command.creditId &&
              stream._tag === "Redemption" &&
              stream.redemptionId === command.redemptionId
          )
          expect(credit.occurredAt).toBe(request?.occurredAt)
          const planned = decided(request === undefined ? [] : [request])
          expect(decided([credit]).map(({ restorations }) => restorations)).toEqual(
            planned.map(({ restorations }) => restorations)
          )
        }
      })
    )
  })

  it("L9 expired meanwhile: what expires on reversal goes through its lot to expiredOnReversal in the same entry", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        facts.forEach((fact, i) => {
          if (!isCredited(fact.event)) return
          const expired = fact.event.restorations.filter(({ fate }) => fate === "expired")
          const postings = Journal.entry(fact).filter(({ credit }) => credit === "expiredOnReversal")
          expect(postings.map(({ debit, lotId, points }) => [debit, lotId, points])).toEqual(
            expired.map(({ lotId, points }) => ["lot", lotId, points])
          )
          const before = heldAt(facts.slice(0, i), EVER)
          const after = heldAt(facts.slice(0, i + 1), EVER)
          for (const { lotId } of expired) expect(after.get(lotId)).toBe(before.get(lotId))
        })
      })
    )
  })

  it("L9 expired meanwhile: live and expired points are reported apart and add up to the credit", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const { event } of facts) {
          if (!isCredited(event)) continue
          const of = (...fates: ReadonlyArray<string>) =>
            sum(event.restorations.filter(({ fate }) => fates.includes(fate)).map(({ points }) => points))
          expect(Restorations.livePoints(event.restorations)).toBe(of("live", "extended"))
          expect(Restorations.expiredPoints(event.restorations)).toBe(of("expired"))
          expect(of("live", "extended", "expired")).toBe(event.points)
        }
      })
    )
  })

  it("L9 expired meanwhile: under `refuse` none of our own credits returns points to an expired lot", () => {
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        const lots = lotsOf(facts)
        for (const { command, outcome, policy } of steps) {
          const ours =
            command._tag === "RequestCredit" || (command._tag === "RecordCredit" && command.origin === "ours")
          if (!ours || policy.expiredLots._tag !== "Refuse") continue
          if (Result.isFailure(outcome)) {
            if (outcome.failure._tag !== "ExpiredLotsRefused") continue
            expect(outcome.failure.lots.length).toBeGreaterThan(0)
            for (const lotId of outcome.failure.lots) {
              expect(lots.get(lotId)?.expiresAt ?? command.occurredAt + 1n).toBeLessThanOrEqual(command.occurredAt)
            }
            continue
          }
          const [fact] = decided(outcome.success)
          expect(fact?.restorations.every(({ fate }) => fate === "live")).toBe(true)
        }
      })
    )
  })
})
