/** The stored form of events, and the way from older forms to the present one. */
import { Fact, Instant, Points } from "@pointback/domain"
import { Schema } from "effect"
import * as Upcasters from "./Upcasters.ts"

const decode = Schema.decodeUnknownSync(Fact.Event)

/** A stored event that this version cannot read: it was written by a newer one, or is corrupt. */
export class UnreadableEvent extends Error {
  override readonly name = "UnreadableEvent"
}

// Among an event's bigints, instants are known by their names and all others are points. A property test holds this
// against the schema, which is ten times slower.
const INSTANTS = new Set(["earnedAt", "expiresAt"])

const storable = (field: string, value: unknown): unknown => {
  if (typeof value === "bigint") return INSTANTS.has(field) ? Instant.toString(value) : Points.toString(value)
  return field === "_tag" ? undefined : value
}

/** An event's payload as the JSON text that is stored, and hashed; the type has a column of its own. */
export const toPayload = (event: Fact.Event): string => JSON.stringify(event, storable)

/** Characters of an instant with three fractional digits. */
const MILLIS_LENGTH = "2026-01-20T09:30:00.000Z".length

/** An instant as it is hashed: always with six fractional digits. */
export const instantText = (at: Instant.Instant): string => {
  const text = Instant.toString(at)
  return text.length === MILLIS_LENGTH ? `${text.slice(0, -1)}000Z` : text
}

/** Reads a stored event. What cannot be read was not written by us, and throws as the defect that it is. */
export const fromStored = (type: string, schemaVersion: number, payload: unknown): Fact.Event => {
  if (schemaVersion < 1 || schemaVersion > Fact.SCHEMA_VERSION) {
    throw new UnreadableEvent(
      `${type} has schema version ${schemaVersion}; this version reads 1 to ${Fact.SCHEMA_VERSION}`
    )
  }
  const present = Upcasters.toPresent({ type, payload: payload as Upcasters.Payload }, schemaVersion)
  try {
    return decode({ _tag: present.type, ...present.payload })
  } catch (cause) {
    throw new UnreadableEvent(`${type} cannot be read: ${String(cause)}`, { cause })
  }
}
