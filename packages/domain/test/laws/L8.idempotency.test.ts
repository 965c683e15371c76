import { Option, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import type { Command } from "../../src/command/Decide.ts"
import { decide } from "../../src/command/Decide.ts"
import * as Refusal from "../../src/refusal/Refusal.ts"
import { history } from "../support/History.ts"
import { isCredited, movesOf } from "../support/Model.ts"

/** Two corrections, or two new numbers, may be meant: what tells them from a repetition is their key alone. */
const hasName = (command: Command): boolean => command._tag !== "Adjust" && command._tag !== "AliasAccount"

describe("L8 idempotency", () => {
  it("L8 idempotency: a command that was just accepted is refused when it comes again, or brings about nothing", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { after, command, outcome, policy } of steps) {
          if (Result.isFailure(outcome) || !hasName(command)) continue
          const again = decide(command, after, policy)
          expect(Result.getOrElse(again, () => [])).toEqual([])
        }
      })
    )
  })

  it("L8 idempotency: a command that earned, redeemed or credited points moves none ever again", () => {
    fc.assert(
      fc.property(history(), ({ account, policy, steps }) => {
        for (const { command, outcome } of steps) {
          if (Result.isFailure(outcome) || !hasName(command)) continue
          if (outcome.success.flatMap(movesOf).length === 0) continue
          const again = decide(command, account, policy)
          expect(Result.isFailure(again)).toBe(true)
        }
      })
    )
  })

  it("L8 idempotency: a refusal has no effect, and the same command on the same state is refused alike", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { after, before, command, outcome, policy } of steps) {
          if (Result.isSuccess(outcome)) continue
          expect(after).toBe(before)
          expect(decide(command, before, policy)).toEqual(outcome)
        }
      })
    )
  })

  it("L8 idempotency: the id of a credit that gave points back serves no further credit of any redemption", () => {
    fc.assert(
      fc.property(history(), ({ account, facts, now, policy }) => {
        const credits = facts.flatMap(({ event }) => (isCredited(event) ? [event.creditId] : []))
        for (const [redemptionId, state] of account.redemptions) {
          if (state._tag !== "Outstanding") continue
          for (const creditId of credits) {
            const ids = { redemptionId, creditId, occurredAt: now }
            const again: ReadonlyArray<Command> = [
              { _tag: "RequestCredit", ...ids },
              { _tag: "RecordCredit", ...ids, origin: "mastercard", mastercard: null }
            ]
            const answers = again.map((command) => Result.getFailure(decide(command, account, policy)))
            const refusal = Option.some(new Refusal.CreditExists({ redemptionId, creditId }))
            expect(answers).toEqual([refusal, refusal])
          }
        }
      })
    )
  })

  it("L8 idempotency: the facts of a log bear each name once, over all replays of their commands", () => {
    fc.assert(
      fc.property(history(), ({ facts, policy, steps }) => {
        const replayed = steps
          .filter(({ command }) => hasName(command))
          .reduce((log, { command }) => {
            const again = decide(command, Account.evolveAll(Account.empty, log), policy)
            return [...log, ...Result.getOrElse(again, () => [])]
          }, facts)
        const names = replayed.flatMap(({ event }) => {
          if (event._tag === "PointsEarned") return [`lot ${event.lotId}`]
          if (event._tag === "Redeemed") return [`redemption ${event.redemptionId}`]
          if (event._tag === "PartiallyCredited" || event._tag === "FullyCredited") {
            return [`credit ${event.creditId}`]
          }
          return []
        })
        expect(new Set(names).size).toBe(names.length)
      }),
      { numRuns: 30 }
    )
  })

  it("L8 idempotency: another credit in flight says nothing about a command, so its key stays free", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { outcome } of steps) {
          if (Result.isSuccess(outcome) || outcome.failure._tag !== "CreditInFlight") continue
          expect(Refusal.leavesKeyFree(outcome.failure)).toBe(true)
        }
      })
    )
  })
})
