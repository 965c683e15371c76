/** `pointback migrate` */
import { Migrations } from "@pointback/adapters"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { withDatabase } from "../Backend.ts"
import * as Output from "../Output.ts"

export const migrate = Command.make(
  "migrate",
  {},
  Effect.fn("migrate")(function* () {
    const applied = yield* Migrations.migrate
    yield* Output.answer({ applied }, () =>
      applied.length === 0 ? "the schema is up to date" : `applied ${applied.join(", ")}`
    )
  }, withDatabase)
).pipe(Command.withDescription("Create or upgrade the schema"))
