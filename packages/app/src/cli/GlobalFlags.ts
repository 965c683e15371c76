/** Flags that every command takes, wherever they stand in the line. */
import { Flag, GlobalFlag } from "effect/cli"

/** Where the database is; `POINTBACK_DATABASE`, or the file that `POINTBACK_DATABASE_FILE` names, where the flag is not given. */
export const DatabaseFlag = GlobalFlag.Setting("database")({
  flag: Flag.String("database").pipe(
    Flag.withDescription(
      "PostgreSQL URL, or the folder of an embedded database [POINTBACK_DATABASE, POINTBACK_DATABASE_FILE, ./.pointback/db]"
    ),
    Flag.withMetavar("url | folder"),
    Flag.optional
  )
})

/** Whether the answer is JSON. */
export const JsonFlag = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Answer with one JSON document; errors are JSON too"),
    Flag.withDefault(false)
  )
})
