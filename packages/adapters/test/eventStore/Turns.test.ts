import { Ids } from "@pointback/domain"
import { Deferred, Effect, Fiber, Option } from "effect"
import { assert, describe, it } from "vitest"
import { Database } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import * as Turns from "../../src/eventStore/Turns.ts"
import { emptyImage } from "../support/Pglite.ts"

const program = Ids.ProgramId.make("program")
const [ann, bob] = [Ids.AccountNumber.make("ann"), Ids.AccountNumber.make("bob")]

const start = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(effect, { startImmediately: true })

describe("turns", () => {
  it("lets commands of one account follow each other, and those of another go on", () =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const inTurn = Turns.make()
          const done: Array<string> = []
          const gate = yield* Deferred.make<void>()
          const say = (name: string) => Effect.sync(() => done.push(name))
          const first = yield* start(inTurn(program, ann)(Effect.andThen(Deferred.await(gate), say("first"))))
          const second = yield* start(inTurn(program, ann)(say("second")))
          yield* inTurn(program, bob)(say("other"))
          assert.deepStrictEqual(done, ["other"])
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.join(first)
          yield* Fiber.join(second)
          assert.deepStrictEqual(done, ["other", "first", "second"])
        })
      )
    ))

  it("waits for none inside a transaction, whose connection the one before may be waiting for", async () => {
    const meet = Effect.gen(function* () {
      const database = yield* Database
      const inTurn = Turns.make()
      const opened = yield* Deferred.make<void>()
      const waiting = yield* Deferred.make<void>()
      const ask = database.query((kysely) => kysely.selectNoFrom((eb) => eb.val(1).as("one")).execute())
      const host = database.transaction(
        Effect.andThen(Deferred.succeed(opened, undefined), Deferred.await(waiting)).pipe(
          Effect.andThen(inTurn(program, ann)(ask))
        )
      )
      const other = Effect.andThen(
        Deferred.await(opened),
        inTurn(program, ann)(Effect.andThen(Deferred.succeed(waiting, undefined), ask))
      )
      return yield* Effect.timeoutOption(Effect.all([host, other], { concurrency: 2 }), "5 seconds")
    })
    const layer = EmbeddedDatabase.layerMemory({ image: await emptyImage() })
    const met = await Effect.runPromise(Effect.scoped(Effect.provide(meet, layer)))
    assert.isTrue(Option.isSome(met), "the two wait for each other")
  })
})
