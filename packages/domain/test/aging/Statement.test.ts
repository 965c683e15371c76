import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Entry from "../../src/aging/Entry.ts"
import * as Statement from "../../src/aging/Statement.ts"
import type { Fact } from "../../src/event/Fact.ts"
import * as Ids from "../../src/identity/Ids.ts"
import { earn, on, pts, record, redeem, sweep } from "../support/Commands.ts"
import { append } from "../support/Example.ts"
import { history, policyOf } from "../support/History.ts"
import { liveAt, sum } from "../support/Model.ts"
import { recorded } from "../support/Recorded.ts"

const KEY = Ids.AccountKey.make("account-key")

const live = (facts: ReadonlyArray<Fact>, at: bigint): bigint => sum(liveAt(facts, at).values())

const statementOf = (facts: ReadonlyArray<Fact>, from: bigint, to: bigint) =>
  Statement.statement(
    live(facts, from - 1n),
    Entry.ofAccount(KEY, recorded(facts)).filter(({ at }) => from <= at && at < to)
  )

describe("Statement", () => {
  it("L5 conservation: ends with what is live just before the period's end, and each line with what is live after it", () => {
    fc.assert(
      fc.property(
        history(),
        fc.bigInt({ min: on("2017-09-01"), max: on("2018-06-01") }),
        fc.bigInt({ min: 1n, max: 500n * 86_400_000_000n }),
        ({ facts }, from, length) => {
          const to = from + length
          const { closing, lines, opening } = statementOf(facts, from, to)
          expect(closing).toBe(live(facts, to - 1n))
          expect(opening + sum(lines.map(({ points }) => points))).toBe(closing)
          lines.forEach((line, index) => {
            expect(from <= line.at && line.at < to).toBe(true)
            const next = lines[index + 1]
            if (next === undefined || next.at > line.at) expect(line.balance).toBe(live(facts, line.at))
            if (next !== undefined) expect(next.at >= line.at).toBe(true)
          })
        }
      )
    )
  })

  it("has one line for each event that moves points, and one for each lot that expired with some", () => {
    fc.assert(
      fc.property(history(), ({ facts, now }) => {
        const { lines } = statementOf(facts, on("2000-01-01"), now + 1n)
        const events = recorded(facts).filter(({ fact: { event } }) =>
          ["PointsEarned", "PointsAdjusted", "Redeemed", "PartiallyCredited", "FullyCredited"].includes(event._tag)
        )
        const ofEvents = lines.filter(({ kind }) => kind !== "expired")
        expect(new Set(ofEvents.map(({ event }) => event?.eventId))).toEqual(
          new Set(events.map(({ eventId }) => eventId))
        )
        expect(ofEvents.length).toBe(events.length)
        const expired = lines.filter(({ kind }) => kind === "expired")
        expect(new Set(expired.map(({ lots }) => lots[0]!.lotId)).size).toBe(expired.length)
        expect(expired.every(({ lots, points }) => lots.length === 1 && points < 0n)).toBe(true)
      })
    )
  })

  it("L9 expired meanwhile: in the reference scenario shows what came back live and what expired on its way", () => {
    const facts = append(
      [],
      [
        earn("A", 100, "2025-01-10", "2026-01-10"),
        earn("B", 100, "2025-03-10", "2026-03-10"),
        redeem("R1", 150, "2025-12-01"),
        record("R1", "C1", "2026-01-20", { points: pts(70) }),
        record("R1", "C2", "2026-02-01"),
        sweep("2026-04-01")
      ],
      policyOf({ _tag: "Expire" })
    )
    const { lines } = statementOf(facts, on("2025-12-01"), on("2026-04-01"))
    expect(
      lines.map(({ balance, event, expired, kind, lots, points }) => [
        kind,
        points / pts(1),
        expired / pts(1),
        balance / pts(1),
        lots.map((lot) => lot.lotId).join(" "),
        event?.type
      ])
    ).toEqual([
      ["redeemed", -150n, 0n, 50n, "A B", "Redeemed"],
      ["credited", 50n, 20n, 100n, "B A", "PartiallyCredited"],
      ["credited", 0n, 80n, 100n, "A", "FullyCredited"],
      ["expired", -100n, 0n, 0n, "B", "PointsExpired"]
    ])
  })

  it("puts what expires before what happens at the same instant, and names no event where none is booked", () => {
    const facts = append(
      [],
      [earn("X", 10, "2025-01-01", "2025-02-01"), earn("Y", 7, "2025-02-01", null)],
      policyOf({ _tag: "Expire" })
    )
    const { lines } = statementOf(facts, on("2025-02-01"), on("2025-03-01"))
    expect(lines.map(({ event, kind, points }) => [kind, points / pts(1), event?.type ?? null])).toEqual([
      ["expired", -10n, null],
      ["earned", 7n, "PointsEarned"]
    ])
  })
})
