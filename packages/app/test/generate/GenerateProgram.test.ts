/** A generated program is one file that the import takes whole, and the same one whenever it is asked for. */
import { Ids } from "@pointback/domain"
import { Effect, Exit, Fiber } from "effect"
import fc from "fast-check"
import { mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, describe, it, vi } from "vitest"
import { type GenerateProgram, generateProgram, type GenerateStep } from "../../src/generate/GenerateProgram.ts"
import * as ProgramPlan from "../../src/generate/ProgramPlan.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import { at } from "../support/Commands.ts"
import { temporaryFolder } from "../support/Files.ts"
import { worldFor } from "../support/World.ts"

const root = temporaryFolder()

const newFolder = () => mkdtempSync(join(root, "program-"))

const request = (redemptions: number, over: Partial<GenerateProgram> = {}): GenerateProgram => ({
  program: ProgramPlan.defaultProgram(over.seed ?? 7),
  seed: 7,
  redemptions,
  until: ProgramPlan.DEFAULT_UNTIL,
  folder: newFolder(),
  overwrite: false,
  ...over
})

/** Generates a program; what was answered, and the lines of its file. */
const generate = async (wanted: GenerateProgram) => {
  const generated = await Effect.runPromise(generateProgram(wanted))
  const text = readFileSync(generated.file, "utf8")
  assert.deepStrictEqual(readdirSync(wanted.folder), ["import.ndjson"])
  const records = text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, string | undefined>)
  return { generated, text, records }
}

const failureOf = (wanted: GenerateProgram) => Effect.runPromise(Effect.flip(generateProgram(wanted)))

/** The place of a record in time, where it says one. */
const timeOf = ({ earnedAt, occurredAt }: Record<string, string | undefined>) => occurredAt ?? earnedAt

describe("a generated program", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it("is the same file, byte by byte, in any folder and on any day", async () => {
    const first = await generate(request(300))
    vi.useFakeTimers({ toFake: ["Date"], now: Number(at("2031-05-05") / 1000n) })
    const second = await generate(request(300))
    assert.strictEqual(second.text, first.text)
    assert.deepStrictEqual({ ...second.generated, file: "" }, { ...first.generated, file: "" })
  })

  it("is another one for another seed, name or end", async () => {
    const { text } = await generate(request(20))
    const name = ProgramPlan.defaultProgram(8)
    for (const over of [{ seed: 8 }, { program: name }, { until: at("2020-06-01") }]) {
      assert.notStrictEqual((await generate(request(20, over))).text, text)
    }
  })

  it("is in the order of time over all accounts", async () => {
    const { records } = await generate(request(400))
    const times = records.flatMap((record) => timeOf(record) ?? [])
    assert.deepStrictEqual(times, times.toSorted())
    const turns = records.filter((record, index) => record["account"] !== records[index - 1]?.["account"])
    assert.isAbove(turns.length, records.length / 2)
  })

  it("is told as it is", async () => {
    const steps: Array<GenerateStep> = []
    const wanted = request(200)
    const generated = await Effect.runPromise(generateProgram(wanted, (step) => steps.push(step)))
    const lines = readFileSync(generated.file, "utf8").split("\n").slice(0, -1)
    const records = lines.map((line) => JSON.parse(line) as Record<string, string>)
    const counts: Record<string, number> = { earned: 0, redeemed: 0, credited: 0, expired: 0, adjusted: 0 }
    for (const { type } of records) counts[type!]!++
    assert.deepStrictEqual<Record<string, number>>(generated.records, counts)
    assert.isAbove(Math.min(...Object.values(counts)), 0)
    assert.strictEqual(counts["redeemed"], 200)
    assert.strictEqual(generated.accounts, new Set(records.map((record) => record["account"])).size)
    assert.strictEqual(generated.first, at(timeOf(records[0]!)!))
    assert.isTrue(generated.last !== null && generated.last >= at(timeOf(records.findLast(timeOf)!)!))
    assert.isTrue(generated.last !== null && generated.last <= wanted.until)
    assert.deepInclude(steps, { label: "generating", done: 200, total: 200 })
    assert.deepStrictEqual(steps.at(-1), { label: "writing", done: lines.length, total: lines.length })
  })

  it("without redemptions is empty", async () => {
    const { generated, text } = await generate(request(0))
    assert.strictEqual(text, "")
    assert.deepInclude(generated, { accounts: 0, first: null, last: null })
    assert.deepStrictEqual(Object.values(generated.records), [0, 0, 0, 0, 0])
  })

  it("may have a single redemption", async () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { generated, records } = await generate(request(1, { seed }))
      assert.strictEqual(generated.records.redeemed, 1)
      assert.isAbove(records.length, 1)
    }
  })

  it.each([
    [{ redemptions: 1.5 }, "redemptions 1.5"],
    [{ redemptions: -1 }, "redemptions -1"],
    [{ redemptions: ProgramPlan.MAXIMUM_REDEMPTIONS + 1 }, "redemptions 100000001"],
    [{ redemptions: Number.NaN }, "redemptions NaN"],
    [{ seed: -1 }, "seed -1"],
    [{ until: ProgramPlan.EARLIEST_UNTIL - 1n }, "until 0007"],
    [{ until: ProgramPlan.END_OF_UNTIL }, "until 9800"]
  ])("of %o is not made", async (over, message) => {
    const exit = await Effect.runPromiseExit(generateProgram({ ...request(1), ...over }))
    assert.include(String(Exit.isFailure(exit) ? exit.cause : ""), message)
  })
})

