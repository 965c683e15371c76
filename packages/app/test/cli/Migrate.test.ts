/** The schema is made once, however many ask for it. */
import { Deferred, Effect, Fiber } from "effect"
import { assert, describe, it } from "vitest"
import { inTransaction, rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine, type Ran } from "../support/Cli.ts"
import { open, serverDatabase } from "../support/Databases.ts"

describe("migrate on a server", () => {
  const type = commandLine(serverDatabase("empty"))

  it("that several processes start at once runs every migration once", async () => {
    const ran = await Promise.all(Array.from({ length: 6 }, () => type("migrate --json")))
    assert.deepStrictEqual(
      ran.map(({ code, err }) => [code, err]),
      ran.map(() => [0, ""])
    )
    const applied = ran.flatMap(({ out }: Ran) => (JSON.parse(out) as { applied: ReadonlyArray<string> }).applied)
    assert.deepStrictEqual(applied, Array.from(new Set(applied)))
    assert.include(applied, "0001_foundation")
    assert.strictEqual((await type("verify")).code, 0)
  })
})

describe("migrate on a server that another process is preparing", () => {
  const url = serverDatabase("empty")

  it("waits for it", () =>
    Effect.gen(function* () {
      const begun = yield* Deferred.make<void>()
      const other = inTransaction(
        Effect.gen(function* () {
          yield* rows("create schema pointback")
          yield* Deferred.succeed(begun, undefined)
          yield* Effect.sleep("300 millis")
        })
      )
      const fiber = yield* Effect.forkChild(Effect.provide(other, open(url())))
      yield* Deferred.await(begun)
      const { code, err } = yield* Effect.promise(() => commandLine(url)("migrate --json"))
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([code, err], [0, ""])
    }).pipe(Effect.runPromise))
})
