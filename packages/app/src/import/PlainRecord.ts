/**
 * Recognizes records that are plainly right, several times faster than their schema does: a file is read twice, and has
 * millions of them. What is not plain (a letter beyond ASCII, a time of another zone, anything wrong) is left to the
 * schema, which alone judges and says what is wrong. A property test holds that both read the same.
 */
import { Ids, Points, Text } from "@pointback/domain"
import { Result } from "effect"
import type { ImportRecord } from "./ImportRecord.ts"

/** Reads the value of a field; undefined where it is not plain. */
type Read = (value: unknown) => unknown

interface Field {
  readonly read: Read
  readonly required: boolean
}

const PLAIN_TEXT = /^[!-~](?:[ -~]*[!-~])?$/

const text =
  (maximum: number): Read =>
  (value) =>
    typeof value === "string" && value.length <= maximum && PLAIN_TEXT.test(value) ? value : undefined

const identifier = text(Text.MAXIMUM_IDENTIFIER_LENGTH)
const note = text(Text.MAXIMUM_NOTE_LENGTH)

const earnedLot: Read = (value) =>
  typeof value === "string" && value.startsWith(Ids.EXTENDED_LOT_PREFIX) ? undefined : identifier(value)

const amount: Read = (value) =>
  typeof value === "string" ? Result.getOrUndefined(Points.fromString(value)) : undefined

// Every date but the 29th of February, in centuries without doubt; alone, or with a time in UTC.
const YEAR = "(?:19|20)\\d\\d"
const LONG_MONTH = "(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
const SHORT_MONTH = "(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)"
const FEBRUARY = "02-(?:0[1-9]|1\\d|2[0-8])"
const TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?Z"
const PLAIN_MOMENT = new RegExp(`^${YEAR}-(?:${LONG_MONTH}|${SHORT_MONTH}|${FEBRUARY})(?:T${TIME})?$`)

const moment: Read = (value) => (typeof value === "string" && PLAIN_MOMENT.test(value) ? value : undefined)

const nullOrMoment: Read = (value) => (value === null ? null : moment(value))

const oneOf =
  (...values: ReadonlyArray<string>): Read =>
  (value) =>
    values.includes(value as string) ? value : undefined

const lotPoints: Read = (value) => {
  if (!Array.isArray(value)) return undefined
  const read = value.map((entry) => readFields(LOT_POINTS, entry))
  return read.includes(undefined) ? undefined : read
}

const required = (read: Read): Field => ({ read, required: true })
const optional = (read: Read): Field => ({ read, required: false })

interface Shape {
  readonly fields: ReadonlyMap<string, Field>
  /** How many fields are required. */
  readonly required: number
}

const shape = (fields: Readonly<Record<string, Field>>): Shape => ({
  fields: new Map(Object.entries(fields)),
  required: Object.values(fields).filter((field) => field.required).length
})

const LOT_POINTS = shape({ lot: required(identifier), points: required(amount) })

const recordShape = (type: ImportRecord["type"], fields: Readonly<Record<string, Field>>): [string, Shape] => [
  type,
  shape({ type: required(oneOf(type)), program: required(identifier), account: required(identifier), ...fields })
]

const SHAPES: ReadonlyMap<unknown, Shape> = new Map([
  recordShape("earned", {
    lot: required(earnedLot),
    points: required(amount),
    earnedAt: required(moment),
    expiresAt: required(nullOrMoment),
    occurredAt: optional(moment),
    source: optional(note)
  }),
  recordShape("redeemed", {
    redemption: required(identifier),
    points: required(amount),
    redemptionType: required(oneOf("MERCHANDISE", "TRAVEL", "CASHBACK")),
    processedBy: required(identifier),
    occurredAt: required(moment),
    draws: optional(lotPoints)
  }),
  recordShape("credited", {
    redemption: required(identifier),
    credit: required(identifier),
    points: optional(amount),
    lots: optional(lotPoints),
    occurredAt: required(moment)
  }),
  recordShape("expired", { lot: required(identifier), points: required(amount) }),
  recordShape("adjusted", {
    lot: required(identifier),
    points: required(amount),
    reason: required(note),
    occurredAt: required(moment),
    key: required(identifier)
  })
])

/** The fields of a JSON object, read; undefined where it has others, not all that it must have, or one is not plain. */
const readFields = ({ fields, required }: Shape, json: unknown): Record<string, unknown> | undefined => {
  if (typeof json !== "object" || json === null) return undefined
  const read: Record<string, unknown> = {}
  let missing = required
  for (const name in json) {
    const field = fields.get(name)
    const value = field?.read((json as Record<string, unknown>)[name])
    if (field === undefined || value === undefined) return undefined
    if (field.required) missing--
    read[name] = value
  }
  return missing === 0 ? read : undefined
}

/** A record that is plainly right, from what `JSON.parse` answered; undefined where the schema must judge. */
export const plainRecord = (json: unknown): ImportRecord | undefined => {
  const shapeOfType = SHAPES.get((json as { readonly type?: unknown } | null)?.type)
  return shapeOfType === undefined ? undefined : (readFields(shapeOfType, json) as ImportRecord | undefined)
}
