/** Events of earlier schema versions, as they stand in a database that the next releases find. */
import type * as Domain from "@pointback/domain"
import { Fact, Ids, Instant, Points } from "@pointback/domain"
import { Effect, Exit, Layer, ManagedRuntime, Stream } from "effect"
import { afterAll, assert, beforeAll, describe, it, vi } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import * as EventCodec from "../../src/eventStore/EventCodec.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import * as TrustedCodec from "../../src/eventStore/TrustedCodec.ts"
import type * as Upcasters from "../../src/eventStore/Upcasters.ts"
import * as Stores from "../../src/Stores.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { databaseLayer } from "../support/StoresUnderTest.ts"
import { earned, PRESENT } from "./OldVersions.ts"

// Two releases later: the version has gone up, and there is a step for each time.
vi.mock("@pointback/domain", async (original) => {
  const domain = await original<typeof Domain>()
  const { PRESENT } = await import("./OldVersions.ts")
  return { ...domain, Fact: { ...domain.Fact, SCHEMA_VERSION: PRESENT } }
})
vi.mock("../../src/eventStore/Upcasters.ts", async (original) => {
  const upcasters = await original<typeof Upcasters>()
  const { steps } = await import("./OldVersions.ts")
  const toPresent: typeof upcasters.toPresent = (event, version) => upcasters.toPresent(event, version, steps)
  return { ...upcasters, toPresent }
})

const present: Fact.Event = {
  _tag: "PointsEarned",
  lotId: Ids.LotId.make("A"),
  points: Points.fromStringUnsafe("12.5"),
  earnedAt: Instant.fromStringUnsafe("2025-01-10T00:00:00Z"),
  expiresAt: null,
  source: null
}

const program = Ids.ProgramId.make("old")
const account = { program, key: Ids.AccountKey.make("account"), partition: 3 }

/** Writes an event as an earlier release did, as the owner. */
const insertOld = (version: number) => {
  const { payload, type } = earned[version - 1]!
  return rows(`insert into events (partition, program, account_key, position, event_id, stream, version, account_version,
      type, schema_version, payload, occurred_at, recorded_at, correlation_id, hash)
    values (3, 'old', 'account', ${version}, gen_random_uuid(), 'account', ${version}, ${version}, '${type}', ${version},
      '${JSON.stringify(payload)}', '2025-01-10Z', '2025-01-10 00:00:0${version}Z', 'old', sha256(''))`)
}

describe("events of earlier versions", () => {
  it("are read in the present form, checked or not", () => {
    for (const [index, { payload, type }] of earned.entries()) {
      assert.deepStrictEqual(EventCodec.fromStored(type, index + 1, payload), present)
      assert.deepStrictEqual(TrustedCodec.fromStored(type, index + 1, JSON.stringify(payload)), present)
    }
  })

  it("are no longer what the version says that they are where a step is missing", () => {
    const [{ payload, type }] = earned as [(typeof earned)[number]]
    assert.throws(() => EventCodec.fromStored(type, 2, payload), EventCodec.UnreadableEvent, "PointsGranted")
  })

  it.each([0, PRESENT + 1])("are not read where their version is %i", (version) => {
    const { payload, type } = earned[PRESENT - 1]!
    assert.throws(() => EventCodec.fromStored(type, version, payload), EventCodec.UnreadableEvent, `${version}`)
    assert.throws(
      () => TrustedCodec.fromStored(type, version, JSON.stringify(payload)),
      EventCodec.UnreadableEvent,
      `${version}`
    )
  })
})

describe.each(["pglite", "postgres"] as const)("events of earlier versions on %s", (dialect) => {
  let runtime: ManagedRuntime.ManagedRuntime<EventStore | Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(dialect)))
    await runtime.runPromise(Effect.forEach(earned, (_, index) => insertOld(index + 1)))
  })
  afterAll(() => runtime.dispose())

  it("are read in the present form from their stream and their account, and stay as they are stored", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        const expected = earned.map(() => present)
        const stream = yield* store.readStream({ account, stream: Fact.accountStream })
        assert.deepStrictEqual(
          stream.map(({ fact }) => fact.event),
          expected
        )
        const backward = yield* store.readStream({
          account,
          stream: Fact.accountStream,
          direction: "backward",
          limit: 1
        })
        assert.deepStrictEqual(
          backward.map(({ fact, version }) => [version, fact.event]),
          [[PRESENT, present]]
        )
        const whole = yield* Stream.runCollect(store.readAccount(account))
        assert.deepStrictEqual(whole, stream)
        const stored = yield* rows<{ type: string; payload: string }>(
          "select type, payload::text from events order by position"
        )
        assert.deepStrictEqual(
          stored,
          earned.map(({ payload, type }) => ({ type, payload: JSON.stringify(payload) }))
        )
      })
    ))

  it("of a version that is not known are a defect of the read that meets them, and of no other", () =>
    runtime.runPromise(
      Effect.gen(function* () {
        const store = yield* EventStore
        yield* rows(`insert into events (partition, program, account_key, position, event_id, stream, version,
            account_version, type, schema_version, payload, occurred_at, recorded_at, correlation_id, hash)
          values (3, 'old', 'account', 9, gen_random_uuid(), 'redemption:R9', 1, 9, 'Redeemed', ${PRESENT + 1}, '{}',
            '2025-01-10Z', '2025-01-10 00:00:09Z', 'old', sha256(''))`)
        const newer = store.readStream({ account, stream: Fact.redemptionStream(Ids.RedemptionId.make("R9")) })
        assert.isTrue(Exit.hasDies(yield* Effect.exit(newer)))
        const older = yield* store.readStream({ account, stream: Fact.accountStream })
        assert.strictEqual(older.length, PRESENT)
      })
    ))
})
