/**
 * Walls in the embedded database, where one user sets roles: policies and functions hold there too. Logins, and everything that
 * takes several connections, are tried on PostgreSQL: packages/app/test/walls.
 */
import { Ids } from "@pointback/domain"
import { Effect, Layer } from "effect"
import { assert, it } from "vitest"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import { EventStore } from "../../src/eventStore/EventStore.ts"
import { migrate } from "../../src/migration/Migrations.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"
import * as ProgramRoles from "../../src/program/ProgramRoles.ts"
import * as Stores from "../../src/Stores.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { emptyImage } from "../support/Pglite.ts"
import * as SmallHistory from "../support/SmallHistory.ts"

const OTHER = Ids.ProgramId.make("other")

const seen = rows<{ events: number; own: number }>(
  `select (select count(*) from events)::int as events, (select count(*) from lots where program = '${SmallHistory.program}')::int as own`
)

it("a role that is set in the embedded database is held to its programs, and free again after it", async () => {
  const layer = EmbeddedDatabase.layerMemory({ image: await emptyImage(), prepare: Effect.asVoid(migrate) })
  const tried = await Effect.runPromise(
    Effect.gen(function* () {
      yield* SmallHistory.write()
      yield* ProgramRoles.grant("of_other", [OTHER])
      yield* rows("set role of_other")
      const behind = yield* seen
      const refused = [
        yield* Effect.flip(PolicyStore.use((store) => store.current(SmallHistory.program))),
        yield* Effect.flip(EventStore.use((store) => store.find(SmallHistory.program, SmallHistory.account)))
      ].map(({ reason }) => reason)
      const unknown = yield* PolicyStore.use((store) => store.current(OTHER))
      yield* rows("reset role")
      const free = yield* seen
      yield* rows("set role pointback_application")
      return { behind, refused, unknown: unknown.known, free, application: yield* seen }
    }).pipe(Effect.provide(Layer.provideMerge(Stores.layer, layer)))
  )
  const walled = { _tag: "Walled", needs: "program" } as const
  assert.deepStrictEqual(tried, {
    behind: [{ events: 0, own: 0 }],
    refused: [walled, walled],
    // Its own program, which has no row yet.
    unknown: false,
    free: [{ events: 3, own: 1 }],
    application: [{ events: 3, own: 1 }]
  })
})
