/** However lines come and however many there are, they end in the order of time. */
import fc from "fast-check"
import { mkdtempSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { TimeSort } from "../../src/generate/TimeSort.ts"
import { MAXIMUM_LINE_BYTES } from "../../src/import/ImportLines.ts"
import { temporaryFolder } from "../support/Files.ts"

const root = temporaryFolder()

const newFolder = () => mkdtempSync(join(root, "sort-"))

const never = new AbortController().signal

const written = async (sort: TimeSort, folder: string): Promise<string> => {
  const file = join(folder, "sorted")
  await sort.writeTo(file, () => undefined, never)
  return readFileSync(file, "utf8")
}

describe("lines in the order of time", () => {
  it("keep the order in which they were added where they share an instant, in any number of windows", async () => {
    const line = fc.record({ at: fc.bigInt({ min: 100n, max: 130n }), text: fc.string({ unit: "grapheme" }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 60 }),
        fc.constantFrom(0, 1, 25_000, 400_000),
        fc.nat({ max: 60 }),
        async (lines, expected, flushedAfter) => {
          const folder = newFolder()
          const sort = new TimeSort(folder, { from: 100n, to: 130n, lines: expected })
          const texts = lines.map(({ at, text }, index) => ({ at, json: JSON.stringify([index, text]) }))
          for (const [index, { at, json }] of texts.entries()) {
            if (index === flushedAfter) await sort.flush()
            sort.add(at, json)
          }
          assert.strictEqual(
            await written(sort, folder),
            texts
              .toSorted((a, b) => Number(a.at - b.at))
              .map(({ json }) => `${json}\n`)
              .join("")
          )
          assert.deepStrictEqual(readdirSync(folder), ["sorted"])
        }
      ),
      { numRuns: 50 }
    )
  })

  it("are written away when many are held, and none is lost", async () => {
    const folder = newFolder()
    const sort = new TimeSort(folder, { from: 0n, to: 999n, lines: 50_000 })
    const padding = "x".repeat(500)
    let flushed = 0
    for (let i = 0; i < 50_000; i++) {
      if (sort.full) {
        await sort.flush()
        flushed++
      }
      sort.add(BigInt((i * 7919) % 1000), `${i} ${padding}`)
    }
    assert.isAbove(flushed, 1)
    const lines = (await written(sort, folder)).split("\n").slice(0, -1)
    assert.strictEqual(lines.length, 50_000)
    const numbers = lines.map((line) => Number(line.split(" ")[0]))
    const sorted = numbers.toSorted((a, b) => ((a * 7919) % 1000) - ((b * 7919) % 1000) || a - b)
    assert.deepStrictEqual(numbers, sorted)
  })

  it("tell how many have been written", async () => {
    const folder = newFolder()
    const sort = new TimeSort(folder, { from: 0n, to: 9n, lines: 20_000 })
    for (let i = 0; i < 10; i++) sort.add(BigInt(i), `${i}`)
    const told: Array<number> = []
    await sort.writeTo(join(folder, "sorted"), (lines) => told.push(lines), never)
    assert.deepStrictEqual(told, [5, 10])
  })

  it("may be as long as an import reads them, and no longer", async () => {
    const folder = newFolder()
    const sort = new TimeSort(folder, { from: 0n, to: 1n, lines: 1 })
    const longest = "x".repeat(MAXIMUM_LINE_BYTES)
    sort.add(0n, longest)
    assert.throws(() => sort.add(0n, longest + "x"), /too long/)
    // The last character needs more bytes than there is room for.
    for (let fill = 0; fill < 4; fill++) {
      assert.throws(() => sort.add(0n, "x".repeat(MAXIMUM_LINE_BYTES - fill) + "🙂🙂"), /too long/)
    }
    assert.strictEqual(await written(sort, folder), `${longest}\n`)
  })

  it.each([-1n, 101n])("must fall into the span of time: %s of 0 to 100 does not", (at) => {
    const sort = new TimeSort(newFolder(), { from: 0n, to: 100n, lines: 1_000_000 })
    sort.add(0n, "first")
    sort.add(100n, "last")
    assert.throws(() => sort.add(at, "line"), /outside/)
  })

  it("are not written any further once nobody wants them", async () => {
    const folder = newFolder()
    const sort = new TimeSort(folder, { from: 0n, to: 9n, lines: 20_000 })
    for (let i = 0; i < 10; i++) sort.add(BigInt(i), `${i}`)
    const controller = new AbortController()
    const told: Array<number> = []
    const writing = sort.writeTo(
      join(folder, "sorted"),
      (lines) => {
        told.push(lines)
        controller.abort(new Error("enough"))
      },
      controller.signal
    )
    assert.strictEqual(await writing.then(String, String), "Error: enough")
    assert.deepStrictEqual(told, [5])
  })
})
