/** `verify` finds nothing in a database as we write it, and names the check and the place of whatever was changed. */
import { Decide, Fact, Ids, Instant, Points } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import * as Verification from "../../src/audit/Verification.ts"
import type { Database } from "../../src/database/Database.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { migrate } from "../../src/migration/Migrations.ts"
import * as Stores from "../../src/Stores.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const program = Ids.ProgramId.make("program")
const account = Ids.AccountNumber.make("220094110178641288073796026652")
const redemptionId = Ids.RedemptionId.make("R1")
const lot = Ids.LotId.make
const at = (date: string) => Instant.fromStringUnsafe(`${date}T00:00:00Z`)
const points = (text: string) => Result.getOrThrow(Points.fromString(text))

const earn = (lotId: string, earnedAt: string, expiresAt: string): Decide.Command => ({
  _tag: "Earn",
  lotId: lot(lotId),
  points: points("100"),
  earnedAt: at(earnedAt),
  expiresAt: at(expiresAt),
  occurredAt: at(earnedAt),
  source: null
})

const credit = (creditId: string, amount: string, when: string): Decide.Command => ({
  _tag: "RecordCredit",
  redemptionId,
  creditId: Ids.CreditId.make(creditId),
  points: points(amount),
  occurredAt: at(when),
  origin: "ours",
  mastercard: null
})

/** The reference scenario, with a sweep, and a request that is in flight in a second redemption. */
const history: ReadonlyArray<Decide.Command> = [
  earn("A", "2025-01-10", "2026-01-10"),
  earn("B", "2025-03-10", "2026-03-10"),
  {
    _tag: "Redeem",
    redemptionId,
    points: points("150"),
    redemptionType: "MERCHANDISE",
    processedBy: Ids.ProcessedBy.make("E078562"),
    occurredAt: at("2025-12-01")
  },
  { _tag: "SweepExpired", asOf: at("2026-04-01") },
  credit("c1", "70", "2026-01-20"),
  credit("c2", "30", "2026-02-01"),
  { ...credit("c3", "10", "2026-02-01"), _tag: "RequestCredit" } as Decide.Command
]

const run = (target: Ids.AccountNumber, commands: ReadonlyArray<Decide.Command>) =>
  Effect.forEach(commands, (command) =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const loaded = yield* store.load({
        program,
        account: target,
        lots: { _tag: "All" },
        horizon: Instant.EARLIEST,
        redemptions: [redemptionId],
        keys: []
      })
      const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
      const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }
      return yield* store.append({
        loaded,
        target: { program, account: target },
        facts: facts.map((fact) => ({ fact, origin })),
        keys: []
      })
    })
  )

/** The stream of redemption R1 in the log. */
const stream = Fact.streamName(Fact.redemptionStream(redemptionId))

/** A change behind our back, and what must be said about it. */
interface Tampering {
  readonly name: string
  readonly statements: ReadonlyArray<string>
  /** A check, and a part of its place and problem. */
  readonly found: ReadonlyArray<readonly [check: Verification.Difference["check"], place: RegExp, problem: RegExp]>
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
      "insert into lots select partition, program, account_key, 'Z', earned_at, expires_at, opened_at, 0, 0, 0, false from lots where lot_id = 'A'"
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
      `insert into postings select partition, position, 9, program, account_key, debit, credit, lot_id, redemption_id, points, occurred_at, recorded_at from postings where position = ${ofType("PointsEarned")}`
    ],
    found: [["postings", /^position 1 line 9$/, /no event gives it/]]
  },
  {
    name: "an event's amount",
    statements: [
      `update events set payload = jsonb_set(payload, '{points}', '"101"') where position = ${ofType("PointsEarned")}`
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
      ["log", /^partition \d position \d+$/, /^follows position \d+$/],
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
      ["versions", /^account$/, /events at version/],
      ["lots", /^A$/, /^total is/],
      ["laws", /^replay$/, /corrupt history/]
    ]
  },
  {
    name: "the last event of the log, with everything that is derived from it",
    statements: [
      "delete from events where type = 'CreditRequested'",
      "update accounts set version = version - 1",
      "update redemptions set pending = 0, pending_credit = null, state = 'Outstanding'"
    ],
    found: [["log", /^partition \d position \d+$/, /^is the head, and the last event stands at/]]
  },
  {
    name: "two events that changed places",
    statements: [
      "alter table postings drop constraint postings_partition_position_fkey",
      "update events set position = -position where position in (1, 2)",
      "update events set position = 3 + position where position < 0"
    ],
    found: [
      ["log", /^partition \d position 2$/, /is recorded no later/],
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
    statements: ["update redemptions set pending = 0, pending_credit = null, state = 'Outstanding'"],
    found: [
      ["redemptions", /^R1$/, /^pending is 0, the events give 10$/],
      ["redemptions", /^R1$/, /^state is Outstanding/]
    ]
  },
  {
    name: "a head's position",
    statements: ["update log_heads set position = position + 1 where position > 0"],
    found: [["log", /^partition \d position \d+$/, /^is the head/]]
  },
  {
    name: "the order of recording",
    statements: ["update events set recorded_at = '2020-01-01T00:00:00Z' where position = 2"],
    found: [
      ["log", /^partition \d position 2$/, /is recorded no later/],
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
      `update events set payload = jsonb_set(payload, '{points}', '"170"') where type = 'PartiallyCredited' and version = 2`
    ],
    found: [
      ["redemptions", /^R1$/, /^credited is/],
      ["laws", /^R1$/, /^L1: /]
    ]
  },
  {
    name: "more points drawn than a lot holds",
    statements: [`update events set payload = jsonb_set(payload, '{draws,0,points}', '"120"') where type = 'Redeemed'`],
    found: [
      ["postings", /^position 3 line 1$/, /^points is 100, the events give 120$/],
      ["laws", /^A$/, /^L2: holds -20 points/]
    ]
  }
]

describe.each(["pglite", "postgres"] as const)("verify on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
  })
  beforeEach(() =>
    runtime.runPromise(
      Effect.gen(function* () {
        yield* rows("drop schema pointback cascade")
        yield* migrate
        yield* run(account, history)
      })
    )
  )
  afterAll(() => runtime.dispose())

  it("finds nothing in a database as it was written", async () => {
    const { accounts, count, differences, events, postings } = await runtime.runPromise(Verification.verify(null))
    assert.deepStrictEqual(differences, [])
    assert.deepStrictEqual([accounts, count], [1, 0])
    const [stored] = await runtime.runPromise(
      rows<{ events: number; postings: number }>(
        "select (select count(*)::int from events) as events, (select count(*)::int from postings) as postings"
      )
    )
    assert.deepStrictEqual({ events, postings }, stored)
  })

  it.each(tamperings)("finds $name", async ({ found, statements }) => {
    const seen = await runtime.runPromise(
      Effect.gen(function* () {
        // The database refuses by itself to change these; whoever tampers would have to do this first.
        for (const table of ["events", "postings"]) yield* rows(`alter table ${table} disable trigger append_only`)
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
    const { accounts, count } = await runtime.runPromise(Verification.verify(Ids.ProgramId.make("other")))
    assert.deepStrictEqual([accounts, count], [0, 0])
  })
})
