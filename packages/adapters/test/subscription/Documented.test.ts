import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect, Redacted } from "effect"
import { assert, describe, it } from "vitest"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import { append } from "../support/Appending.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { freshDatabase } from "../support/Postgres.ts"
import { migrated } from "../support/StoresUnderTest.ts"
import { subscribingWith } from "../support/Subscribing.ts"

const page = new URL("../../../../docs/subscriptions.md", import.meta.url)

const example = (): string => {
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(page, "utf8"))?.[1]
  if (block === undefined) throw new Error("docs/subscriptions.md has no example")
  return block
}

describe("docs/subscriptions.md", () => {
  let url: Redacted.Redacted
  const run = subscribingWith(async () => {
    url = await freshDatabase(migrated)
    return PostgresDatabase.layer({ url })
  })

  const runExample = Effect.promise(() =>
    promisify(execFile)(process.execPath, ["--input-type=module-typescript", "--eval", example()], {
      // Where its imports are found.
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: { ...process.env, POINTBACK_DATABASE: Redacted.value(url) }
    })
  )

  it("has an example that runs, and reads on when it is run again", () =>
    run(
      Effect.gen(function* () {
        const counts = rows("select type, events from reporting.events_by_type")
        yield* append("account", 3)
        yield* runExample
        assert.deepStrictEqual(yield* counts, [{ type: "AccountAliased", events: 3 }])
        yield* append("account", 2)
        yield* runExample
        assert.deepStrictEqual(yield* counts, [{ type: "AccountAliased", events: 5 }])
      })
    ))
})
