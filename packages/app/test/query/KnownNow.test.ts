import { EventStore } from "@pointback/adapters"
import { Effect, Stream } from "effect"
import { assert, describe, it } from "vitest"
import { settledKnownAt } from "../../src/query/KnownNow.ts"
import { at, newAccount, program, redeemed } from "../support/Commands.ts"
import { implementations, worldFor } from "../support/World.ts"

describe.each(implementations)("settledKnownAt on %s", (implementation) => {
  const world = worldFor(implementation)

  it("covers everything that was recorded before, however shortly, and is safe", async () => {
    for (let round = 0; round < 5; round++) {
      const account = newAccount()
      const [last, settled] = await world.run(
        Effect.gen(function* () {
          yield* redeemed(account)
          const known = yield* settledKnownAt(null)
          const store = yield* EventStore.EventStore
          const ref = yield* store.find(program, account)
          const events = yield* Stream.runCollect(store.readAccount(ref!))
          return [events.at(-1)!.recordedAt, known] as const
        })
      )
      assert.isTrue(settled >= last)
      assert.strictEqual(await world.run(settledKnownAt(settled)), settled)
    }
  })

  it("L11 two clocks: refuses an instant that can still change", async () => {
    const failure = await world.run(Effect.flip(settledKnownAt(at("2199-01-01"))))
    assert.strictEqual(failure._tag, "KnownAtNotSafe")
  })
})
