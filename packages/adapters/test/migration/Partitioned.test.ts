/** What the database refuses by itself, whatever our code or a hand in psql tries. */
import type { Decide } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import type { KeyRecord } from "../../src/eventStore/EventStore.ts"
import { PARTITIONS } from "../../src/eventStore/Partition.ts"
import * as Stores from "../../src/Stores.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import * as SmallHistory from "../support/SmallHistory.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const key = ({ _tag }: Decide.Command): KeyRecord => ({ kind: "earn", key: _tag, content: "{}", refusal: null })

const write = SmallHistory.write((command) => [key(command)])

/** SQLSTATEs: restrict_violation, check_violation, unique_violation, not_null_violation. */
type Refusal = readonly [what: string, statement: string, sqlState: string]

/** Rows of a table again, with other values in some columns. */
const copy = (table: string, changes: Readonly<Record<string, string>>, columns: ReadonlyArray<string>): string =>
  `insert into ${table} (${columns.join(", ")}) select ${columns.map((column) => changes[column] ?? column).join(", ")}
    from ${table} limit 1`

const POSTINGS = `partition program account_key position line debit credit lot_id redemption_id points occurred_at
  recorded_at total restored`.split(/\s+/)
const EVENTS =
  `partition program account_key position event_id stream version account_version type schema_version payload
  occurred_at recorded_at correlation_id causation_id idempotency_key actor hash`.split(/\s+/)
const LOTS =
  `partition program account_key lot_id earned_at expires_at opened_at total granted restored booked swept last_at
  late`.split(/\s+/)

const REDEMPTIONS = `partition program account_key redemption_id redemption_type processed_by redeemed_at version points
  credited pending pending_credit state lot_ids draws request`.split(/\s+/)
const ACCOUNTS = "partition program account_key version stream_version appended".split(" ")

/** What is refused on a table, under the name of its parent or of a partition. */
const refusals = (of: (table: string) => string): ReadonlyArray<Refusal> => [
  ["changing an event", `update ${of("events")} set payload = '{}'`, "23001"],
  ["removing an event", `delete from ${of("events")} where position = 1`, "23001"],
  ["emptying the log", `truncate ${of("events")}`, "23001"],
  ["changing a posting", `update ${of("postings")} set points = points + 1`, "23001"],
  ["removing a posting", `delete from ${of("postings")}`, "23001"],
  ["emptying the journal", `truncate ${of("postings")}`, "23001"],
  ["a lot below zero", `update ${of("lots")} set total = -0.0001`, "23514"],
  ["a lot above what it was granted", `update ${of("lots")} set total = granted + 0.0001`, "23514"],
  ["less than nothing restored to a lot", `update ${of("lots")} set restored = -0.0001`, "23514"],
  ["a lot that is opened before it was earned", `update ${of("lots")} set earned_at = opened_at + '1 s'`, "23514"],
  ["a lot that moves before it is opened", `update ${of("lots")} set last_at = opened_at - interval '1 s'`, "23514"],
  ["a lot that moves when it has expired", `update ${of("lots")} set expires_at = last_at`, "23514"],
  ["credits above the redeemed points", `update ${of("redemptions")} set credited = points + 0.0001`, "23514"],
  ["credits below zero", copy(of("redemptions"), { redemption_id: "'x'", credited: "-1" }, REDEMPTIONS), "23514"],
  [
    "a hold above what remains",
    `update ${of("redemptions")} set state = 'CreditPending', pending = 40.0001, pending_credit = 'x', request = '{}'`,
    "23514"
  ],
  ["a hold of nobody", `update ${of("redemptions")} set state = 'CreditPending', pending = 1, request = '{}'`, "23514"],
  [
    "a hold of nothing that is known",
    `update ${of("redemptions")} set state = 'CreditPending', pending = 1, pending_credit = 'x'`,
    "23514"
  ],
  [
    "a hold that its state does not say",
    `update ${of("redemptions")} set pending = 1, pending_credit = 'x', request = '{}'`,
    "23514"
  ],
  ["an end with points remaining", `update ${of("redemptions")} set state = 'FullyCredited'`, "23514"],
  ["a state that there is not", `update ${of("redemptions")} set state = 'Lost'`, "23514"],
  [
    "a redemption of nothing",
    copy(of("redemptions"), { redemption_id: "'x'", points: "0", credited: "0" }, REDEMPTIONS),
    "23514"
  ],
  ["a redemption at no version", copy(of("redemptions"), { redemption_id: "'x'", version: "0" }, REDEMPTIONS), "23514"],
  [
    "an account at a version below zero",
    copy(of("accounts"), { account_key: "'x'", version: "-1", stream_version: "-1" }, ACCOUNTS),
    "23514"
  ],
  ["more events in a stream than in its account", `update ${of("accounts")} set stream_version = version + 1`, "23514"],
  ["an append of less than nothing", `update ${of("accounts")} set appended = -1`, "23514"],
  ["a posting of nothing", copy(of("postings"), { line: "99", points: "0" }, POSTINGS), "23514"],
  ["a posting to itself", copy(of("postings"), { line: "99", debit: "'lot'", credit: "'lot'" }, POSTINGS), "23514"],
  ["a posting from nowhere", copy(of("postings"), { line: "99", debit: "'air'" }, POSTINGS), "23514"],
  ["a posting to nowhere", copy(of("postings"), { line: "99", credit: "'air'" }, POSTINGS), "23514"],
  ["a posting that leaves less than nothing", copy(of("postings"), { line: "99", total: "-1" }, POSTINGS), "23514"],
  ["a posting that takes back a credit", copy(of("postings"), { line: "99", restored: "-1" }, POSTINGS), "23514"],
  ["a second posting at a place", copy(of("postings"), {}, POSTINGS), "23505"],
  ["a second event at a version", copy(of("events"), { position: "999" }, EVENTS), "23505"],
  ["a second event at a position", copy(of("events"), { version: "999" }, EVENTS), "23505"],
  ["an event at no position", copy(of("events"), { version: "999", position: "0" }, EVENTS), "23514"],
  ["an event at no version", copy(of("events"), { version: "0", position: "999" }, EVENTS), "23514"],
  [
    "an event of no schema",
    copy(of("events"), { position: "999", version: "9", schema_version: "0" }, EVENTS),
    "23514"
  ],
  ["an event without its hash", copy(of("events"), { position: "999", version: "9", hash: "null" }, EVENTS), "23502"],
  ["a hash of another length", copy(of("events"), { position: "999", version: "9", hash: "'\\x00'" }, EVENTS), "23514"],
  ["a second lot of a name", copy(of("lots"), {}, LOTS), "23505"],
  ["a row of no partition", copy(of("lots"), { partition: "99" }, LOTS), "23514"],
  ["a second account of a key", copy(of("accounts"), {}, ACCOUNTS), "23505"],
  [
    "a second command under a key",
    copy(of("idempotency_keys"), {}, ["partition", "program", "account_key", "kind", "key", "content"]),
    "23505"
  ]
]

