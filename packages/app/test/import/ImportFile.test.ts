/** Files that fit into memory and files that do not: imported to the same, line by line, whatever their accounts are. */
import { EventStore, MemoryStores } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Stream } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import type { ImportProgress } from "../../src/import/History.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import { LIMITS, type SpoolLimits } from "../../src/import/Spool.ts"
import { newAccount } from "../support/Commands.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { worldFor } from "../support/World.ts"
import { adjusted, credited, earned, everything, expired, program, redeemed } from "./Records.ts"

const folder = temporaryFolder()

/** Two records are too many for the memory, and every bucket is divided down to one account. */
const TINY: SpoolLimits = { ...LIMITS, memoryBytes: 400, blockBytes: 300 }

const importText = (content: string, limits?: SpoolLimits) =>
  Effect.scoped(
    Effect.flatMap(ImportFile.read(writeNew(folder, content), { limits }), (history) => importHistory(history))
  )

const ACCOUNTS = ["a", "b", "c", "d", "é"]

/** Records that may or may not fit to what came before them. */
const record = fc
  .tuple(fc.constantFrom(...ACCOUNTS), fc.constantFrom("1", "2", "3"), fc.nat(5), fc.nat(30))
  .map(([account, id, kind, amount]) => {
    const points = String(amount + 1)
    const [lot, redemption] = [`lot-${id}`, `redemption-${id}`]
    switch (kind) {
      case 0:
        return redeemed(account, redemption, points)
      case 1:
        return credited(account, redemption, `credit-${id}`, amount < 15 ? { points } : {})
      case 2:
        return adjusted(account, `key-${id}`, lot, points)
      case 3:
        return amount < 3 ? expired(account, lot, points) : earned(account, `other-${id}`, points)
      default:
        return earned(account, lot, String(100 + amount), amount < 5 ? { program: "another" } : {})
    }
  })

/** Every event of the accounts, without what differs from one run to the next. */
const events = Effect.forEach(ACCOUNTS, (account) =>
  Effect.gen(function* () {
    const store = yield* EventStore.EventStore
    const ref = yield* store.find(Ids.ProgramId.make(program), Ids.AccountNumber.make(account))
    const stored = ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
    return stored.map(({ correlationId, fact, idempotencyKey, version }) => [
      version,
      fact,
      idempotencyKey,
      correlationId
    ])
  })
)

/** What an import of a file into nothing comes to, and what there is then. */
const outcome = (text: string, limits?: SpoolLimits) =>
  Effect.runPromise(Effect.provide(Effect.all([importText(text, limits), events]), MemoryStores.layer))

describe("a file that does not fit into memory", () => {
  it("is imported to the same as one that does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 60 }), async (records) => {
        const text = ndjson(records)
        assert.deepStrictEqual(await outcome(text, TINY), await outcome(text))
      })
    )
  })

  describe("on a database", () => {
    const world = worldFor("postgres")

    it("rolls back the account of a refused record alone, in the middle of its bucket and of its account", async () => {
      const accounts = Array.from({ length: 40 }, newAccount)
      const bad = accounts[17]!
      const histories = accounts.map((account) =>
        account === bad ? everything(account).with(4, redeemed(account, "R9", "1000")) : everything(account)
      )
      const interleaved = Array.from({ length: 7 }, (_, index) => histories.map((records) => records[index]!)).flat()
      const imported = await world.run(importText(ndjson(interleaved), TINY))
      assert.deepStrictEqual(
        imported.refused.map(({ account, line, refusal }) => [account, line, refusal._tag]),
        [[bad, 4 * 40 + 17 + 1, "InsufficientPoints"]]
      )
      assert.deepStrictEqual(
        [imported.records, imported.accounts, imported.imported, imported.refusedAccounts],
        [280, 40, 273, 1]
      )
      const again = await world.run(importText(ndjson(interleaved), TINY))
      assert.deepStrictEqual([again.imported, again.replayed, again.refusedAccounts], [0, 273, 1])
      const store = EventStore.EventStore.use((events) => events.find(Ids.ProgramId.make(program), bad))
      assert.isNull(await world.run(store))
      assert.deepStrictEqual(await world.differences(), [])
    })
  })
})

describe("an account with more records than are decided as one", () => {
  it("is refused with the line on which they became too many, and the others go on", async () => {
    const limits = { ...LIMITS, accountRecords: 2 }
    const text = ndjson([earned("a", "1", "1"), earned("b", "1", "1"), earned("a", "2", "1"), earned("a", "3", "1")])
    const [imported, [a, b]] = await outcome(text, limits)
    assert.deepStrictEqual([imported.records, imported.imported, imported.refusedAccounts], [4, 1, 1])
    assert.deepInclude(imported.refused[0], { line: 4, account: Ids.AccountNumber.make("a") })
    assert.deepInclude(imported.refused[0]?.refusal, { _tag: "AccountTooLong", maximumRecords: 2 })
    assert.match(imported.refused[0]?.refusal.message ?? "", /import its history from several files/)
    assert.deepStrictEqual([a?.length, b?.length], [0, 1])
  })
})

describe("progress", () => {
  it("tells the bytes that were read, then the records, from none to all, and never less than before", async () => {
    const text = ndjson(ACCOUNTS.flatMap(everything))
    const file = writeNew(folder, text)
    const told: Array<ImportProgress> = []
    const onProgress = (progress: ImportProgress) => void told.push(progress)
    await Effect.runPromise(
      Effect.flatMap(ImportFile.read(file, { onProgress }), (history) => importHistory(history, {}, onProgress)).pipe(
        Effect.scoped,
        Effect.provide(MemoryStores.layer)
      )
    )
    const phases = [
      ["reading", Buffer.byteLength(text)],
      ["importing", ACCOUNTS.length * 7]
    ] as const
    for (const [phase, total] of phases) {
      const steps = told.filter((progress) => progress.phase === phase)
      const done = steps.map((progress) => progress.done)
      assert.deepStrictEqual([done[0], done.at(-1)], [0, total])
      assert.deepStrictEqual(
        done,
        done.toSorted((a, b) => a - b)
      )
      assert.isTrue(steps.every((progress) => progress.total === total))
    }
    assert.deepStrictEqual(Array.from(new Set(told.map(({ phase }) => phase))), ["reading", "importing"])
  })
})
