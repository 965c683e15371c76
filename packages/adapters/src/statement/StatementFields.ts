/** Reads the fields of a statement's line, from JSON or from CSV, and names every field that cannot be read. */
import { Instant, Points, type SourceRecord, Text } from "@pointback/domain"
import { Option, Result, Schema } from "effect"
import type { AccountRecord, StatementHeader } from "./StatementRecord.ts"

/** A line as it stands: fields by their names. A field that is missing is undefined or null. */
export type Fields = Readonly<Record<string, unknown>>

/** What was read of a line, or what is wrong with it. */
export type Read<A> = Result.Result<A, string>

const RECORD_FIELDS = new Set([
  "kind",
  "account",
  "redemption",
  "credit",
  "points",
  "at",
  "reference",
  "remaining",
  "lots"
])

const HEADER_FIELDS = new Set(["kind", "program", "from", "to"])

/** Gathers what is wrong, so that all of it is told at once. */
class Problems {
  readonly found: Array<string> = []

  add(field: string, problem: string): undefined {
    this.found.push(`${field}: ${problem}`)
  }
}

const isIdentifier = Schema.is(Text.Identifier)

const PLAIN = /^[!-~](?:[ -~]{0,126}[!-~])?$/

const identifier = (fields: Fields, name: string, problems: Problems): string | undefined => {
  const value = fields[name]
  if (typeof value === "string" && (PLAIN.test(value) || isIdentifier(value))) return value
  const expected = `1 to ${Text.MAXIMUM_IDENTIFIER_LENGTH} characters without control characters are expected`
  return problems.add(name, value === undefined || value === null ? "is missing" : expected)
}

const optional = <A>(
  fields: Fields,
  name: string,
  problems: Problems,
  read: (fields: Fields, name: string, problems: Problems) => A | undefined
): A | null | undefined => {
  const value = fields[name]
  return value === undefined || value === null ? null : read(fields, name, problems)
}

const amount = (fields: Fields, name: string, problems: Problems): Points.Points | undefined => {
  const value = fields[name]
  if (typeof value !== "string") {
    return problems.add(
      name,
      value === undefined || value === null ? "is missing" : Points.describeProblem("notADecimal")
    )
  }
  const read = Points.fromString(value)
  if (Result.isFailure(read)) return problems.add(name, Points.describeProblem(read.failure))
  return read.success < 0n ? problems.add(name, "must not be negative") : read.success
}

const positive = (fields: Fields, name: string, problems: Problems): Points.Points | undefined => {
  const points = amount(fields, name, problems)
  return points === 0n ? problems.add(name, "must be more than zero") : points
}

const PLAIN_INSTANT =
  /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/

const instant = (fields: Fields, name: string, problems: Problems): Instant.Instant | undefined => {
  const value = fields[name]
  // Plain ones are read several times as fast by the engine, which knows no microseconds and takes the 30th of February.
  if (typeof value === "string" && PLAIN_INSTANT.test(value))
    return BigInt(Date.parse(value)) * Instant.MICROS_PER_MILLI
  const read = typeof value === "string" ? Instant.fromString(value) : Option.none()
  return Option.isSome(read) ? read.value : problems.add(name, Instant.EXPECTED)
}

const unknownFields = (fields: Fields, known: ReadonlySet<string>, problems: Problems): void => {
  for (const name in fields) if (!known.has(name)) problems.add(name, "is not a field of a statement")
}

const lots = (fields: Fields, name: string, problems: Problems): ReadonlyArray<SourceRecord.RecordLot> | undefined => {
  const value = fields[name]
  if (!Array.isArray(value)) return problems.add(name, "a list of lots is expected")
  const before = problems.found.length
  const read = value.map((entry: unknown, index) => lot(entry, `${name}.${index}`, problems))
  return problems.found.length === before ? (read as ReadonlyArray<SourceRecord.RecordLot>) : undefined
}

const lot = (entry: unknown, place: string, problems: Problems) => {
  if (typeof entry !== "object" || entry === null) return problems.add(place, "a lot is expected")
  const inner = new Problems()
  const fields = entry as Fields
  const { expiresAt } = fields
  const read = {
    lot: identifier(fields, "lot", inner),
    points: positive(fields, "points", inner),
    expiresAt: expiresAt === undefined || expiresAt === null ? expiresAt : instant(fields, "expiresAt", inner)
  }
  for (const problem of inner.found) problems.add(place, problem)
  return read
}

/** Reads the first line. */
export const header = (fields: Fields): Read<StatementHeader> => {
  const problems = new Problems()
  if (fields["kind"] !== "statement") {
    return Result.fail('the first line must be {"kind":"statement","program","from","to"}')
  }
  unknownFields(fields, HEADER_FIELDS, problems)
  const program = identifier(fields, "program", problems)
  const from = instant(fields, "from", problems)
  const to = instant(fields, "to", problems)
  if (from !== undefined && to !== undefined && from >= to) problems.add("to", "must be later than from")
  return problems.found.length > 0
    ? Result.fail(problems.found.join("; "))
    : Result.succeed({ program, from, to } as StatementHeader)
}

/** Reads a record, which must be in the statement's window. */
export const record = (fields: Fields, { from, to }: StatementHeader): Read<AccountRecord> => {
  const problems = new Problems()
  const { kind } = fields
  if (kind !== "redemption" && kind !== "credit") problems.add("kind", "redemption or credit is expected")
  unknownFields(fields, RECORD_FIELDS, problems)
  const account = identifier(fields, "account", problems)
  const redemption = identifier(fields, "redemption", problems)
  const credit = optional(fields, "credit", problems, identifier)
  if (kind === "redemption" && credit !== null) problems.add("credit", "a redemption has none")
  const points = positive(fields, "points", problems)
  const at = instant(fields, "at", problems)
  if (at !== undefined && (at < from || at >= to)) problems.add("at", "is outside of the statement's window")
  const reference = identifier(fields, "reference", problems)
  const remaining = optional(fields, "remaining", problems, amount)
  const known = optional(fields, "lots", problems, lots)
  if (problems.found.length > 0) return Result.fail(problems.found.join("; "))
  const read = {
    kind,
    redemption,
    credit,
    points,
    at,
    reference,
    status: "settled",
    remaining,
    lots: known,
    eventId: null
  }
  return Result.succeed({ account, record: read } as AccountRecord)
}
