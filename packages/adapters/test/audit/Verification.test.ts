/** `verify` finds nothing in a database as we write it, and names the check and the place of whatever was changed. */
import { Ids } from "@pointback/domain"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import type { Difference } from "../../src/audit/Difference.ts"
import * as Verification from "../../src/audit/Verification.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { stream, tampered } from "./Tampering.ts"

/** A change behind our back, and what must be said about it. */
interface Tampering {
  readonly name: string
  readonly statements: ReadonlyArray<string>
  /** A check, and a part of its place and problem. */
  readonly found: ReadonlyArray<readonly [check: Difference["check"], place: RegExp, problem: RegExp]>
}

const ofType = (type: string) => `(select position from events where type = '${type}' order by position limit 1)`

const tamperings: ReadonlyArray<Tampering> = [
  {
    name: "a lot's total",
    statements: ["update lots set total = total + 1 where lot_id = 'A'"],
    found: [["lots", /^A$/, /^total is 1, the events give 0$/]]
  },
  {
    name: "a lot that was removed",
    statements: ["delete from lots where lot_id = 'B'"],
    found: [["lots", /^B$/, /is missing/]]
  },
  {
    name: "a lot that nobody earned",
    statements: [
      "insert into lots select partition, program, account_key, 'Z', earned_at, expires_at, opened_at, 0, 0, 0, 0, false, last_at, false from lots where lot_id = 'A'"
    ],
    found: [["lots", /^Z$/, /no event gives it/]]
  },
  {
    name: "a lot's expiry",
    statements: ["update lots set expires_at = expires_at + interval '1 day' where lot_id = 'B'"],
    found: [["lots", /^B$/, /^expires_at is 2026-03-11/]]
  },
  {
    name: "a posting that was removed",
    statements: [`delete from postings where position = ${ofType("Redeemed")} and line = 2`],
    found: [["postings", /^position 3 line 2$/, /is missing/]]
  },
  {
    name: "a posting's points",
    statements: [`update postings set points = 99 where position = ${ofType("PointsEarned")}`],
    found: [["postings", /^position 1 line 1$/, /^points is 99, the events give 100$/]]
  },
  {
    name: "a posting that no event gives",
    statements: [
      `insert into postings select partition, program, account_key, position, 9, debit, credit, lot_id, redemption_id, points, occurred_at, recorded_at, total, restored from postings where position = ${ofType("PointsEarned")}`
    ],
    found: [["postings", /^position 1 line 9$/, /no event gives it/]]
  },
  {
    name: "an event's amount",
    statements: [
      `update events set payload = jsonb_set(payload::jsonb, '{points}', '"101"')::json where position = ${ofType("PointsEarned")}`
    ],
    found: [
      ["postings", /^position 1 line 1$/, /^points is 100, the events give 101$/],
      ["lots", /^A$/, /the events give/]
    ]
  },
  {
    name: "when an event occurred",
    statements: [`update events set occurred_at = occurred_at + interval '1 day' where type = 'Redeemed'`],
    found: [
      ["postings", /^position 3 line 1$/, /^occurred_at is/],
      ["redemptions", /^R1$/, /^redeemed_at is/]
    ]
  },
  {
    name: "an event that was removed, with its postings",
    statements: [
      `delete from postings where position = ${ofType("PartiallyCredited")}`,
      `delete from events where position = ${ofType("PartiallyCredited")}`
    ],
    found: [
      ["log", /^partition \d position \d+, event \S+$/, /^follows position \d+: /],
      ["versions", new RegExp(`^${stream} 3$`), /^version 3 of the stream/],
      ["versions", /^account$/, /^\d+ events at version \d+$/],
      ["redemptions", /^R1$/, /^credited is 100, the events give 30$/]
    ]
  },
  {
    name: "a redemption that was removed from the log",
    statements: [
      `delete from postings where position = ${ofType("Redeemed")}`,
      `delete from events where type = 'Redeemed'`
    ],
    found: [
      ["log", /^partition \d position 4, event/, /^follows position 2: /],
      ["versions", /^account$/, /events at version/],
      ["laws", /^replay$/, /corrupt history/]
    ]
  },
  {
    name: "the last event of the log, with everything that is derived from it",
    statements: [
      "delete from events where type = 'CreditRequested'",
      "update accounts set version = version - 1",
      "update redemptions set pending = 0, pending_credit = null, request = null, state = 'Outstanding'"
    ],
    found: [
      ["log", /^partition \d head$/, /^stands at position 8, and the last event at 7: those between were cut off/]
    ]
  },
  {
    name: "two events that changed places",
    statements: [
      "update events set position = 100 + position where position in (1, 2)",
      "update events set position = 103 - position where position > 100"
    ],
    found: [
      ["log", /^partition \d position 2, event/, /is recorded no later/],
      ["postings", /^position 1 line 1$/, /^lot_id is A, the events give B$/]
    ]
  },
  {
    name: "what a redemption was credited",
    statements: ["update redemptions set credited = credited - 1"],
    found: [["redemptions", /^R1$/, /^credited is 99, the events give 100$/]]
  },
  {
    name: "a redemption's credit in flight",
    statements: ["update redemptions set pending = 0, pending_credit = null, request = null, state = 'Outstanding'"],
    found: [
      ["redemptions", /^R1$/, /^pending is 0, the events give 10$/],
      ["redemptions", /^R1$/, /^state is Outstanding/]
    ]
  },
  {
    name: "a head's position",
    statements: ["update log_heads set position = position + 1 where position > 0"],
    found: [["log", /^partition \d head$/, /^stands at position/]]
  },
  {
    name: "the order of recording",
    statements: ["update events set recorded_at = '2020-01-01T00:00:00Z' where position = 2"],
    found: [
      ["log", /^partition \d position 2, event/, /is recorded no later/],
      ["postings", /^position 2 line 1$/, /^recorded_at is/]
    ]
  },
  {
    name: "an account's version",
    statements: ["update accounts set version = version + 1"],
    found: [["versions", /^account$/, /events at version/]]
  },
  {
    name: "an account that was removed",
    statements: ["delete from accounts"],
    found: [["versions", /^account$/, /is not listed/]]
  },
  {
    name: "a payload that nobody can read",
    statements: [`update events set payload = '{"points":1}' where type = 'Redeemed'`],
    found: [["versions", /^events$/, /^Redeemed cannot be read/]]
  },
  {
    name: "an event of a newer version",
    statements: ["update events set schema_version = 99 where type = 'Redeemed'"],
    found: [["versions", /^events$/, /^Redeemed has schema version 99/]]
  },
  {
    name: "more points credited than were redeemed",
    statements: [
      `update events set payload = jsonb_set(payload::jsonb, '{points}', '"170"')::json where type = 'PartiallyCredited' and version = 2`
    ],
    found: [
      ["redemptions", /^R1$/, /^credited is/],
      ["laws", /^R1$/, /^L1: /]
    ]
  },
  {
    name: "more points drawn than a lot holds",
    statements: [
      `update events set payload = jsonb_set(payload::jsonb, '{draws,0,points}', '"120"')::json where type = 'Redeemed'`
    ],
    found: [
      ["postings", /^position 3 line 1$/, /^points is 100, the events give 120$/],
      ["laws", /^A$/, /^L2: holds -20 points/]
    ]
  }
]

