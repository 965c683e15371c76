/** The stored form of events, and the way from older forms to the present one. */
import { Fact } from "@pointback/domain"
import { Schema } from "effect"

const decode = Schema.decodeUnknownSync(Fact.Event)
const encode = Schema.encodeSync(Fact.Event)

/** A stored event that this version cannot read: it was written by a newer one, or is corrupt. */
export class UnreadableEvent extends Error {
  override readonly name = "UnreadableEvent"
}

/** An event's type and payload as they are stored; the type has a column of its own. */
export const toStored = (event: Fact.Event): { readonly type: string; readonly payload: Record<string, unknown> } => {
  const { _tag, ...payload } = encode(event) as { _tag: string } & Record<string, unknown>
  return { type: _tag, payload }
}

/** Reads a stored event. What cannot be read was not written by us, and throws as the defect that it is. */
export const fromStored = (type: string, schemaVersion: number, payload: unknown): Fact.Event => {
  if (schemaVersion !== Fact.SCHEMA_VERSION) {
    throw new UnreadableEvent(`${type} has schema version ${schemaVersion}; this version reads ${Fact.SCHEMA_VERSION}`)
  }
  try {
    return decode({ _tag: type, ...(payload as Record<string, unknown>) })
  } catch (cause) {
    throw new UnreadableEvent(`${type} cannot be read: ${String(cause)}`, { cause })
  }
}
