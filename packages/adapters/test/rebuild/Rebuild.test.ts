/** Read models are made anew from the events alone: to the same rows, and to the right ones where they were wrong. */
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Verification from "../../src/audit/Verification.ts"
import { PARTITIONS } from "../../src/eventStore/Partition.ts"
import { rebuild } from "../../src/rebuild/Rebuild.ts"
import * as Stores from "../../src/Stores.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { histories, appendFacts, writeHistories } from "../support/Histories.ts"
import { databaseLayer } from "../support/StoresUnderTest.ts"

const ACCOUNTS = 40
const SEED = 7

const TABLES = {
  postings: "partition, position, line",
  lots: "partition, account_key, lot_id",
  redemptions: "partition, account_key, redemption_id"
}

/** Every row of the read models, as text. */
const dump = Effect.forEach(Object.entries(TABLES), ([table, order]) =>
  rows<{ row: string }>(`select row_to_json(t)::text as row from ${table} t order by ${order}`)
)

/** Everything of the schema that has a name, and what guards its tables. */
const catalog = Effect.all([
  rows(`select relname, relkind, relpersistence, reloptions from pg_class
    where relnamespace = 'pointback'::regnamespace order by relname`),
  rows(`select tgrelid::regclass::text as place, tgname, tgenabled from pg_trigger order by 1, 2`),
  rows(`select conrelid::regclass::text as place, conname from pg_constraint order by 1, 2`)
])

const differences = Effect.map(Verification.verify(null), ({ differences }) => differences)

const perPartition = (statement: (partition: number) => string) =>
  Effect.forEach(
    Array.from({ length: PARTITIONS }, (_, partition) => partition),
    (partition) => rows(statement(partition))
  )

/** As a hand in psql could that owns the tables. */
const unguarded = (statement: string) =>
  Effect.gen(function* () {
    yield* perPartition((partition) => `alter table postings_p${partition} disable trigger append_only`)
    yield* rows(`alter table postings disable trigger append_only`)
    yield* rows(statement)
    yield* rows(`alter table postings enable trigger append_only`)
    yield* perPartition((partition) => `alter table postings_p${partition} enable trigger append_only`)
  })

