import pg from "pg"

/*
 * How a column's text becomes a JavaScript value. Both drivers get this one table, so that a row read from PGlite and
 * the same row read from a server are the same value:
 *
 * - bool → boolean; int2, int4, oid, float4, float8 → number; bytea → Uint8Array
 * - int8 → number, or an error when a number cannot hold it exactly
 * - everything else is PostgreSQL's text: numeric and jsonb lose digits when JavaScript parses them, and timestamptz
 *   loses its microseconds
 * - arrays of the types listed below → arrays of the same values
 */

/** Turns the text PostgreSQL sent for a column, never null, into a JavaScript value. */
export type ColumnParser = (text: string) => unknown

/** An `int8` that a JavaScript number cannot hold exactly. `code` is the SQLSTATE of "numeric value out of range". */
export class UnsafeInteger extends RangeError {
  readonly code = "22003"
}

const BYTES_IN_HEX = "\\x"

const int8 = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    throw new UnsafeInteger("An int8 column holds an integer beyond 2^53 - 1; select it as text")
  }
  return value
}

const bytea = (text: string): Uint8Array => {
  if (!text.startsWith(BYTES_IN_HEX)) {
    throw new Error("A bytea column came in the escape format; set bytea_output to hex")
  }
  return Uint8Array.from(Buffer.from(text.slice(BYTES_IN_HEX.length), "hex"))
}

const bool = (text: string): boolean => text === "t"

const verbatim = (text: string): string => text

/** [type, its array type, parser]; the numbers are fixed in PostgreSQL's catalog (`pg_type.dat`). */
const types: ReadonlyArray<readonly [oid: number, arrayOid: number, parser: ColumnParser]> = [
  [16, 1000, bool],
  [17, 1001, bytea],
  [20, 1016, int8],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, Number],
  [701, 1022, Number],
  [19, 1003, verbatim], // name
  [25, 1009, verbatim], // text
  [114, 199, verbatim], // json
  [1042, 1014, verbatim], // bpchar
  [1043, 1015, verbatim], // varchar
  [1082, 1182, verbatim], // date
  [1114, 1115, verbatim], // timestamp
  [1184, 1185, verbatim], // timestamptz
  [1186, 1187, verbatim], // interval
  [1700, 1231, verbatim], // numeric
  [2950, 2951, verbatim], // uuid
  [3802, 3807, verbatim] // jsonb
]

type Nested = ReadonlyArray<string | null | Nested>

// pg's own reader of array literals: it yields strings, nulls and, for more dimensions, arrays of these.
const TEXT_ARRAY: number = 1009
const readArray = pg.types.getTypeParser(TEXT_ARRAY, "text") as (text: string) => Nested

const arrayOf = (parser: ColumnParser): ColumnParser => {
  const convert = (items: Nested): Array<unknown> =>
    items.map((item) => (item === null ? null : typeof item === "string" ? parser(item) : convert(item)))
  return (text) => convert(readArray(text))
}

/** The parser of each known column type, by the type's number in PostgreSQL's catalog. */
export const columnParsers: ReadonlyMap<number, ColumnParser> = new Map(
  types.flatMap(([oid, arrayOid, parser]) => [
    [oid, parser],
    [arrayOid, arrayOf(parser)]
  ])
)

/** The parser of a column type; the text itself for types that are not listed. */
export const columnParser = (oid: number): ColumnParser => columnParsers.get(oid) ?? verbatim
