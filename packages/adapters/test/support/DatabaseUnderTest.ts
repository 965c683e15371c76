import type { Effect, Layer } from "effect"
import { ManagedRuntime } from "effect"
import { sql } from "kysely"
import { afterAll, beforeAll } from "vitest"
import { Database, type Dialect } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { emptyImage } from "./Pglite.ts"
import { freshDatabase } from "./Postgres.ts"

/** Runs an effect that needs a Database. */
export type Run = <A, E>(effect: Effect.Effect<A, E, Database>) => Promise<A>

/** Both dialects, for `describe.each`. */
export const dialects: ReadonlyArray<Dialect> = ["postgres", "pglite"]

/** Statements as text, for tests: the rows, as the driver gave them. */
export const rows = <Row = Record<string, unknown>>(text: string) =>
  Database.use((database) =>
    database.query((kysely, signal) =>
      sql
        .raw<Row>(text)
        .execute(kysely, { signal })
        .then((result) => result.rows)
    )
  )

/** Does something inside a transaction. */
export const inTransaction = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Database.use((database) => database.transaction(self))

const layerOf = async (dialect: Dialect): Promise<Layer.Layer<Database, unknown>> =>
  dialect === "pglite"
    ? EmbeddedDatabase.layerMemory({ image: await emptyImage() })
    : PostgresDatabase.layer({ url: await freshDatabase(), poolSize: 3 })

/** One database for the surrounding `describe`, with our schema in it, made before and closed after its tests. */
export const databaseFor = (dialect: Dialect): Run => {
  let runtime: ManagedRuntime.ManagedRuntime<Database, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(await layerOf(dialect))
    await runtime.runPromise(rows("create schema pointback"))
  })
  afterAll(() => runtime.dispose())
  return (effect) => runtime.runPromise(effect)
}
