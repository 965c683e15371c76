/** What the database refuses by itself, whatever our code or a hand in psql tries. */
import { Decide, Ids, Instant } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"
import * as Stores from "../../src/Stores.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const program = Ids.ProgramId.make("program")
const account = Ids.AccountNumber.make("220094110178641288073796026652")
const redemptionId = Ids.RedemptionId.make("R1")
const occurredAt = Instant.fromStringUnsafe("2025-01-10T00:00:00Z")

/** A lot of 100 points, of which 60 are redeemed and 20 of these credited. */
const history: ReadonlyArray<Decide.Command> = [
  {
    _tag: "Earn",
    lotId: Ids.LotId.make("A"),
    points: 1_000_000n,
    earnedAt: occurredAt,
    expiresAt: null,
    occurredAt,
    source: null
  },
  {
    _tag: "Redeem",
    redemptionId,
    points: 600_000n,
    redemptionType: "TRAVEL",
    processedBy: Ids.ProcessedBy.make("E078562"),
    occurredAt
  },
  {
    _tag: "RecordCredit",
    redemptionId,
    creditId: Ids.CreditId.make("c1"),
    points: 200_000n,
    occurredAt,
    origin: "ours",
    mastercard: null
  }
]

const write = Effect.gen(function* () {
  const store = yield* EventStore
  yield* (yield* PolicyStore).revise(program, (terms) => ({ ...terms, scale: 1 }))
  for (const command of history) {
    const target = { program, account }
    const all = { lots: { _tag: "All" }, horizon: Instant.EARLIEST, redemptions: [redemptionId], keys: [] } as const
    const loaded = yield* store.load({ ...target, ...all })
    const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
    const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }
    yield* store.append({ loaded, target, facts: facts.map((fact) => ({ fact, origin })), keys: [] })
  }
})

/** SQLSTATEs: restrict_violation, check_violation, unique_violation, foreign_key_violation. */
const refusals: ReadonlyArray<readonly [what: string, statement: string, sqlState: string]> = [
  ["changing an event", "update events set payload = '{}'", "23001"],
  ["removing an event", "delete from events where position = 1", "23001"],
  ["emptying the log", "truncate events cascade", "23001"],
  ["changing a posting", "update postings set points = points + 1", "23001"],
  ["removing a posting", "delete from postings", "23001"],
  ["emptying the journal", "truncate postings", "23001"],
  ["changing a policy", "update policies set policy = '{}'", "23001"],
  ["a lot below zero", "update lots set total = -0.0001", "23514"],
  ["a lot above what it was granted", "update lots set total = granted + 0.0001", "23514"],
  ["credits above the redeemed points", "update redemptions set credited = points + 0.0001", "23514"],
  ["a hold above what remains", "update redemptions set pending = 40.0001, pending_credit = 'x'", "23514"],
  ["an end with points remaining", "update redemptions set state = 'FullyCredited'", "23514"],
  [
    "a posting of nothing",
    "insert into postings select partition, position, 99, program, account_key, debit, credit, lot_id, redemption_id, 0, occurred_at, recorded_at from postings limit 1",
    "23514"
  ],
  [
    "a posting to itself",
    "insert into postings select partition, position, 99, program, account_key, 'lot', 'lot', lot_id, redemption_id, 1, occurred_at, recorded_at from postings limit 1",
    "23514"
  ],
  [
    "a posting without an event",
    "insert into postings select partition, 999, 1, program, account_key, debit, credit, lot_id, redemption_id, 1, occurred_at, recorded_at from postings limit 1",
    "23503"
  ],
  [
    "a second event at a version",
    "insert into events select partition, 999, program, account_key, event_id, stream, version, 999, type, schema_version, payload, occurred_at, recorded_at, correlation_id from events limit 1",
    "23505"
  ]
]

describe.each(dialects)("the database itself, on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer(dialect))))
    await runtime.runPromise(write)
  })
  afterAll(() => runtime.dispose())

  it.each(refusals)("refuses %s", async (_, statement, sqlState) => {
    const error = await runtime.runPromise(Effect.flip(rows(statement)))
    const { cause, reason } = error as { cause?: { code?: string }; reason: { sqlState?: string } }
    assert.strictEqual(reason.sqlState ?? cause?.code, sqlState)
  })
})
