/** Who asks, and in what connection, as events keep it. */
import { EventStore } from "@pointback/adapters"
import { Effect, Stream } from "effect"
import { assert, describe, it } from "vitest"
import type { Caller } from "../../src/command/Command.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { earn, newAccount, program } from "../support/Commands.ts"
import { implementations, worldFor } from "../support/World.ts"

describe.each(implementations)("a caller on %s", (implementation) => {
  const world = worldFor(implementation)

  const keptOf = (caller: Caller) =>
    Effect.gen(function* () {
      const account = newAccount()
      yield* earnPoints(earn(account, "A", "5", "2025-02-01"), caller)
      const store = yield* EventStore.EventStore
      const ref = yield* store.find(program, account)
      return (yield* Stream.runCollect(store.readAccount(ref!)))[0]!
    })

  it("is kept with the event", async () => {
    const kept = await world.run(keptOf({ actor: "desk 4", causationId: "order-1", correlationId: "case-7" }))
    assert.deepStrictEqual([kept.actor, kept.causationId, kept.correlationId], ["desk 4", "order-1", "case-7"])
  })

  it("that says nothing is kept as nobody, and its events are correlated all the same", async () => {
    const kept = await world.run(keptOf({ actor: "", causationId: "", correlationId: "" }))
    assert.deepStrictEqual([kept.actor, kept.causationId], [null, null])
    assert.match(kept.correlationId, /^[0-9a-z]+$/)
  })
})