describe.each(dialects)("a rebuild on %s", (dialect) => {
  type Services = Layer.Success<typeof Stores.layer> | Layer.Success<Awaited<ReturnType<typeof databaseLayer>>>
  let runtime: ManagedRuntime.ManagedRuntime<Services, unknown>
  const run = <A, E>(effect: Effect.Effect<A, E, Services>) => runtime.runPromise(effect)

  beforeAll(async () => {
    runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer(dialect))))
    await run(writeHistories(ACCOUNTS, SEED))
  })
  afterAll(() => runtime.dispose())

  it("finds nothing and leaves every row and everything around it where nothing is wrong", () =>
    run(
      Effect.gen(function* () {
        const before = [yield* dump, yield* catalog]
        const { differing, tables } = yield* rebuild()
        assert.deepStrictEqual(
          [differing, tables.lots.named, tables.postings.named, tables.redemptions.named],
          [0, [], [], []]
        )
        assert.deepStrictEqual(
          [tables.postings.rows, tables.lots.rows, tables.redemptions.rows],
          (yield* dump).map((of) => of.length)
        )
        assert.isAbove(tables.redemptions.rows, 0)
        assert.deepStrictEqual([yield* dump, yield* catalog], before)
      })
    ))

  it("L10 replay: makes every row anew where there is none", () =>
    run(
      Effect.gen(function* () {
        const before = [yield* dump, yield* catalog]
        yield* unguarded("delete from postings")
        yield* rows("delete from lots")
        yield* rows("delete from redemptions")
        const rebuilt = yield* rebuild()
        const { lots, postings, redemptions } = rebuilt.tables
        assert.strictEqual(rebuilt.differing, lots.rows + postings.rows + redemptions.rows)
        assert.strictEqual(postings.named[0]?.problem, "is missing")
        assert.deepStrictEqual([yield* dump, yield* catalog], before)
        assert.deepStrictEqual(yield* differences, [])
      })
    ))

  it.each([
    [
      "a changed posting",
      () =>
        unguarded(
          "update postings set points = points + 1 where (partition, position) in (select partition, max(position) from postings group by 1 order by 1 limit 1)"
        ),
      /points is \d+.*, the events give/
    ],
    ["a changed lot", () => rows("update lots set booked = booked + 1, swept = not swept"), /booked is .*; swept is/],
    ["a changed redemption", () => rows("update redemptions set draws = '[]'"), /draws is \[\], the events give/],
    [
      "a lot of nobody",
      () =>
        rows(`insert into lots (partition, program, account_key, lot_id, earned_at, opened_at, total, granted, restored,
          booked, swept, last_at, late) values (3, 'program', 'nobody', 'lot', '2025-01-01', '2025-01-01', 1, 1, 0, 0,
          false, '2025-01-01', false)`),
      /no event gives it/
    ]
  ])("finds and puts right %s", (_, spoil, problem) =>
    run(
      Effect.gen(function* () {
        const before = yield* dump
        yield* spoil()
        const spoilt = yield* dump
        const checked = yield* rebuild({ check: true })
        assert.isAbove(checked.differing, 0)
        assert.deepStrictEqual(yield* dump, spoilt)
        const rebuilt = yield* rebuild()
        assert.deepStrictEqual(rebuilt, checked)
        const named = Object.values(rebuilt.tables).flatMap((table) => table.named)
        assert.match(named[0]?.problem ?? "", problem)
        assert.deepStrictEqual(yield* dump, before)
        assert.strictEqual((yield* rebuild({ check: true })).differing, 0)
      })
    )
  )

  it("drops what one that was killed has left", () =>
    run(
      Effect.gen(function* () {
        const before = yield* catalog
        yield* rows("create table lots_rebuild_0123abcd_p1 (one int)")
        yield* rebuild({ check: true })
        assert.deepStrictEqual(yield* catalog, before)
      })
    ))

  it("says which account cannot be replayed, and changes nothing", () =>
    run(
      Effect.gen(function* () {
        const [account] = yield* rows<{ partition: number; account_key: string }>("select * from accounts limit 1")
        const { account_key, partition } = account as { partition: number; account_key: string }
        yield* rows(`alter table events_p${partition} disable trigger append_only`)
        const change = (from: string, to: string) =>
          rows(`update events_p${partition} set type = '${to}' where account_key = '${account_key}'
            and account_version = 1 and type = '${from}'`)
        yield* change("PointsEarned", "PointsLost")
        const before = [yield* dump, yield* catalog]
        const error = yield* Effect.flip(rebuild())
        assert.strictEqual(error._tag, "HistoryUnreadable")
        assert.include(error.message, account_key)
        assert.deepStrictEqual([yield* dump, yield* catalog], before)
        yield* change("PointsLost", "PointsEarned")
        yield* rows(`alter table events_p${partition} enable trigger append_only`)
      })
    ))
})

describe("a rebuild on a server, while commands go on", () => {
  it("leaves nothing different, and loses none of them", async () => {
    const runtime = ManagedRuntime.make(Stores.layer.pipe(Layer.provideMerge(await databaseLayer("postgres"))))
    try {
      await runtime.runPromise(
        Effect.gen(function* () {
          yield* writeHistories(ACCOUNTS, SEED)
          yield* rows("update redemptions set draws = '[]' where credited = points")
          const others = histories(ACCOUNTS, SEED + 1).map(
            ([account, commands]) => [`new-${account}`, commands] as const
          )
          const writing = Effect.forEach(
            others,
            ([account, commands]) => Effect.forEach(commands, (facts) => appendFacts(account, facts)),
            { concurrency: 4 }
          )
          const rebuilding = Effect.gen(function* () {
            const first = yield* rebuild()
            assert.isAbove(first.differing, 0)
            for (let i = 0; i < 3; i++) assert.strictEqual((yield* rebuild()).differing, 0)
          })
          yield* Effect.all([writing, rebuilding], { concurrency: 2 })
          const [events] = yield* rows<{ count: number }>("select count(*) as count from events")
          const written = [...histories(ACCOUNTS, SEED), ...others].flatMap(([, commands]) => commands.flat())
          assert.strictEqual(events?.count, written.length)
          assert.deepStrictEqual(yield* differences, [])
        })
      )
    } finally {
      await runtime.dispose()
    }
  })
})
