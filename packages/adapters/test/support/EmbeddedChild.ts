import { kill } from "node:process"
import { readFileSync, writeFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Schedule } from "effect"
import { sql } from "kysely"
import { Database } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import { holdFolder } from "../../src/database/FolderLock.ts"
import { PREPARED_ROWS } from "./EmbeddedProcess.ts"

/*
 * A program for tests to start and to kill: `node EmbeddedChild.ts <what> <folder>`. It prints a line for each thing
 * that has happened.
 */

const say = (line: string) => Effect.sync(() => console.log(line))

const execute = (text: string) => Database.use((database) => database.query((kysely) => sql.raw(text).execute(kysely)))

/** Many small statements, so that a kill is likely to fall between two of them. */
const prepare = Effect.gen(function* () {
  yield* say("preparing")
  yield* execute("create schema pointback")
  yield* execute("create table prepared (id int8 primary key)")
  for (let id = 1; id <= PREPARED_ROWS; id++) {
    yield* execute(`insert into prepared values (${id})`)
    yield* Effect.sleep(5)
  }
})

const open = (folder: string) => EmbeddedDatabase.layer({ folder, prepare: Effect.orDie(prepare) })

const programs: Record<string, (folder: string) => Effect.Effect<unknown, unknown>> = {
  /** Opens the database and keeps it open. */
  hold: (folder) => Layer.launch(Layer.tap(open(folder), () => say("open"))),

  /** Writes row after row and says so. */
  write: (folder) =>
    Effect.gen(function* () {
      yield* execute("create table if not exists written (id serial)")
      const insert = Database.use((database) =>
        database.query((kysely) => sql<{ id: number }>`insert into written default values returning id`.execute(kysely))
      )
      yield* Effect.andThen(insert, say("writing"))
      yield* Effect.forever(Effect.flatMap(insert, (result) => say(`wrote ${result.rows[0]?.id}`)))
    }).pipe(Effect.provide(open(folder))),

  /** Takes the folder's lock as soon as it can, makes sure to be alone, and dies without a word to anybody. */
  contend: (folder) =>
    Effect.gen(function* () {
      yield* holdFolder(folder, (cause) => cause).pipe(
        Effect.retry({
          while: (error) => (error as { _tag?: string })._tag === "DatabaseLocked",
          schedule: Schedule.spaced("1 millis")
        })
      )
      const alone = `${folder}.inside`
      writeFileSync(alone, String(process.pid))
      yield* Effect.promise(() => sleep(10))
      console.log(readFileSync(alone, "utf8") === String(process.pid) ? "alone" : "not alone")
      yield* Effect.promise(() => sleep(10))
      kill(process.pid, "SIGKILL")
    }).pipe(Effect.scoped)
}

const [what = "", folder = ""] = process.argv.slice(2)
const program = programs[what]
if (program === undefined) {
  throw new Error(`no such program: ${what}`)
}
NodeRuntime.runMain(Effect.tapCause(program(folder), (cause) => say(`failed: ${String(cause)}`)))
