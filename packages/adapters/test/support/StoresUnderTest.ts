import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { AgingStore } from "../../src/aging/AgingStore.ts"
import type { Database } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import type { EventStore } from "../../src/eventStore/EventStore.ts"
import type { EventLog } from "../../src/log/EventLog.ts"
import * as MemoryStores from "../../src/memory/MemoryStores.ts"
import { migrate } from "../../src/migration/Migrations.ts"
import type { PolicyStore } from "../../src/program/PolicyStore.ts"
import * as Stores from "../../src/Stores.ts"
import { emptyImage } from "./Pglite.ts"
import { freshDatabase, type Template } from "./Postgres.ts"

/** Everything a use case needs of a store. */
export type AnyStore = EventStore | EventLog | PolicyStore | AgingStore

/** Every implementation, for `describe.each`. */
export const implementations = ["memory", "pglite", "postgres"] as const
export type Implementation = (typeof implementations)[number]

/** Runs an effect on the stores; on `memory` there is no Database behind them. */
export type RunStores = <A, E>(effect: Effect.Effect<A, E, AnyStore>) => Promise<A>

/** A PostgreSQL database with the newest schema. */
export const migrated: Template = {
  name: "migrated",
  prepare: (url) => Effect.runPromise(migrate.pipe(Effect.provide(PostgresDatabase.layer({ url })), Effect.asVoid))
}

/** A database with the newest schema. */
export const databaseLayer = async (
  implementation: Exclude<Implementation, "memory">
): Promise<Layer.Layer<Database, unknown>> =>
  implementation === "pglite"
    ? EmbeddedDatabase.layerMemory({ image: await emptyImage(), prepare: migrate })
    : PostgresDatabase.layer({ url: await freshDatabase(migrated) })

const layerOf = async (implementation: Implementation): Promise<Layer.Layer<AnyStore, unknown>> =>
  implementation === "memory"
    ? MemoryStores.layer
    : Stores.layer.pipe(Layer.provideMerge(await databaseLayer(implementation)))

/** One set of empty stores for the surrounding `describe`. */
export const storesFor = (implementation: Implementation): RunStores => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(await layerOf(implementation))
    await runtime.runPromise(Effect.void)
  })
  afterAll(() => runtime.dispose())
  return (effect) => runtime.runPromise(effect)
}
