/** Lines by account: in memory, in a file, and in a file that is divided again and again. */
import fc from "fast-check"
import { mkdtempSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { LIMITS, Spool, type SpoolLimits } from "../../src/import/Spool.ts"
import { SpoolUnusable } from "../../src/import/SpoolFile.ts"
import { temporaryFolder } from "../support/Files.ts"

/** So little that a few lines go to the file, and a few more divide it down to the last bit. */
const TINY: SpoolLimits = { ...LIMITS, memoryBytes: 200, blockBytes: 64 }

type Lines = ReadonlyArray<readonly [account: string, text: string]>

/** What a spool answers to lines, and what it has done in its temporary folder meanwhile. */
const spooled = async (limits: SpoolLimits, lines: Lines, relieveEvery = 1) => {
  const spool = new Spool(limits)
  try {
    for (const [index, [account, text]] of lines.entries()) {
      spool.add(account, index + 1, Buffer.from(text))
      if (index % relieveEvery === 0) await spool.relieve()
    }
    const groups: Array<{
      lines: ReadonlyArray<readonly [number, string]>
      count: number
      tooMany: number | undefined
    }> = []
    for await (const { count, lines: found, tooMany } of spool.groups()) {
      groups.push({ lines: found.map(({ bytes, line }) => [line, bytes.toString()] as const), count, tooMany })
    }
    return groups.sort((a, b) => a.lines[0]![0] - b.lines[0]![0])
  } finally {
    await spool.close()
  }
}

const grouped = (lines: Lines) => {
  const groups = new Map<string, Array<readonly [number, string]>>()
  for (const [index, [account, text]] of lines.entries()) {
    groups.set(account, [...(groups.get(account) ?? []), [index + 1, text]])
  }
  return Array.from(groups.values(), (found) => ({ lines: found, count: found.length, tooMany: undefined }))
}

const account = fc.oneof(fc.constantFrom("p\na", "p\nb", "q\na"), fc.string({ unit: "grapheme", maxLength: 8 }))
const lines = fc.array(fc.tuple(account, fc.string({ unit: "grapheme", maxLength: 90 })), { maxLength: 80 })

describe("a spool", () => {
  it("answers the lines of every account in their order, the same from memory and from a file", async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 30 }), async (given, relieveEvery) => {
        const expected = grouped(given)
        assert.deepStrictEqual(await spooled(LIMITS, given, relieveEvery), expected)
        assert.deepStrictEqual(await spooled(TINY, given, relieveEvery), expected)
      })
    )
  })

  it("answers them as often as one asks", async () => {
    const spool = new Spool(TINY)
    for (let line = 1; line <= 50; line++) spool.add(`p\n${line % 7}`, line, Buffer.alloc(30, "x"))
    const counts = async () => {
      const found: Array<number> = []
      for await (const { count } of spool.groups()) found.push(count)
      return found.sort((a, b) => a - b)
    }
    assert.deepStrictEqual(await counts(), await counts())
    await spool.close()
  })

  it.each([
    ["records", { accountRecords: 3 }],
    ["bytes", { accountBytes: 35 }]
  ])(
    "keeps no more than the first line of an account with too many %s, and says where they became so",
    async (_what, over) => {
      const given = Array.from(
        { length: 20 },
        (_, index) => [index % 2 === 0 ? "long" : `short-${index}`, "0123456789"] as const
      )
      for (const limits of [LIMITS, TINY]) {
        const groups = await spooled({ ...limits, ...over }, given)
        assert.deepStrictEqual(groups[0], { lines: [[1, "0123456789"]], count: 10, tooMany: 7 })
        assert.deepStrictEqual(groups.slice(1), grouped(given).slice(1))
      }
    }
  )
})

describe("the file of a spool", () => {
  const root = temporaryFolder()
  const original = process.env["TMPDIR"]
  let folder = ""

  beforeEach(() => {
    folder = mkdtempSync(join(root, "tmp-"))
    process.env["TMPDIR"] = folder
  })

  afterEach(() => {
    if (original === undefined) delete process.env["TMPDIR"]
    else process.env["TMPDIR"] = original
  })

  const filled = async (limits: SpoolLimits) => {
    const spool = new Spool(limits)
    for (let line = 1; line <= 50; line++) {
      spool.add(`p\n${line}`, line, Buffer.alloc(30, "x"))
      await spool.relieve()
    }
    return spool
  }

  it("has no name that anybody could open, and that a killed process would leave", async () => {
    assert.strictEqual(tmpdir(), folder)
    const spool = await filled(TINY)
    assert.deepStrictEqual(readdirSync(folder), [])
    await spool.close()
  })

  it("is not needed for what fits into memory", async () => {
    process.env["TMPDIR"] = join(folder, "missing")
    await (await filled(LIMITS)).close()
  })

  it("is told from the file that is imported where it cannot be made", async () => {
    process.env["TMPDIR"] = join(folder, "missing")
    const failure = await filled(TINY).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(failure, SpoolUnusable)
    assert.include(failure.message, join(folder, "missing"))
    assert.include(failure.message, "TMPDIR")
  })
})
