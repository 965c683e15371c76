/** A database of every earlier version is upgraded, and answers what it answered before. */
import { EmbeddedDatabase } from "@pointback/adapters"
import { Effect } from "effect"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { answersOf, makeOld, type Release, releases } from "../../../adapters/test/support/OldDatabase.ts"
import { emptyImage } from "../../../adapters/test/support/Pglite.ts"
import { commandLine, words } from "../support/Cli.ts"
import { open, serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"

const json = (text: string): unknown => (text === "" ? null : JSON.parse(text))

const answersAsBefore = (release: Release, type: ReturnType<typeof commandLine>) => {
  it.each(answersOf(release).map((answer) => [words(answer.line).join(" "), answer] as const))(
    "answers as before: %s",
    async (_, { code, err, line, out }) => {
      const ran = await type([...words(line), "--json"])
      assert.deepStrictEqual({ code: ran.code, out: json(ran.out), err: json(ran.err) }, { code, out, err })
    }
  )

  it("has nothing that differs, and nothing that is to be made anew", async () => {
    const verified = await type("verify --json")
    assert.deepInclude(json(verified.out) as object, { count: 0, differences: [] })
    const rebuilt = await type("rebuild --check --json")
    assert.deepInclude(json(rebuilt.out) as object, { differing: 0 })
    assert.strictEqual(rebuilt.code, 0)
  })
}

describe.each(releases)("a database of %s on a server", (release) => {
  const url = serverDatabase("empty")
  const type = commandLine(url)

  beforeAll(() => Effect.runPromise(Effect.provide(makeOld(release), open(url()))))

  it("is refused until it is migrated", async () => {
    const { code, err } = await type("verify --json")
    assert.strictEqual(code, 3)
    assert.match((json(err) as { error: { message: string } }).error.message, /lacks 000.*; run `pointback migrate`/)
  })

  it("is migrated once", async () => {
    const first = await type("migrate --json")
    assert.deepStrictEqual([first.code, first.err], [0, ""])
    assert.deepStrictEqual(json((await type("migrate --json")).out), { applied: [] })
  })

  it("is refused while its read models are behind, as after a kill, and the next migrate goes on", async () => {
    const behind = Effect.all([
      rows("update settings set read_models = 0"),
      rows("delete from lots"),
      rows("create table lots_rebuild_0123abcd_p1 (one int)")
    ])
    await Effect.runPromise(Effect.provide(behind, open(url())))
    const { code, err } = await type("verify --json")
    assert.strictEqual(code, 3)
    assert.match(
      (json(err) as { error: { message: string } }).error.message,
      /lacks read models 1; run `pointback migrate`/
    )
    assert.strictEqual((await type("migrate")).code, 0)
  })

  answersAsBefore(release, type)
})

describe.each(releases)("an embedded database of %s", (release) => {
  const root = temporaryFolder()
  const folder = join(root, "db")
  const type = commandLine(() => folder)

  beforeAll(async () => {
    const old = EmbeddedDatabase.layer({ folder, image: await emptyImage(), prepare: makeOld(release) })
    await Effect.runPromise(Effect.provide(rows("select 1"), old))
  })

  // The first of these upgrades it.
  answersAsBefore(release, type)
})
