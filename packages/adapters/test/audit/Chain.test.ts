/** The hashes that the database computes as it appends are those that we compute from what it stored. */
import { Fact, Ids, Instant } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime } from "effect"
import fc from "fast-check"
import { createHash } from "node:crypto"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Chain from "../../src/audit/Chain.ts"
import { auditLog } from "../../src/audit/LogAudit.ts"
import type { Database } from "../../src/database/Database.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import * as Stores from "../../src/Stores.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { type AnyStore, databaseLayer } from "../support/StoresUnderTest.ts"

const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((each) => !/[\p{Cc}\p{Cs}]/u.test(each) && each.trim() === each)
const nullable = fc.option(text, { nil: null })
const instant = fc.oneof(
  fc.bigInt({ min: Instant.EARLIEST, max: Instant.END - 1n }),
  // Whole milliseconds and seconds are written shorter elsewhere.
  fc.bigInt({ min: -1_000_000_000n, max: 1_000_000_000n }).map((seconds) => seconds * 1_000_000n),
  fc.bigInt({ min: 0n, max: 1_000_000_000_000n }).map((millis) => millis * 1000n)
)

const fact = fc.record({ alias: text, occurredAt: instant }).map(({ alias, occurredAt }): Fact.Fact => ({
  stream: Fact.accountStream,
  occurredAt,
  event: { _tag: "AccountAliased", alias: Ids.AccountKey.make(alias) }
}))
const origin = fc.record({ correlationId: text, causationId: nullable, idempotencyKey: nullable, actor: nullable })
const entries = fc.array(fc.record({ fact, origin }), { minLength: 1, maxLength: 12 })

/** The hash of each event as the documented functions of the schema give it, apart from how it came there. */
const different = rows<{ partition: number; position: number }>(`
  select partition, position from (
    select *, lag(hash, 1, ''::bytea) over (partition by partition order by position) as before from events
  ) as e
  where hash <> sha256(before || convert_to(event_envelope(partition, position, program, account_key, recorded_at)
    || event_content(event_id, stream, version, account_version, type, schema_version, payload::text, occurred_at,
      correlation_id, causation_id, idempotency_key, actor), 'UTF8'))`)

describe.each(dialects)("the chain on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
  })
  afterAll(() => runtime.dispose())

  it("is the same in the appends, in the schema's functions, and here", () =>
    fc.assert(
      fc.asyncProperty(text, entries, async (account, facts) => {
        const found = await runtime.runPromise(
          Effect.gen(function* () {
            const store = yield* EventStore
            const target = { program: Ids.ProgramId.make("program"), account: Ids.AccountNumber.make(account) }
            const loaded = yield* store.load({
              ...target,
              lots: [],
              horizon: Instant.END,
              redemptions: [],
              keys: []
            })
            yield* store.append({ loaded, target, facts, keys: [] })
            return { ours: (yield* auditLog(null)).differences, theirs: yield* different }
          })
        )
        assert.deepStrictEqual(found, { ours: [], theirs: [] })
      }),
      { numRuns: 25 }
    ))
})

describe("the hash of an event", () => {
  it("is SHA-256 of the hash before and of the fields in UTF-8", () =>
    fc.assert(
      fc.property(fc.constantFrom(Chain.START, "ab".repeat(32)), text, (previous, fields) => {
        const expected = createHash("sha256").update(Buffer.from(previous, "hex")).update(fields, "utf8").digest("hex")
        assert.strictEqual(Chain.next(previous, fields), expected)
      })
    ))

  it("is that of all the bytes of a large event", () => {
    const fields = "€".repeat(1_000_000)
    assert.strictEqual(Chain.next(Chain.START, fields), createHash("sha256").update(fields).digest("hex"))
  })
})
