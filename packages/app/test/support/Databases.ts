/** Databases as the command line names them: a URL, or a folder. */
import { Database, EmbeddedDatabase, Migrations, PostgresDatabase } from "@pointback/adapters"
import { Effect, type Layer, ManagedRuntime, Redacted } from "effect"
import { cpSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { emptyImage } from "../../../adapters/test/support/Pglite.ts"
import { freshDatabase } from "../../../adapters/test/support/Postgres.ts"
import { migrated } from "../../../adapters/test/support/StoresUnderTest.ts"
import { temporaryFolder } from "./Files.ts"

/** A database of its own for the surrounding `describe`: its URL, with the newest schema or without any. */
export const serverDatabase = (schema: "migrated" | "empty" = "migrated"): (() => string) => {
  let url = ""
  beforeAll(async () => {
    url = Redacted.value(await freshDatabase(schema === "migrated" ? migrated : undefined))
  })
  return () => url
}

/**
 * Folders with a new embedded database, for the surrounding `describe`. The first start of one takes seconds, so it is
 * made once and copied.
 */
export const folderDatabases = (): ((name: string) => string) => {
  const root = temporaryFolder()
  const template = join(root, "template")
  beforeAll(async () => {
    const prepare = Effect.asVoid(Migrations.migrate)
    const layer = EmbeddedDatabase.layer({ folder: template, image: await emptyImage(), prepare })
    await Effect.runPromise(Effect.provide(Effect.asVoid(Database), layer))
  })
  return (name) => {
    const folder = join(root, name)
    cpSync(template, folder, { recursive: true })
    return folder
  }
}

/** Looks into the database of the surrounding `describe` on connections that stay open. */
export const lookingInto = (database: () => string) => {
  let runtime: ManagedRuntime.ManagedRuntime<Database, unknown>
  beforeAll(() => {
    runtime = ManagedRuntime.make(open(database()))
  })
  afterAll(() => runtime.dispose())
  return <A, E>(effect: Effect.Effect<A, E, Database>): Promise<A> => runtime.runPromise(effect)
}

/** What opens a database that the command line names. */
export const open = (database: string): Layer.Layer<Database, unknown> =>
  database.includes("://")
    ? PostgresDatabase.layer({ url: Redacted.make(database) })
    : EmbeddedDatabase.layer({ folder: database })
