import { Effect } from "effect"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { writeFiles } from "../../src/output/OutputFiles.ts"
import { temporaryFolder } from "../support/Files.ts"

describe("writeFiles", () => {
  const root = temporaryFolder()
  const names = ["a", "b"] as const

  it("writes what was appended, in order, and makes the folder", async () => {
    const folder = join(root, "deep", "er")
    const parts = Array.from({ length: 1000 }, (_, index) => `${index} ${"x".repeat(1000)}\n`)
    const files = await Effect.runPromise(
      writeFiles({ folder, names, overwrite: false }, ({ a, b }) =>
        Effect.forEach(parts, (part) => Effect.andThen(a(part), b("é")), { discard: true })
      )
    )
    assert.deepStrictEqual(files, [join(folder, "a"), join(folder, "b")])
    assert.strictEqual(readFileSync(join(folder, "a"), "utf8"), parts.join(""))
    assert.strictEqual(readFileSync(join(folder, "b"), "utf8"), "é".repeat(1000))
    assert.deepStrictEqual(readdirSync(folder).sort(), ["a", "b"])
  })

  it.each([
    ["fails", Effect.fail("no")],
    ["dies", Effect.die(new Error("bug"))],
    ["is interrupted", Effect.interrupt]
  ])("leaves nothing where what writes %s", async (name, end: Effect.Effect<never, string>) => {
    const folder = join(root, name)
    const exit = await Effect.runPromiseExit(
      writeFiles({ folder, names, overwrite: false }, ({ a }) => Effect.andThen(a("x".repeat(300_000)), end))
    )
    assert.strictEqual(exit._tag, "Failure")
    assert.deepStrictEqual(readdirSync(folder), [])
  })

  it("replaces files only where that is asked for, also ones that came meanwhile", async () => {
    const folder = join(root, "kept")
    mkdirSync(folder)
    const write = (overwrite: boolean, before: () => void = () => undefined) =>
      Effect.runPromise(
        Effect.flip(
          writeFiles({ folder, names, overwrite }, ({ a }) => Effect.andThen(Effect.sync(before), a("new")))
        ).pipe(Effect.orElseSucceed(() => "written" as const))
      )
    assert.propertyVal(await write(false, () => writeFileSync(join(folder, "b"), "mine")), "_tag", "OutputExists")
    assert.deepStrictEqual(readdirSync(folder), ["b"])
    assert.propertyVal(await write(false), "_tag", "OutputExists")
    assert.strictEqual(readFileSync(join(folder, "b"), "utf8"), "mine")
    assert.strictEqual(await write(true), "written")
    assert.strictEqual(readFileSync(join(folder, "a"), "utf8"), "new")
    assert.strictEqual(readFileSync(join(folder, "b"), "utf8"), "")
  })

  it("says what cannot be written to", async () => {
    writeFileSync(join(root, "file"), "")
    const failure = await Effect.runPromise(
      Effect.flip(writeFiles({ folder: join(root, "file"), names, overwrite: false }, () => Effect.void))
    )
    assert.deepInclude(failure, { _tag: "OutputUnwritable", folder: join(root, "file") })
  })
})
