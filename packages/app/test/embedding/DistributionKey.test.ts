/**
 * Every statement of every command names the key that tables are distributed by, so that a command stays on one shard.
 * The statements are those that are sent; the functions' are read from the database.
 */
import { Database, HostDatabase, Migrations, Stores } from "@pointback/adapters"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { calls, withoutKey } from "../../../adapters/test/support/DistributionKey.ts"
import { recordingKysely } from "../../../adapters/test/support/RecordingKysely.ts"
import type { AnyStore } from "../../../adapters/test/support/StoresUnderTest.ts"
import { adjustPoints } from "../../src/command/AdjustPoints.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { sweepExpired } from "../../src/command/SweepExpired.ts"
import { adjust, at, credit, newAccount, program, redeemed } from "../support/Commands.ts"

/** The one question that goes over all partitions: which accounts of a program are to be swept. */
const SWEEP_QUESTION = "total <> l.booked"

describe("the distribution key", () => {
  const recorded = recordingKysely()
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
  let bodies: ReadonlyMap<string, string>
  const run = <A, E>(effect: Effect.Effect<A, E, AnyStore | Database>) => runtime.runPromise(effect)

  beforeAll(async () => {
    const layer = HostDatabase.layerKysely({ kysely: recorded.kysely() })
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(layer)))
    await run(Migrations.migrate)
    const functions = await run(
      rows<{ name: string; body: string }>(
        `select proname::text as name, prosrc as body from pg_proc where pronamespace = 'pointback'::regnamespace
          and prokind = 'f'`
      )
    )
    bodies = new Map(functions.map(({ body, name }) => [name, body]))
  })
  afterAll(() => runtime.dispose())

  const account = newAccount()
  const commands = {
    "earns and redeems": redeemed(account),
    credits: recordCredit(credit(account, "R1", "c1", "2026-01-20", "70")),
    "credits once more, under a key that is known": recordCredit(credit(account, "R1", "c1", "2026-01-20", "70")),
    adjusts: adjustPoints(adjust(account, "a1", "B", "5", "2026-01-21")),
    "is refused": Effect.flip(recordCredit(credit(account, "R1", "c9", "2026-01-20", "9999"))),
    sweeps: sweepExpired({ program, asOf: at("2026-12-31") }),
    "credits in a transaction": Database.use((database) =>
      database.transaction(recordCredit(credit(account, "R1", "c2", "2027-01-20", "70")))
    )
  }

  it.each(Object.keys(commands) as ReadonlyArray<keyof typeof commands>)("is named by what %s", async (name) => {
    recorded.statements.length = 0
    await run(Effect.asVoid(commands[name] as Effect.Effect<unknown, unknown, AnyStore | Database>))
    const sent = recorded.statements.filter((statement) => !statement.includes(SWEEP_QUESTION))
    assert.isNotEmpty(sent)
    assert.deepStrictEqual(
      sent.flatMap((statement) => withoutKey(statement)),
      []
    )
    const called = new Set(sent.flatMap((statement) => calls(statement, Array.from(bodies.keys()))))
    assert.include(called, "load_batch")
    if (name !== "credits once more, under a key that is known") assert.include(called, "append_batch")
    for (const function_ of called) {
      assert.deepStrictEqual(withoutKey(bodies.get(function_) ?? ""), [], function_)
    }
  })

  it("is missed where a statement leaves it out", () => {
    const bad = [
      "select * from events where stream = 'x'",
      "select * from pointback.events e where e.partition = 1",
      'select 1 from "pointback"."lots" l join redemptions r on r.redemption_id = l.lot_id where l.partition = 1 and l.program = 2 and l.account_key = 3',
      "update lots set total = 1 where lot_id = 'A'",
      "insert into postings (position, line) values (1, 1)",
      "with x as (select * from accounts where account_key = 'k') select * from x where partition = 1 and program = 'p'",
      "begin if true then delete from idempotency_keys where key = 'k'; end if; end",
      "select position from log_heads",
      "select * from programs, events where partition = 1"
    ]
    for (const statement of bad) assert.isNotEmpty(withoutKey(statement), statement)
    const good = [
      "select * from events e where partition = 1 and program = 'p' and account_key = 'k'",
      "update lots l set total = 1 where (l.partition, l.program, l.account_key) = (1, 'p', 'k')",
      "insert into postings (partition, program, account_key, position) select 1, 'p', 'k', 1",
      "select * from programs where program = 'p'"
    ]
    for (const statement of good) assert.deepStrictEqual(withoutKey(statement), [], statement)
  })

  it("is missed in the functions, wherever one mention of it is taken away", () => {
    const mentions =
      /\w+\.partition = |(?<=insert into (?:events|postings|lots|redemptions|idempotency_keys|accounts)\b[^(]*\()partition, /g
    for (const name of ["append_batch", "load_batch"]) {
      const body = bodies.get(name) ?? ""
      const places = Array.from(body.matchAll(mentions))
      assert.isAtLeast(places.length, 3)
      for (const { 0: mention, index } of places) {
        const without =
          body.slice(0, index) + (mention.endsWith("= ") ? "0 = " : "") + body.slice(index + mention.length)
        assert.isNotEmpty(withoutKey(without), `${name}: ${body.slice(index - 80, index + 80)}`)
      }
    }
  })
})
