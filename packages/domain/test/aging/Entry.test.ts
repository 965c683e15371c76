import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Entry from "../../src/aging/Entry.ts"
import * as Ids from "../../src/identity/Ids.ts"
import { history } from "../support/History.ts"
import { add, EVER, heldAt, isCredited, lotsOf, movesOf, sum } from "../support/Model.ts"
import { recorded } from "../support/Recorded.ts"

const KEY = Ids.AccountKey.make("account-key")

const byLot = (entries: ReadonlyArray<Entry.Entry>, column: Entry.Column): Map<string, bigint> =>
  entries
    .filter((entry) => entry.column === column)
    .reduce((map, { lotId, points }) => add(map, lotId, points), new Map())

describe("Entry.ofAccount", () => {
  it("L5 conservation: the lines of a lot add up to nothing once it expired, and else to what it holds", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const entries = Entry.ofAccount(KEY, recorded(facts))
        const lots = lotsOf(facts)
        const held = heldAt(facts, EVER)
        for (const [lotId, { expiresAt }] of lots) {
          const total = sum(
            entries.filter((entry) => entry.lotId === lotId).map((entry) => Entry.SIGN[entry.column] * entry.points)
          )
          expect(total).toBe(expiresAt === null ? held.get(lotId) : 0n)
        }
      })
    )
  })

  it("derives what expired from what a lot held just before, whatever the sweep has booked of it by then", () => {
    fc.assert(
      fc.property(history(), fc.nat({ max: 9 }), ({ facts: all }, pick) => {
        // Between a late fact and the booking that follows it in the same append, a lot is not booked as it is.
        const bookings = all.flatMap(({ event }, index) => (event._tag === "PointsExpired" ? [index] : []))
        const facts = all.slice(0, bookings[bookings.length - 1 - pick] ?? all.length)
        const entries = Entry.ofAccount(KEY, recorded(facts))
        const expired = byLot(entries, "expiredByTime")
        for (const [lotId, { expiresAt }] of lotsOf(facts)) {
          const held = expiresAt === null ? 0n : (heldAt(facts, expiresAt - 1n).get(lotId) ?? 0n)
          expect(expired.get(lotId) ?? 0n).toBe(held)
        }
        for (const entry of entries) {
          if (entry.column === "expiredByTime") expect(entry.at).toBe(entry.expiresAt)
          expect(entry.event === null).toBe(entry.column === "expiredByTime" && entry.event?.type !== "PointsExpired")
        }
      })
    )
  })

  it("L9 expired meanwhile: what returns to an expired lot comes and goes at the credit's instant", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const entries = Entry.ofAccount(KEY, recorded(facts))
        const expected = facts.flatMap(({ event, occurredAt }) =>
          isCredited(event)
            ? event.restorations
                .filter(({ fate }) => fate === "expired")
                .map(({ lotId, points }) => ({ lotId, points, at: occurredAt }))
            : []
        )
        for (const column of ["creditedExpired", "expiredOnReversal"] as const) {
          expect(
            entries.filter((entry) => entry.column === column).map(({ at, lotId, points }) => ({ lotId, points, at }))
          ).toEqual(expected)
        }
      })
    )
  })

  it("has a line for every movement, with its event", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const all = recorded(facts)
        const lines = Entry.ofAccount(KEY, all).filter(
          ({ column }) => !["creditedExpired", "expiredOnReversal", "expiredByTime"].includes(column)
        )
        const moves = all.flatMap(({ eventId, fact }) => movesOf(fact).map((move) => ({ eventId, ...move })))
        expect(
          lines.map(({ at, column, event, lotId, points }) => [event?.eventId, lotId, at, Entry.SIGN[column] * points])
        ).toEqual(moves.map(({ at, eventId, lotId, points }) => [eventId, lotId, at, points]))
      })
    )
  })
})
