import type { SourceRecord } from "@pointback/domain"
import { Effect } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ListedGroup } from "../../src/statement/ReconciliationSource.ts"
import * as StatementFile from "../../src/statement/StatementFile.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pointback-statement-"))
})
afterAll(() => rm(folder, { recursive: true }))

const header = { kind: "statement", program: "rewards", from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }
const redemption = {
  kind: "redemption",
  account: "42",
  redemption: "R1",
  credit: null,
  points: "150",
  at: "2026-01-05T10:00:00Z",
  reference: "m-1",
  remaining: "80.5",
  lots: [
    { lot: "extended:c:1", points: "100", expiresAt: "2026-03-10T00:00:00Z" },
    { lot: "spring", points: "50", expiresAt: null }
  ]
}
const credit = {
  kind: "credit",
  account: "41",
  redemption: "R9",
  credit: 'refund, "1"',
  points: "69.5",
  at: "2026-01-06T11:30:00+01:00",
  reference: "m-2"
}

const NDJSON = [header, redemption, credit].map((line) => JSON.stringify(line)).join("\n")

const CSV = [
  "statement,rewards,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z",
  "kind,account,redemption,credit,points,at,reference,remaining,lots",
  "redemption,42,R1,,150,2026-01-05T10:00:00Z,m-1,80.5,extended:c:1:100:2026-03-10T00:00:00Z;spring:50:never",
  'credit,41,R9,"refund, ""1""",69.5,2026-01-06T11:30:00+01:00,m-2,,'
].join("\r\n")

const write = async (name: string, content: string | Buffer): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

const read = (file: string, options: StatementFile.ReadOptions = {}, after: string | null = null) =>
  Effect.gen(function* () {
    const listing = yield* StatementFile.read(file, options)
    const groups = yield* Effect.promise(async () => {
      const found: Array<ListedGroup> = []
      for await (const batch of listing.groups(after)) found.push(...batch)
      return found
    })
    return { ...listing, found: groups }
  }).pipe(Effect.scoped, Effect.runPromise)

const failure = (file: string) => StatementFile.read(file).pipe(Effect.scoped, Effect.flip, Effect.runPromise)

