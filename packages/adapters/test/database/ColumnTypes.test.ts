import { describe, expect, test } from "vitest"
import { databaseFor, dialects, rows } from "../support/DatabaseUnderTest.ts"

/** [SQL, what both drivers give]. */
const cases: ReadonlyArray<readonly [sql: string, value: unknown]> = [
  ["null::int8", null],
  ["true", true],
  ["32767::int2", 32767],
  ["(-2147483648)::int4", -2147483648],
  ["9007199254740991::int8", 9007199254740991],
  ["(-9007199254740991)::int8", -9007199254740991],
  ["0.1::float8", 0.1],
  ["'NaN'::float8", Number.NaN],
  ["'-Infinity'::float4", Number.NEGATIVE_INFINITY],
  ["10.1000::numeric(20, 4)", "10.1000"],
  ["12345678901234567890.12345::numeric", "12345678901234567890.12345"],
  ["'2024-02-29'::date", "2024-02-29"],
  ["'2024-02-29 12:34:56.123456+02'::timestamptz", "2024-02-29 10:34:56.123456+00"],
  ["'0044-03-15 BC'::timestamptz", "0044-03-15 00:00:00+00 BC"],
  ["'infinity'::timestamptz", "infinity"],
  ["'2024-02-29 12:34:56.100000'::timestamp", "2024-02-29 12:34:56.1"],
  ["'1 day 02:03:04'::interval", "1 day 02:03:04"],
  [`'{"n": 9007199254740993, "d": 1.10}'::jsonb`, '{"d": 1.10, "n": 9007199254740993}'],
  [`'{"n":1.10}'::json`, '{"n":1.10}'],
  ["'null'::jsonb", "null"],
  ["'0190163d-8694-739b-aea5-966c26f8ad90'::uuid", "0190163d-8694-739b-aea5-966c26f8ad90"],
  ["'\\x00ff10'::bytea", Uint8Array.of(0, 255, 16)],
  ["''::bytea", new Uint8Array()],
  ["'a\"b\\c'::text", 'a"b\\c'],
  ["'x'::char(3)", "x  "],
  ["current_schema()", "pointback"],
  ["array[1, null, 3]::int8[]", [1, null, 3]],
  [
    "array[[1, 2], [3, 4]]::int4[]",
    [
      [1, 2],
      [3, 4]
    ]
  ],
  ["array[]::text[]", []],
  [
    `array['a,b', 'q"uote', 'back\\slash', 'NULL', '', null, '{}']`,
    ["a,b", 'q"uote', "back\\slash", "NULL", "", null, "{}"]
  ],
  ["array[1.10, 2]::numeric[]", ["1.10", "2"]],
  ["array['2024-02-29 10:00:00.000001+00']::timestamptz[]", ["2024-02-29 10:00:00.000001+00"]],
  [`array['{"n": 1.10}']::jsonb[]`, ['{"n": 1.10}']],
  ["array[true, false]", [true, false]],
  ["array['\\x01'::bytea]", [Uint8Array.of(1)]],
  ["'[1,5)'::int4range", "[1,5)"]
]

describe.each(dialects)("columns on %s", (dialect) => {
  const run = databaseFor(dialect)

  test.each(cases)("%s", async (expression, value) => {
    const found = await run(rows<{ value: unknown }>(`select ${expression} as value`))
    expect(found).toStrictEqual([{ value }])
  })
})
