/** Files of credits: what is read from them, and how they are refused. */
import { Effect, Result, type Scope, Stream } from "effect"
import fc from "fast-check"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "vitest"
import * as CreditFile from "../../src/bulk/CreditFile.ts"
import type { UnreadableLines } from "../../src/import/ImportFile.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"

const folder = temporaryFolder()

const runScoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(effect))

/** The records of a file, with their lines and places. */
const recordsOf = (file: string, options?: CreditFile.ReadOptions) =>
  runScoped(
    Effect.gen(function* () {
      const { count, credits } = yield* CreditFile.read(file, options)
      const read = yield* Stream.runCollect(credits)
      assert.strictEqual(read.length, count)
      return read
    })
  )

/** What is wrong with a file: line and reason. */
const problemsOf = async (
  file: string,
  options?: CreditFile.ReadOptions
): Promise<ReadonlyArray<readonly [number, string]>> => {
  const read = await runScoped(Effect.result(CreditFile.read(file, options)))
  assert.isTrue(Result.isFailure(read))
  const error = Result.isFailure(read) ? read.failure : undefined
  assert.strictEqual(error?._tag, "UnreadableLines")
  return (error as UnreadableLines).lines.map(({ line, reason }) => [line, reason] as const)
}

const named = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const HEADER = "program,account,redemption,creditId,points,lots,at,actor"
const csvFile = (name: string, ...rows: ReadonlyArray<string>): string => named(name, [HEADER, ...rows, ""].join("\n"))

interface Plain {
  readonly program: string
  readonly account: string
  readonly redemption: string
  readonly creditId: string
  readonly points?: string
  readonly lots?: ReadonlyArray<{ readonly lot: string; readonly points: string }>
  readonly at?: string
  readonly actor?: string
}

const identifier = fc.stringMatching(/^[A-Za-z0-9"',:é-][A-Za-z0-9 "',:é-]{0,8}[A-Za-z0-9"',é-]$/)
const points = fc.integer({ min: 1, max: 999_999 }).map((cents) => (cents / 100).toFixed(2).replace(/\.?0+$/, ""))
const plain: fc.Arbitrary<Plain> = fc.record(
  {
    program: identifier,
    account: identifier,
    redemption: identifier,
    creditId: identifier,
    points,
    lots: fc.array(fc.record({ lot: identifier, points }), { minLength: 1, maxLength: 3 }),
    at: fc.constantFrom("2026-01-20", "2026-01-20T09:30:00+01:00", "2026-01-20T09:30:00.123456Z"),
    actor: identifier
  },
  { requiredKeys: ["program", "account", "redemption", "creditId"] }
)

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const rowOf = ({ account, actor, at, creditId, lots, points: amount, program, redemption }: Plain): string =>
  [
    program,
    account,
    redemption,
    creditId,
    amount ?? "",
    (lots ?? []).map((one) => `${one.lot}:${one.points}`).join(";"),
    at ?? "",
    actor ?? ""
  ]
    .map(cell)
    .join(",")

describe("a file of credits", () => {
  it("says the same as NDJSON, as CSV and packed", async () => {
    const ofDifferentIds = fc.uniqueArray(plain, { maxLength: 20, selector: ({ creditId }) => creditId })
    await fc.assert(
      fc.asyncProperty(ofDifferentIds, async (records) => {
        const lines = await recordsOf(writeNew(folder, ndjson(records)))
        const rows = await recordsOf(csvFile("same.csv", ...records.map(rowOf)))
        const packed = await recordsOf(named("same.CSV.gz", gzipSync([HEADER, ...records.map(rowOf)].join("\r\n"))))
        assert.deepStrictEqual(
          lines.map(({ line, place }) => [line, place]),
          records.map((_, place) => [place + 1, place])
        )
        // The header is a line of its own.
        const counted = lines.map((numbered) => ({ ...numbered, line: numbered.line + 1 }))
        assert.deepStrictEqual(rows, counted)
        assert.deepStrictEqual(packed, counted)
        for (const [place, { record }] of lines.entries()) {
          const given = records[place]!
          assert.deepStrictEqual([record.account, record.creditId] as Array<string>, [given.account, given.creditId])
          assert.strictEqual(record.lots?.length, given.lots?.length)
        }
      }),
      { numRuns: 40 }
    )
  })

  it("has blank lines, a byte order mark, columns in any order, lots with colons", async () => {
    const lines = await recordsOf(
      named(
        "any.csv",
        "\ufeffcreditId,lots,program,account,redemption\r\n\r\nc1,extended:c0:1:5;b:2.5,p,a,r\r\n\r\nc2,,p,a,r\r\n"
      )
    )
    assert.deepStrictEqual(
      lines.map(({ line, record }) => [line, String(record.creditId), record.lots?.map(({ lot }) => String(lot))]),
      [
        [3, "c1", ["extended:c0:1", "b"]],
        [5, "c2", undefined]
      ]
    )
  })

  it("larger than the memory comes back in its order, and so does every later reading of it", async () => {
    const records = Array.from({ length: 60_000 }, (_, index) => ({
      program: "program",
      account: `account-${index % 977}`,
      redemption: `redemption-${index % 977}`,
      creditId: `a credit with a long name ${"x".repeat(80)} ${index}`,
      points: "1"
    }))
    const file = writeNew(folder, ndjson(records))
    await runScoped(
      Effect.gen(function* () {
        const { credits } = yield* CreditFile.read(file)
        for (const _ of [1, 2]) {
          let next = 0
          yield* Stream.runForEach(credits, ({ line, place, record }) =>
            Effect.sync(() => {
              if (place !== next || line !== next + 1 || record.creditId !== records[next]!.creditId)
                assert.fail(`${next}`)
              next++
            })
          )
          assert.strictEqual(next, records.length)
        }
      })
    )
  })

  it("tells how many bytes it has read, up to all of them, packed ones as they are", async () => {
    const packed = gzipSync(ndjson([{ program: "p", account: "a", redemption: "r", creditId: "c" }]))
    const told: Array<readonly [number, number | undefined]> = []
    await recordsOf(named("told.ndjson.gz", packed), { onProgress: (...step) => void told.push(step) })
    assert.deepStrictEqual(
      [told[0], told.at(-1)],
      [
        [0, packed.length],
        [packed.length, packed.length]
      ]
    )
  })
})