describe("statement files", () => {
  it("say the same as NDJSON, as CSV, and gzipped; by account and redemption", async () => {
    const files = await Promise.all([
      write("a.ndjson", NDJSON),
      write("b.csv", CSV),
      write("c.ndjson.gz", gzipSync(NDJSON)),
      write("d.csv.gz", gzipSync(CSV)),
      write("e.ndjson", `\ufeff${NDJSON}\n\n`)
    ])
    const [first, ...others] = await Promise.all(files.map((file) => read(file)))
    expect(first!.found.map(({ account, redemption: id }) => [account, id])).toEqual([
      ["41", "R9"],
      ["42", "R1"]
    ])
    expect(first!.found[1]!.records[0]).toEqual({
      kind: "redemption",
      redemption: "R1",
      credit: null,
      points: 1_500_000n,
      at: 1_767_607_200_000_000n,
      reference: "m-1",
      status: "settled",
      eventId: null,
      remaining: 805_000n,
      lots: [
        { lot: "extended:c:1", points: 1_000_000n, expiresAt: 1_773_100_800_000_000n },
        { lot: "spring", points: 500_000n, expiresAt: null }
      ]
    } satisfies SourceRecord.SourceRecord)
    expect(first!.parked).toEqual([])
    for (const other of others) {
      expect(other.found).toEqual(first!.found)
      expect(other.identity).toBe(first!.identity)
      expect(other.count).toBe(2)
    }
  })

  it("have an identity that the order of their lines does not change, and another line does", async () => {
    const [a, b] = [JSON.stringify(redemption), JSON.stringify(credit)]
    const identityOf = async (name: string, lines: ReadonlyArray<string>) =>
      (await read(await write(name, [JSON.stringify(header), ...lines].join("\n")))).identity
    const one = await identityOf("1.ndjson", [a, b])
    expect(await identityOf("2.ndjson", [b, a])).toBe(one)
    expect(await identityOf("3.ndjson", [b, b])).not.toBe(one)
    expect(await identityOf("4.ndjson", [a, b.replace("69.5", "69.51")])).not.toBe(one)
  })

  it("put lines aside that cannot be read, by number and reason, and read the others", async () => {
    const lines = [
      JSON.stringify(header),
      "{",
      JSON.stringify({ ...redemption, points: "1.23456", at: "yesterday", colour: "red" }),
      JSON.stringify({ ...credit, at: "2026-02-01T00:00:00Z", points: 5, reference: undefined }),
      JSON.stringify({ ...redemption, credit: "c", lots: [{ lot: "a", points: "0" }], remaining: "-1" }),
      JSON.stringify({ ...credit, kind: "refund", account: "a\u0000b" }),
      JSON.stringify(credit)
    ]
    const { count, parked } = await read(await write("parked.ndjson", lines.join("\n")))
    expect(count).toBe(1)
    expect(parked).toEqual([
      { place: "line 2", reason: "no JSON object" },
      {
        place: "line 3",
        reason:
          "colour: is not a field of a statement; points: at most 4 fractional digits are kept; " +
          "at: an ISO 8601 instant with a zone is expected, such as 2026-01-20T09:30:00Z"
      },
      {
        place: "line 4",
        reason:
          'points: a plain decimal string such as "3" or "96173827.88" is expected; ' +
          "at: is outside of the statement's window; reference: is missing"
      },
      {
        place: "line 5",
        reason: "credit: a redemption has none; remaining: must not be negative; lots.0: points: must be more than zero"
      },
      {
        place: "line 6",
        reason:
          "kind: redemption or credit is expected; account: 1 to 128 characters without control characters are expected"
      }
    ])
  })

  it("put CSV rows aside that have other columns, or no end", async () => {
    const csv = [
      ...CSV.split("\r\n"),
      "credit,41",
      "credit,41,R1,c,5,2026-01-06T11:30:00Z,m-9,,winter",
      'credit,"41'
    ].join("\n")
    const { count, parked } = await read(await write("parked.csv", csv))
    expect(count).toBe(2)
    expect(parked.map(({ place }) => place)).toEqual(["line 5", "line 6", "line 7"])
    expect(parked[0]!.reason).toBe("9 columns are expected, and there are 2")
    expect(parked[1]!.reason).toBe("lots.0: a lot is expected")
  })

  it("are refused as a whole without their first line", async () => {
    expect(await failure(await write("none.ndjson", JSON.stringify(credit)))).toMatchObject({
      _tag: "StatementHeaderInvalid",
      line: 1,
      problem: 'the first line must be {"kind":"statement","program","from","to"}'
    })
    expect(await failure(await write("empty.ndjson", ""))).toMatchObject({ _tag: "StatementHeaderInvalid" })
    expect(await failure(await write("window.ndjson", JSON.stringify({ ...header, to: header.from })))).toMatchObject({
      problem: "to: must be later than from"
    })
    expect(await failure(join(folder, "nowhere.ndjson"))).toMatchObject({ _tag: "SourceUnreadable" })
    expect(await failure(await write("torn.ndjson.gz", gzipSync(NDJSON).subarray(0, 60)))).toMatchObject({
      _tag: "SourceUnreadable"
    })
  })

  it("come in the same groups through the temporary file, and from any of them on", async () => {
    const lines = Array.from({ length: 300 }, (_, n) =>
      JSON.stringify({ ...credit, account: String(n % 7), redemption: `R${n % 40}`, reference: `m-${n}` })
    )
    const file = await write("many.ndjson", [JSON.stringify(header), ...lines].join("\n"))
    const whole = await read(file)
    const spilled = await read(file, { limits: { held: 1000, read: 0, block: 100 } })
    expect(spilled.found).toEqual(whole.found)
    expect(whole.found.flatMap(({ records }) => records)).toHaveLength(300)
    const middle = whole.found[100]!
    expect((await read(file, {}, middle.key)).found).toEqual(whole.found.slice(101))
  })
})
