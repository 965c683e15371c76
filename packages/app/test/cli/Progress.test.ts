/** How far a command is: what the line says, and how often it is drawn. */
import { assert, describe, it } from "vitest"
import { DRAWN_EVERY_MS, drawOn, lineOf, type Step } from "../../src/cli/Progress.ts"

const records = (done: number, total?: number, label = "importing"): Step => ({ label, done, total, unit: "records" })

const bytes = (done: number, total?: number): Step => ({ label: "reading", done, total, unit: "bytes" })

describe("the line", () => {
  it.each([
    [
      records(250_000, 1_000_000),
      10_000,
      "importing  █████                 25%  250,000 of 1,000,000, 25,000/s, 30 s left"
    ],
    [records(0, 10), 0, "importing                         0%  0 of 10"],
    [records(10, 10), 1000, "importing  ████████████████████ 100%  10 of 10, 10/s"],
    [records(12, undefined), 1000, "importing  12 records, 12/s"],
    [records(0, 0), 1, "importing  ████████████████████ 100%  0 of 0"],
    [records(1, 7201), 1000, "importing                         0%  1 of 7,201, 1/s, 2 h 0 min left"],
    [bytes(500, 1000), 1000, "reading  ██████████            50%  500 B of 1 kB, 500 B/s, 1 s left"],
    [bytes(45_000_000, 1_250_000_000), 2000, "reading  ▋                      3%  45 MB of 1.3 GB, 23 MB/s, 54 s left"],
    [
      bytes(6_000_000, 12_000_000_000),
      1000,
      "reading  ▏                      0%  6 MB of 12.0 GB, 6 MB/s, 34 min left"
    ],
    [bytes(45_000_000), 1000, "reading  45 MB, 45 MB/s"]
  ])("says of %o after %i ms what is done, how fast, and how long it takes yet", (step, elapsed, line) => {
    assert.strictEqual(lineOf(step, elapsed), line)
  })
})

describe("a terminal", () => {
  const terminal = (columns?: number) => {
    const written: Array<string> = []
    let now = 0
    const drawing = drawOn({ columns, write: (text) => void written.push(text) }, () => now)
    const after = (ms: number, step: Step) => {
      now += ms
      drawing.report(step)
    }
    return { written, after, clear: drawing.clear }
  }

  it("is drawn on ten times a second at most, at the beginning and at the end of a phase always", () => {
    const { after, written } = terminal()
    after(0, records(0, 100, "a"))
    after(DRAWN_EVERY_MS - 1, records(1, 100, "a"))
    after(1, records(2, 100, "a"))
    after(1, records(100, 100, "a"))
    after(1, records(0, 5, "b"))
    assert.deepStrictEqual(
      written.map((text) => /\d+ of \d+/.exec(text)?.[0]),
      ["0 of 100", "2 of 100", "100 of 100", "0 of 5"]
    )
  })

  it("has one line that is drawn over itself, never wider than the terminal, and wiped in the end", () => {
    const { after, clear, written } = terminal(20)
    after(0, records(1, 100))
    clear()
    assert.deepStrictEqual(written, [`\r${"importing  ▏        ".slice(0, 19)}\u001b[K`, "\r\u001b[K"])
  })

  it("is left alone where nothing was drawn", () => {
    const { clear, written } = terminal()
    clear()
    assert.deepStrictEqual(written, [])
  })
})