describe("the file of a generated program", () => {
  it("is not replaced unless that is asked for", async () => {
    const folder = newFolder()
    const file = join(folder, "import.ndjson")
    writeFileSync(file, "mine")
    assert.deepInclude(await failureOf(request(3, { folder })), { _tag: "OutputExists", file })
    assert.strictEqual(readFileSync(file, "utf8"), "mine")
    const { text } = await generate(request(3, { folder, overwrite: true }))
    assert.include(text, '"redeemed"')
  })

  it("is not replaced either where it came while the program was made", async () => {
    const folder = newFolder()
    const file = join(folder, "import.ndjson")
    const failure = await Effect.runPromise(
      Effect.flip(generateProgram(request(3, { folder }), () => writeFileSync(file, "mine")))
    )
    assert.deepInclude(failure, { _tag: "OutputExists", file })
    assert.strictEqual(readFileSync(file, "utf8"), "mine")
    assert.deepStrictEqual(readdirSync(folder), ["import.ndjson"])
  })

  it("is written to a folder that is made for it", async () => {
    const folder = join(newFolder(), "a", "b")
    await generate(request(1, { folder }))
    assert.isTrue(statSync(join(folder, "import.ndjson")).isFile())
  })

  it("cannot be written where no folder can be", async () => {
    const folder = join(newFolder(), "file")
    writeFileSync(folder, "")
    assert.deepInclude(await failureOf(request(1, { folder })), { _tag: "OutputUnwritable", folder })
    const below = join(folder, "below")
    assert.deepInclude(await failureOf(request(1, { folder: below })), { _tag: "OutputUnwritable", folder: below })
  })

  it("is not there, nor anything else, when somebody stops it", async () => {
    for (const label of ["generating", "writing"]) {
      const folder = newFolder()
      let stop = () => {}
      const stopped = new Promise<void>((resolve) => (stop = resolve))
      const fiber = Effect.runFork(
        generateProgram(request(30_000, { folder }), (step) => {
          if (step.label === label) stop()
        })
      )
      await stopped
      await Effect.runPromise(Fiber.interrupt(fiber))
      assert.isTrue(Exit.isFailure(await Effect.runPromise(Fiber.await(fiber))))
      assert.deepStrictEqual(readdirSync(folder), [])
    }
  })
})

const importFile = (file: string) =>
  Effect.scoped(Effect.flatMap(ImportFile.read(file), (history) => importHistory(history)))

describe("the import of a generated program", () => {
  describe("in memory", () => {
    const world = worldFor("memory")

    it("refuses nothing, whatever the seed, and knows it all the second time", async () => {
      // A program of its own each time: the same seed may come twice.
      let runs = 0
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: ProgramPlan.MAXIMUM_SEED }), fc.nat({ max: 120 }), async (seed, redemptions) => {
          const program = Ids.ProgramId.make(`run-${++runs}`)
          const { generated, records } = await generate(request(redemptions, { seed, program }))
          const first = await world.run(importFile(generated.file))
          assert.deepInclude(first, { records: records.length, accounts: generated.accounts, refused: [] })
          assert.deepInclude(first, { imported: records.length, replayed: 0 })
          const second = await world.run(importFile(generated.file))
          assert.deepInclude(second, { imported: 0, replayed: records.length, refused: [] })
        }),
        { numRuns: 20 }
      )
    })
  })

  describe("in a database", () => {
    const world = worldFor("pglite")

    it("leaves nothing for verify to find", async () => {
      const { generated, records } = await generate(request(150))
      const imported = await world.run(importFile(generated.file))
      assert.deepInclude(imported, { imported: records.length, refused: [] })
      assert.deepStrictEqual(await world.differences(), [])
    })
  })
})
