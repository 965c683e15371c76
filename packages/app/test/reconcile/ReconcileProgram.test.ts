import { ReconciliationStore, StatementFile } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Data, Effect } from "effect"
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { reconcileProgram } from "../../src/reconcile/ReconcileProgram.ts"
import * as Sink from "../../src/reconcile/Sink.ts"
import { dice, runSeed } from "../support/Dice.ts"
import { temporaryFolder } from "../support/Files.ts"
import {
  at,
  databaseFor,
  type Generated,
  generate,
  importInto,
  reconcile,
  shuffled,
  told
} from "../support/Reconciling.ts"

const root = temporaryFolder()
let generated: Generated
beforeAll(async () => {
  generated = await generate(join(root, "program"), 3, 1_500, 12)
})

const TABLES = ["runs", "breaks", "history", "parked"].map((name) => `reconciliation_${name}`)

/** All that reconciliations wrote, but the clock's own times. */
const dump = Effect.forEach(TABLES, (table) =>
  rows<{ row: string }>(
    `select (to_jsonb(t) - 'started_at' - 'finished_at' - 'recorded_at' - 'entry')::text as row from ${table} t order by 1`
  )
)

/** Somebody pulls the plug. */
class Killed extends Data.TaggedError("Killed") {}

describe.each(["pglite", "postgres"] as const)("reconciling with a statement on %s", (implementation) => {
  const run = databaseFor(implementation)
  beforeAll(() => run(importInto(generated.records)))

  it("shows what it would find, and writes nothing", async () => {
    const before = await run(dump)
    const found = await run(reconcile(generated, Sink.dry()))
    assert.deepStrictEqual(told(found), generated.truth)
    assert.isAbove(generated.truth.length, 100)
    assert.deepStrictEqual(await run(dump), before)
  })

  it("says the same of a statement whose lines come in another order, to the byte", async () => {
    const text = (found: unknown) =>
      JSON.stringify(found, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))
    const one = await run(reconcile(generated, Sink.dry()))
    const other = await run(reconcile({ ...generated, statement: shuffled(generated.statement) }, Sink.dry()))
    assert.strictEqual(text(other), text(one))
  })

  it("finds the truth, keeps it, and adds nothing when it is run again", async () => {
    const found = await run(reconcile(generated, Sink.database, { run: "first" }))
    assert.deepStrictEqual(told(found), generated.truth)
    assert.isAbove(found.counts.matched, 1_400)
    const before = await run(dump)
    assert.deepStrictEqual(await run(reconcile(generated, Sink.database, { run: "first" })), found)
    assert.deepStrictEqual(await run(dump), before)
    // Without an id, the same input is the same run.
    const one = await run(reconcile(generated, Sink.database, { run: undefined }))
    const after = await run(dump)
    const same = await run(reconcile(generated, Sink.database, { run: undefined }))
    assert.strictEqual(same.run, one.run)
    assert.deepStrictEqual(await run(dump), after)
    // Another run sees the same breaks again, and opens none.
    assert.deepStrictEqual(after[1]?.length, before[1]?.length)
    const kinds = await run(rows("select kind, count(*)::int from reconciliation_history group by kind order by kind"))
    assert.deepStrictEqual(kinds, [
      { kind: "opened", count: found.breaks.length },
      { kind: "seen", count: found.breaks.length }
    ])
  })

  it("goes on where it was killed, twenty times, and comes to the same as a run that was not", async () => {
    const clean = await run(reconcile(generated, Sink.database, { run: "clean", batch: 20 }))
    const chance = dice(runSeed(), implementation.length)
    let kills = 0
    const sink: Sink.Sink = {
      ...Sink.database,
      commit: (start, checkpoint) =>
        Effect.gen(function* () {
          const isKilled = kills < 20 && chance.happens(0.5)
          // Before the commit or behind it: the one is done again, and the other is not.
          if (isKilled && chance.happens(0.5)) return yield* Effect.die(new Killed())
          yield* Sink.database.commit(start, checkpoint)
          if (isKilled) return yield* Effect.die(new Killed())
        })
    }
    for (;;) {
      const exit = await run(Effect.exit(reconcile(generated, sink, { run: "killed", batch: 20 })))
      if (exit._tag === "Success") {
        assert.deepStrictEqual({ ...exit.value, run: "" }, { ...clean, run: "", breaks: exit.value.breaks })
        const comparable = (found: typeof clean) => found.breaks.map((one) => ({ ...one, lastRun: "" }))
        assert.deepStrictEqual(comparable(exit.value), comparable(clean))
        break
      }
      kills++
    }
    assert.strictEqual(kills, 20)
  })

  it("is carried on by one of two that run it at once", async () => {
    const both = await Promise.all(
      [1, 2].map(() => run(Effect.result(reconcile(generated, Sink.database, { run: "both", batch: 50 }))))
    )
    const done = both.filter(({ _tag }) => _tag === "Success")
    const taken = both.filter((one) => one._tag === "Failure" && one.failure._tag === "RunTaken")
    assert.strictEqual(done.length + taken.length, 2)
    const again = await run(reconcile(generated, Sink.database, { run: "both" }))
    assert.deepStrictEqual(told(again), generated.truth)
    const twice = await run(
      rows(`select break_id from reconciliation_history where run = 'both' group by break_id having count(*) > 1`)
    )
    assert.deepStrictEqual(twice, [])
  })

  it("refuses a run's id with another input or another program", async () => {
    const other = join(root, `${implementation}.ndjson`)
    copyFileSync(generated.statement, other)
    const last = readFileSync(other, "utf8").trim().split("\n").at(-1)!
    appendFileSync(other, `${last.replace(/"reference":"[^"]*"/, '"reference":"m-new"')}\n`)
    const failed = await run(
      Effect.flip(reconcile({ ...generated, statement: other }, Sink.database, { run: "first" }))
    )
    assert.deepInclude(failed, { _tag: "RunMismatch", differs: "source" })
  })

  it("closes a break by a later fact, and leaves what a person accepted", async () => {
    const [missing, accepted] = (await run(ReconciliationStore.readAll({ type: "missingHere" }))).filter(
      ({ remedy }) => remedy === "record"
    )
    const [there] = missing!.there
    await run(
      recordCredit({
        program: generated.program,
        account: Ids.AccountNumber.make(missing!.account),
        redemptionId: Ids.RedemptionId.make(missing!.redemption!),
        creditId: Ids.CreditId.make("found-later"),
        points: BigInt(Math.round(Number(there!.points) * 10_000)),
        occurredAt: missing!.since,
        dated: true
      })
    )
    const by = { actor: "me", reason: "the bank says so", at }
    assert.isTrue(await run(ReconciliationStore.accept(accepted!.id, by)))
    assert.isFalse(await run(ReconciliationStore.accept(accepted!.id, by)))
    const found = await run(reconcile(generated, Sink.database, { run: "later" }))
    const ids = new Set(found.breaks.map(({ id }) => id))
    assert.deepStrictEqual([ids.has(missing!.id), ids.has(accepted!.id)], [false, false])
    assert.strictEqual(found.breaks.length, generated.truth.length - 2)
    const [closed] = await run(ReconciliationStore.readAll({ ids: [missing!.id], all: true }))
    assert.strictEqual(closed!.state, "closed")
    const history = await run(ReconciliationStore.historyOf(missing!.id))
    assert.strictEqual(history.at(-1)!.kind, "closed")
    assert.match(history.at(-1)!.fact!, /^event [0-9a-f-]{36}: it agrees with m-/)
    assert.deepInclude((await run(ReconciliationStore.historyOf(accepted!.id))).at(-2)!, {
      kind: "accepted",
      actor: "me",
      reason: "the bank says so"
    })
  })

  it("puts a poison record aside with its reason, and holds nobody up", async () => {
    const [victim] = await run(
      rows<{ redemption_id: string; account_key: string }>(
        "select redemption_id, account_key from redemptions where version = 1 order by redemption_id limit 1"
      )
    )
    const poison = (draws: string) =>
      rows(`update redemptions set draws = '${draws}' where redemption_id = '${victim!.redemption_id}'
        and account_key = '${victim!.account_key}'`)
    const [{ draws }] = (await run(
      rows<{ draws: string }>(
        `select draws::text as draws from redemptions where redemption_id = '${victim!.redemption_id}'`
      )
    )) as [{ draws: string }]
    await run(poison('[["lot","never","never","x","0"]]'))
    const statement = join(root, `${implementation}-poison.ndjson`)
    writeFileSync(statement, `${readFileSync(generated.statement, "utf8")}{"kind":"credit"}\n`)
    const found = await run(reconcile({ ...generated, statement }, Sink.database, { run: "poison" }))
    await run(poison(draws))
    assert.strictEqual(found.parked.length, 2)
    assert.match(found.parked[0]!.place, new RegExp(`^account …\\d{4} \\(.*\\), redemption ${victim!.redemption_id}$`))
    assert.match(found.parked[0]!.reason, /never/)
    assert.match(found.parked[1]!.place, /^line \d+$/)
    assert.isAbove(found.breaks.length, generated.truth.length - 4)
  })
})

describe("a source of a host's own", () => {
  const run = databaseFor("pglite")

  it("is reconciled like a file", async () => {
    await run(importInto(generated.records))
    const found = await run(
      Effect.scoped(
        Effect.gen(function* () {
          const file = yield* StatementFile.read(generated.statement)
          const source = { ...file, name: "a table of ours", identity: "table 1" }
          return yield* reconcileProgram({ program: generated.program, source, run: undefined, at }, Sink.dry())
        })
      )
    )
    assert.deepStrictEqual([found.source, told(found)], ["a table of ours", generated.truth])
  })
})