/** What is refused of tables that have no partitions. */
const unpartitioned: ReadonlyArray<Refusal> = [
  ["changing a policy", "update policies set policy = '{}'", "23001"],
  ["removing a policy", "delete from policies", "23001"],
  ["a scale that there is not", "insert into programs values ('other', 5)", "23514"],
  ["a second number of an account's", "insert into account_numbers select * from account_numbers", "23505"],
  ["a second row of settings", "insert into settings select * from settings", "23505"]
]

describe.each(dialects)("the database itself, on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  let partition = 0
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer(dialect))))
    await runtime.runPromise(write)
    const [held] = await runtime.runPromise(rows<{ partition: number }>("select partition from accounts"))
    partition = (held as { partition: number }).partition
  })
  afterAll(() => runtime.dispose())

  const refuses = async (statement: string, sqlState: string) => {
    const error = await runtime.runPromise(Effect.flip(rows(statement)))
    const { cause, reason } = error as { cause?: { code?: string }; reason: { sqlState?: string } }
    assert.strictEqual(reason.sqlState ?? cause?.code, sqlState)
  }

  it.each(refusals((table) => table))("refuses %s", (_, statement, sqlState) => refuses(statement, sqlState))

  it.each(refusals((table) => `${table}_p§`))("refuses %s, on the partition itself", (_, statement, sqlState) =>
    refuses(statement.replaceAll("§", String(partition)), sqlState)
  )

  it.each(unpartitioned)("refuses %s", (_, statement, sqlState) => refuses(statement, sqlState))

  it("has a trigger on every partition of what is only appended", async () => {
    const guarded = await runtime.runPromise(
      rows<{ place: string }>(
        `select tgrelid::regclass::text as place from pg_trigger where tgname = 'append_only' and tgenabled = 'O'`
      )
    )
    const of = (table: string) => [table, ...Array.from({ length: PARTITIONS }, (_, n) => `${table}_p${n}`)]
    assert.includeMembers(
      guarded.map(({ place }) => place),
      [...of("events"), ...of("postings"), "policies"]
    )
  })
})