describe("a file that cannot be read", () => {
  const base = { program: "p", account: "a", redemption: "r", creditId: "c" }

  it("names every line of NDJSON and what is wrong with it", async () => {
    const file = named(
      "wrong.ndjson",
      [
        JSON.stringify({ ...base, points: 70 }),
        "",
        JSON.stringify({ program: "p" }),
        "nope",
        JSON.stringify({ ...base, creditId: "d", at: "yesterday" }),
        JSON.stringify({ ...base, creditId: "e", lots: [] }),
        JSON.stringify({ ...base, creditId: "f", amount: "1" }),
        "[]"
      ].join("\n")
    )
    const problems = await problemsOf(file)
    assert.deepStrictEqual(
      problems.map(([line]) => line),
      [1, 3, 4, 5, 6, 7, 8]
    )
    const reasons = new Map(problems)
    assert.match(reasons.get(1)!, /^points: /)
    assert.match(reasons.get(3)!, /account: .*redemption: .*creditId: /)
    assert.strictEqual(reasons.get(4), "no JSON object")
    assert.match(reasons.get(5)!, /^at: an ISO 8601 instant/)
    assert.match(reasons.get(6)!, /^lots: /)
    assert.match(reasons.get(7)!, /^amount: /)
  })

  it("names every row of CSV and what is wrong with it", async () => {
    const file = csvFile(
      "wrong.csv",
      "p,a,r,c1,,,,",
      "p,a,r",
      "p,a,r,c2,,B,,",
      'p,a"b,r,c3,,,,',
      "p,,r,c5,,,,",
      'p,a,r,"c7,,,,'
    )
    assert.deepStrictEqual(await problemsOf(file), [
      [3, "3 cells, where the header has 8"],
      [4, "lots: <lot>:<points> is expected, several with ; between them"],
      [5, "a quotation mark opens in the middle of a cell"],
      [6, "account: Missing key"],
      [7, "a quotation mark is opened and never closed"]
    ])
    assert.deepStrictEqual(await problemsOf(csvFile("closing.csv", 'p,a,r,"c4"x,,,,', "p,a,r,c8,,,,")), [
      [2, "a quotation mark closes in the middle of a cell"],
      // What follows stands in the quotation that it should have closed.
      [3, "a quotation mark is opened and never closed"]
    ])
    const [exponent] = await problemsOf(csvFile("exponent.csv", "p,a,r,c6,1e3,,,"))
    assert.match(exponent![1], /^points: a plain decimal string/)
    const latin = await problemsOf(named("latin.csv", Buffer.from(`${HEADER}\np,a\xe9,r,c,,,,\n`, "latin1")))
    assert.deepStrictEqual(latin, [[2, "no UTF-8 text"]])
  })

  it.each([
    ["no columns at all", "", /columns program, account, redemption, creditId are missing/],
    [
      "an unknown column",
      "program,account,redemption,creditId,amount\n",
      /unknown columns "amount"; there can be program,/
    ],
    ["a column twice", "program,account,redemption,creditId,at,at\n", /columns at stand twice/]
  ])("has in its CSV header %s", async (_, text, reason) => {
    const problems = await problemsOf(named("header.csv", text))
    assert.strictEqual(problems.length, 1)
    assert.deepStrictEqual([problems[0]![0], reason.test(problems[0]![1])], [1, true], problems[0]![1])
  })

  it("gives one credit id to two credits; the same credit again, and the id in another account, are fine", async () => {
    const file = writeNew(
      folder,
      ndjson([
        base,
        { ...base, account: "b", points: "7" },
        { ...base, points: "5" },
        base,
        { ...base, redemption: "other" },
        { ...base, program: "q", points: "1" },
        { ...base, account: "b", points: "7.00" }
      ])
    )
    assert.deepStrictEqual(await problemsOf(file), [
      [3, "creditId: line 1 has it for another credit"],
      [5, "creditId: line 1 has it for another credit"]
    ])
  })

  it("is not packed although its name says so", async () => {
    const read = await runScoped(Effect.flip(CreditFile.read(named("plain.csv.gz", "program"))))
    assert.strictEqual(read._tag, "UnreadableFile")
  })
})
