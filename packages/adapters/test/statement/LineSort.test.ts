import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { LineSort, type SortLimits } from "../../src/statement/LineSort.ts"

const sorted = async (lines: ReadonlyArray<string>, limits: SortLimits): Promise<ReadonlyArray<string>> => {
  const sort = new LineSort(limits)
  try {
    for (const line of lines) {
      sort.add(line)
      await sort.relieve()
    }
    const found: Array<string> = []
    for await (const batch of sort.sorted()) found.push(...batch)
    return found
  } finally {
    await sort.close()
  }
}

describe("sorting lines", () => {
  it("gives every line back in order, in memory and through runs of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\u001f", "\u00e9", " "), maxLength: 12 }), {
          maxLength: 60
        }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, held, block) => {
          const expected = lines.toSorted()
          expect(await sorted(lines, { held, read: 0, block })).toEqual(expected)
        }
      ),
      { numRuns: 60 }
    )
  })

  it("can be read twice", async () => {
    const sort = new LineSort({ held: 2, read: 0, block: 1 })
    for (const line of ["b", "a", "c"]) {
      sort.add(line)
      await sort.relieve()
    }
    const once = async () => {
      const found: Array<string> = []
      for await (const batch of sort.sorted()) found.push(...batch)
      return found
    }
    expect(await once()).toEqual(["a", "b", "c"])
    expect(await once()).toEqual(["a", "b", "c"])
    await sort.close()
  })
})
