/** The fast reading of records, held against their schema. */
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { plainRecord } from "../../src/import/PlainRecord.ts"
import { judge } from "../../src/import/RecordLine.ts"

const letters = fc.constantFrom(..."ab0 -_~!é\u0000\u007f\u00a0\ud83d😀")
const text = fc.oneof(
  { weight: 40, arbitrary: fc.stringMatching(/^[a-z0-9-]{1,8}$/) },
  fc.string({ unit: letters, maxLength: 4 }),
  fc.constantFrom("", " a", "a ", "extended:c1:1", "x".repeat(128), "x".repeat(129), "x".repeat(1000), "x".repeat(1001))
)
const points = fc.oneof(
  { weight: 20, arbitrary: fc.stringMatching(/^-?[0-9]{1,3}(\.[0-9]{1,4})?$/) },
  fc.constantFrom("", "1e3", "+1", "1.", ".5", "0.00001", "1".repeat(15), "1".repeat(16), "000000000000000000001.50000")
)
const two = (min: number, max: number) => fc.integer({ min, max }).map((n) => String(n).padStart(2, "0"))
const date = fc
  .oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom("1999", "2024", "2025"), two(1, 12), two(1, 31)) },
    fc.tuple(fc.constantFrom("1899", "2100", "0000", "12025"), two(0, 13), two(0, 32))
  )
  .map((parts) => parts.join("-"))
const time = fc.tuple(two(0, 24), two(0, 60), two(0, 60)).map((parts) => parts.join(":"))
const zone = fc.constantFrom("Z", "", "+02:00", "-0930", ".123456Z", ".1234567Z", "z")
const moment = fc.oneof(
  { weight: 4, arbitrary: date },
  { weight: 2, arbitrary: fc.tuple(date, fc.constantFrom("T", " ", "t"), time, zone).map((parts) => parts.join("")) },
  fc.constantFrom("2025-02-29", "2024-02-29", "2025-04-31", "2025-01-10\n", "today")
)
const lots = fc.oneof(
  fc.array(fc.record({ lot: text, points }), { maxLength: 3 }),
  fc.constantFrom<unknown>({}, [[]], [{ lot: "a" }], [{ lot: "a", points: "1", more: 1 }], [null])
)

const fields = {
  program: text,
  account: text,
  lot: text,
  points,
  earnedAt: moment,
  expiresAt: fc.oneof(moment, fc.constant(null)),
  occurredAt: moment,
  source: text,
  redemption: text,
  redemptionType: fc.constantFrom("MERCHANDISE", "TRAVEL", "CASHBACK", "GIFT"),
  processedBy: text,
  draws: lots,
  credit: text,
  lots,
  reason: text,
  key: text
}

type Name = keyof typeof fields

/** The fields of each type: those that it must have, then those that it may have. */
const TYPES: Readonly<Record<string, readonly [ReadonlyArray<Name>, ReadonlyArray<Name>]>> = {
  earned: [
    ["program", "account", "lot", "points", "earnedAt", "expiresAt"],
    ["occurredAt", "source"]
  ],
  redeemed: [["program", "account", "redemption", "points", "redemptionType", "processedBy", "occurredAt"], ["draws"]],
  credited: [
    ["program", "account", "redemption", "credit", "occurredAt"],
    ["points", "lots"]
  ],
  expired: [["program", "account", "lot", "points"], []],
  adjusted: [["program", "account", "lot", "points", "reason", "occurredAt", "key"], []]
}

/** Records of a type, with all that it must have. */
const recordOf = (type: string): fc.Arbitrary<Record<string, unknown>> => {
  const [required, optional] = TYPES[type]!
  const model: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(type) }
  for (const name of [...required, ...optional]) model[name] = fields[name]
  return fc.record(model, { requiredKeys: ["type", ...required] }).map((record) => ({ ...record }))
}

const record = fc.oneof(...Object.keys(TYPES).map(recordOf))

/** Values that are wrong in one field or another, by little. */
const hostile = fc.constantFrom<unknown>(
  "extended:c1:1",
  "2025-01-10T24:00:00Z",
  "2025-01-10T10:60:00Z",
  "2025-01-10T10:00:60Z",
  "2025-01-10T10:00:00",
  "2025-02-29",
  " a",
  "a\n",
  "x".repeat(129),
  "0.00001",
  "1".repeat(16),
  "gained",
  null,
  1,
  [],
  {}
)

type Change = (json: Record<string, unknown>) => Record<string, unknown>

/** One thing about a record that somebody got wrong, or nothing. */
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Change>((json) => json) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(), hostile).map(([index, value]): Change => (json) => {
      const names = Object.keys(json)
      return { ...json, [names[index % names.length]!]: value }
    })
  },
  fc.tuple(fc.constantFrom(...Object.keys(fields)), fc.jsonValue()).map(([name, value]): Change => (json) => ({
    ...json,
    [name]: value
  })),
  fc.nat().map(
    (index): Change =>
      (json) =>
        Object.fromEntries(Object.entries(json).filter((_, position) => position !== index % Object.keys(json).length))
  )
)

/** As it stands in a line. */
const parsed = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

describe("a record that is read fast", () => {
  it("is read to what its schema reads, and anything that the schema refuses is not", () => {
    fc.assert(
      fc.property(record, change, (json, changed) => {
        const line = parsed(changed(json))
        const plain = plainRecord(line)
        if (plain !== undefined) assert.deepStrictEqual<unknown>(plain, judge(line))
      }),
      { numRuns: 3000 }
    )
  })

  it("is no JSON but an object", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => assert.isUndefined(plainRecord(json))))
  })

  const plain = {
    program: "program",
    account: "220094110178641288073796",
    lot: "spring 2025",
    points: "96173827.88",
    earnedAt: "2025-03-10",
    expiresAt: null,
    occurredAt: "2025-03-10T12:00:00Z",
    source: "shop 4, till 2",
    redemption: "5134720",
    redemptionType: "TRAVEL",
    processedBy: "E078562",
    draws: [{ lot: "spring 2025", points: "150" }],
    credit: "c1",
    lots: [{ lot: "spring 2025", points: "-1.5" }],
    reason: "by hand",
    key: "k1"
  }

  it.each(Object.entries(TYPES))(
    "can be of type %s, with all fields that it may have",
    (type, [required, optional]) => {
      const line = Object.fromEntries([
        ["type", type],
        ...[...required, ...optional].map((name) => [name, plain[name]])
      ])
      assert.isDefined(plainRecord(line))
      assert.isString(judge({ ...line, another: 1 }))
    }
  )
})
