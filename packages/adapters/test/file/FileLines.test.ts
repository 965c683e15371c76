/** Lines of a file, whatever the chunks are that it comes in. */
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { FileLines, MAXIMUM_LINE_BYTES } from "../../src/file/FileLines.ts"

const linesOf = (chunks: ReadonlyArray<Buffer>): ReadonlyArray<Buffer> => {
  const lines = new FileLines()
  const found = chunks.flatMap((chunk) => Array.from(lines.push(chunk)))
  return [...found, lines.end()]
}

describe("lines", () => {
  it("are what stands between line feeds, wherever the chunks are cut", () => {
    const text = fc.array(fc.constantFrom("a", "é", "\u2028", "\r", "\n", "\ufeff", "😀"), { maxLength: 40 })
    fc.assert(
      fc.property(text, fc.array(fc.nat(160), { maxLength: 6 }), (letters, cuts) => {
        const bytes = Buffer.from(letters.join(""))
        const ends = [...cuts, bytes.length].sort((a, b) => a - b)
        const chunks = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
        assert.deepStrictEqual(
          linesOf(chunks).map((line) => line.toString()),
          letters.join("").split("\n")
        )
      })
    )
  })

  it("that are too long come with one byte more than they may have, however many chunks they fill", () => {
    const chunk = Buffer.alloc(300_000, "x")
    const [long, next] = linesOf([chunk, chunk, chunk, chunk, chunk, Buffer.from("\nnext")])
    assert.strictEqual(long?.length, MAXIMUM_LINE_BYTES + 1)
    assert.strictEqual(next?.toString(), "next")
  })
})