describe.each(dialects)("verify on %s", (dialect) => {
  const run = tampered(dialect)

  it("finds nothing in a database as it was written", async () => {
    const { accounts, count, differences, events, hashed, postings } = await run(Verification.verify(null))
    assert.deepStrictEqual(differences, [])
    assert.deepStrictEqual([accounts, count, hashed], [1, 0, events])
    const [stored] = await run(
      rows<{ events: number; postings: number }>(
        "select (select count(*)::int from events) as events, (select count(*)::int from postings) as postings"
      )
    )
    assert.deepStrictEqual({ events, postings }, stored)
  })

  it.each(tamperings)("finds $name", async ({ found, statements }) => {
    const seen = await run(
      Effect.gen(function* () {
        for (const statement of statements) yield* rows(statement)
        return yield* Verification.verify(null)
      })
    )
    for (const [check, place, problem] of found) {
      assert.isTrue(
        seen.differences.some((each) => each.check === check && place.test(each.place) && problem.test(each.problem)),
        `${check} ${String(place)} ${String(problem)} is not among ${JSON.stringify(seen.differences, undefined, 1)}`
      )
    }
    assert.strictEqual(seen.count, seen.differences.length)
  })

  it("looks at one program's accounts where one is named, and at the whole log in any case", async () => {
    const { accounts, count, hashed } = await run(Verification.verify(Ids.ProgramId.make("other")))
    assert.deepStrictEqual([accounts, count], [0, 0])
    assert.isAbove(hashed, 0)
  })
})
