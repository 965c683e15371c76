import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Database } from "../../src/database/Database.ts"
import * as EmbeddedDatabase from "../../src/database/EmbeddedDatabase.ts"
import { rows } from "../support/DatabaseUnderTest.ts"
import { PREPARED_ROWS, startEmbeddedProcess } from "../support/EmbeddedProcess.ts"
import { emptyImage } from "../support/Pglite.ts"

const image = await emptyImage()

let parent: string
let folder: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "pointback-embedded-"))
  folder = join(parent, "data")
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const prepare = Effect.asVoid(
  Effect.andThen(rows("create schema pointback"), rows("create table kept as select 1 as id"))
)

const opened = <A, E>(
  effect: Effect.Effect<A, E, Database>,
  options: Partial<EmbeddedDatabase.EmbeddedOptions<unknown>> = {}
): Promise<A> =>
  Effect.runPromise(
    Effect.provide(effect, EmbeddedDatabase.layer({ folder, prepare, image, ...options }), { local: true })
  )

const failure = (options: Partial<EmbeddedDatabase.EmbeddedOptions<unknown>> = {}): Promise<unknown> =>
  Effect.runPromise(
    Effect.flip(Layer.build(EmbeddedDatabase.layer({ folder, prepare, image, ...options })).pipe(Effect.scoped))
  )

describe("a database in a folder", () => {
  test("is made on the first start, prepared once, and found again", async () => {
    expect(await opened(rows("select * from kept"))).toEqual([{ id: 1 }])
    await opened(rows("insert into kept values (2)"))
    expect(await opened(rows("select * from kept"))).toEqual([{ id: 1 }, { id: 2 }])
    expect(readdirSync(parent)).toEqual(["data"])
    expect(await opened(rows("select current_setting('server_version') as version"))).toEqual([
      { version: expect.stringMatching(/^18\./) as unknown }
    ])
  })

  test("goes into an empty folder, and makes the folders above", async () => {
    mkdirSync(folder)
    expect(await opened(rows("select * from kept"))).toEqual([{ id: 1 }])
    const deep = join(parent, "a", "b", "data")
    expect(await opened(rows("select * from kept"), { folder: deep })).toEqual([{ id: 1 }])
  })

  test("that fails to be prepared leaves nothing", async () => {
    expect(await failure({ prepare: Effect.fail("no") })).toBe("no")
    expect(readdirSync(parent)).toEqual([])
  })

  test("is refused to another process while it is open, under any name", { timeout: 60_000 }, async () => {
    const child = startEmbeddedProcess("hold", folder)
    await child.said("open")
    expect(await failure()).toMatchObject({ _tag: "DatabaseLocked", pid: child.pid })
    symlinkSync(folder, join(parent, "alias"))
    expect(await failure({ folder: join(parent, "alias") })).toMatchObject({ _tag: "DatabaseLocked", pid: child.pid })
    child.signal("SIGKILL")
    await child.ended
    expect(await opened(rows("select count(*) as count from prepared"))).toEqual([{ count: PREPARED_ROWS }])
  })

  test.each(["SIGINT", "SIGTERM"] as const)("is closed and unlocked on %s", { timeout: 60_000 }, async (signal) => {
    await opened(Effect.void)
    const child = startEmbeddedProcess("hold", folder)
    await child.said("open")
    expect(existsSync(`${folder}.lock`)).toBe(true)
    child.signal(signal)
    await child.ended
    expect(existsSync(`${folder}.lock`)).toBe(false)
    expect(existsSync(join(folder, "postmaster.pid"))).toBe(false)
  })

  test("is refused where other files are, and where another version wrote it", async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, "letter.txt"), "dear")
    expect(await failure()).toMatchObject({
      _tag: "DatabaseFolderUnusable",
      problem: expect.stringContaining("other files") as unknown
    })
    expect(readdirSync(folder)).toEqual(["letter.txt"])
    writeFileSync(join(folder, "PG_VERSION"), "17\n")
    expect(await failure()).toMatchObject({
      _tag: "DatabaseFolderUnusable",
      problem: expect.stringContaining("PostgreSQL 17") as unknown
    })
    const file = join(parent, "file")
    writeFileSync(file, "")
    expect(await failure({ folder: file })).toMatchObject({ _tag: "DatabaseFolderUnusable" })
    expect(await failure({ folder: join(file, "below") })).toMatchObject({ _tag: "DatabaseFolderUnusable" })
  })

  test("survives a kill at any moment of its first start", { timeout: 180_000 }, async () => {
    // From the start of the process until well after the database is open, a moment in each of six stretches.
    const moments = fc
      .sample(fc.double({ min: 0, max: 1, noNaN: true }), 6)
      .map((random, index) => (index + random) * 600)
    let finished = 0
    for (const moment of moments) {
      const child = startEmbeddedProcess("hold", folder)
      await sleep(moment)
      child.signal("SIGKILL")
      await child.ended
      if (existsSync(folder)) {
        finished++
        expect(await opened(rows("select count(*) as count from prepared"))).toEqual([{ count: PREPARED_ROWS }])
        rmSync(folder, { recursive: true })
      }
    }
    expect(finished).toBeLessThan(moments.length)
    expect(await opened(rows("select * from kept"))).toEqual([{ id: 1 }])
    expect(readdirSync(parent)).toEqual(["data"])
  })

  test("keeps every committed row when it is killed while it writes", { timeout: 120_000 }, async () => {
    await opened(Effect.void)
    const last = rows<{ id: number }>("select max(id) as id from written")
    for (const moment of fc.sample(fc.integer({ min: 0, max: 200 }), 3)) {
      const child = startEmbeddedProcess("write", folder)
      await child.said("writing")
      await sleep(moment)
      child.signal("SIGKILL")
      await child.ended
      const said = Number(child.lines.at(-1)?.replace("wrote ", ""))
      const found = await opened(last)
      // NaN: it was killed before it could say what it wrote.
      expect(found[0]?.id).toBeGreaterThanOrEqual(Number.isNaN(said) ? 1 : said)
    }
  })
})

describe("a database in memory", () => {
  test("is prepared, and is another one each time", async () => {
    const layer = EmbeddedDatabase.layerMemory({ image, prepare: Effect.orDie(prepare), schema: "pointback" })
    const run = <A, E>(effect: Effect.Effect<A, E, Database>) =>
      Effect.runPromise(Effect.provide(effect, layer, { local: true }))
    await run(rows("insert into kept values (2)"))
    expect(await run(rows("select * from kept"))).toEqual([{ id: 1 }])
  })

  test("starts from nothing too", async () => {
    const found = await Effect.runPromise(Effect.provide(rows("select 1 as one"), EmbeddedDatabase.layerMemory()))
    expect(found).toEqual([{ one: 1 }])
  })
})
