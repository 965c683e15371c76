/** Imports that are stopped and started again, and accounts that are larger than any batch. */
import { type Database, EventStore, Stores, Verification } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, Stream } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine } from "../support/Cli.ts"
import { lookingInto, serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { credited, earned, program, redeemed } from "./Records.ts"

const folder = temporaryFolder()

/** More than are in flight at once, so that some are there while others are not. */
const ACCOUNTS = 400

const numbers = Array.from({ length: ACCOUNTS }, (_, index) => `account-${index}`)

const history = (account: string) => [
  earned(account, "A", "100"),
  earned(account, "B", "50"),
  redeemed(account, "R1", "120"),
  credited(account, "R1", "c1", { points: "20" }),
  credited(account, "R1", "c2")
]

const interleaved = Array.from({ length: 5 }, (_, index) => numbers.map((account) => history(account)[index]!)).flat()

const RECORDS = interleaved.length

/** Seconds where nothing else runs; much longer on a machine with other work. */
const PATIENCE_MS = 240_000

const countEvents = Effect.map(
  rows<{ count: number }>("select count(*)::int as count from events"),
  (found) => found[0]!.count
)

/** Every event of every account, and how many other rows there are, without what differs from one run to the next. */
const dump: Effect.Effect<unknown, unknown, Database> = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const events = yield* Effect.forEach(
    numbers,
    Effect.fnUntraced(function* (number) {
      const ref = yield* store.find(Ids.ProgramId.make(program), Ids.AccountNumber.make(number))
      const stored = ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
      return stored.map(({ accountVersion, correlationId, fact, idempotencyKey, version }) => {
        return [accountVersion, version, fact, idempotencyKey, correlationId]
      })
    }),
    { concurrency: 8 }
  )
  const counts = yield* rows(`
    select (select count(*)::int from idempotency_keys) as keys, (select count(*)::int from postings) as postings,
      (select sum(total)::text from lots) as points, (select sum(credited)::text from redemptions) as credited`)
  return { events, counts, differences: (yield* Verification.verify(null)).differences }
}).pipe(Effect.provide(Layer.fresh(Stores.layer)))

describe("an import that is killed while it writes", () => {
  const killed = serverDatabase()
  const clean = serverDatabase()
  const intoKilled = lookingInto(killed)
  const intoClean = lookingInto(clean)

  it(
    "goes on where it was when it is started again, and leaves what one run would have left",
    { timeout: PATIENCE_MS },
    async () => {
      const file = writeNew(folder, ndjson(interleaved))
      const child = start(["import", file, "--database", killed(), "--json"])
      while ((await intoKilled(countEvents)) === 0) await sleep(2)
      child.signal("SIGKILL")
      assert.strictEqual(await child.ended, "SIGKILL")
      const before = await intoKilled(countEvents)
      assert.isBelow(before, RECORDS)
      const again = await commandLine(killed)(["import", file, "--json"])
      const { imported, replayed, ...others } = JSON.parse(again.out) as { imported: number; replayed: number }
      assert.deepStrictEqual(others, { records: RECORDS, accounts: ACCOUNTS, refusedAccounts: 0, refused: [] })
      assert.strictEqual(imported + replayed, RECORDS)
      // What the database was doing when the process was killed it may have done to the end.
      assert.isAtLeast(replayed, before)
      assert.isAbove(imported, 0)
      const whole = await commandLine(clean)(["import", file, "--json"])
      assert.deepInclude(JSON.parse(whole.out), { imported: RECORDS, replayed: 0 })
      const third = await commandLine(killed)(["import", file, "--json"])
      assert.deepInclude(JSON.parse(third.out), { imported: 0, replayed: RECORDS })
      assert.deepStrictEqual(await intoKilled(dump), await intoClean(dump))
    }
  )
})

describe("an account with twenty thousand records", () => {
  const database = serverDatabase()
  const into = lookingInto(database)

  it("is imported as one, or not at all", { timeout: PATIENCE_MS }, async () => {
    const lots = Array.from({ length: 50 }, (_, index) => earned("large", `lot-${index}`, "1000"))
    const large = Array.from({ length: 20_000 }, (_, index) => lots[index] ?? redeemed("large", `R${index}`, "1.5"))
    const type = commandLine(database)
    const refused = writeNew(
      folder,
      ndjson([...large, redeemed("large", "too-much", "50000"), earned("small", "A", "1")])
    )
    const first = await type(["import", refused, "--json"])
    assert.strictEqual(first.code, 1)
    assert.deepInclude(JSON.parse(first.out), { records: 20_002, imported: 1, refusedAccounts: 1 })
    assert.strictEqual(await into(countEvents), 1)
    const file = writeNew(folder, ndjson(large))
    assert.deepInclude(JSON.parse((await type(["import", file, "--json"])).out), { imported: 20_000 })
    assert.strictEqual(await into(countEvents), 20_001)
    assert.deepInclude(JSON.parse((await type(["import", file, "--json"])).out), { imported: 0, replayed: 20_000 })
    assert.strictEqual((await type("verify")).code, 0)
  })
})
