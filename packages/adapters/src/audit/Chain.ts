/**
 * The hash chain over a log partition, computed apart from the database.
 *
 * hash = SHA-256(hash of the event before ‖ bytes), where the first event follows no bytes at all. The bytes are UTF-8 of
 * these fields, with U+001F between them; null and the empty text are both empty, instants have six fractional digits:
 *
 * partition, position, program, account key, recorded at, event id, stream, version, account version, type, schema
 * version, payload as stored, occurred at, correlation id, causation id, idempotency key, actor
 *
 * No field of ours has a U+001F, so that a text which was moved over a boundary has other bytes. `Functions.ts` computes
 * the same when events are appended.
 */
import { hash } from "node:crypto"

/** What stands between the fields. */
export const SEPARATOR = "\x1f"

/** How many fields are hashed. */
export const FIELDS = 17

/** The hash that the first event of a partition follows. */
export const START = ""

/** Bytes of SHA-256. */
const HASH_BYTES = 32

/** Enough for most events; longer ones get more. */
const INITIAL_BYTES = 64 * 1024

/** Bytes that a UTF-16 code unit takes in UTF-8 at most. */
const BYTES_PER_UNIT = 3

let scratch = Buffer.allocUnsafe(INITIAL_BYTES)

/** The hash, in hex, of an event's fields as one text after the hash of the event before it. */
export const next = (previous: string, fields: string): string => {
  const room = HASH_BYTES + fields.length * BYTES_PER_UNIT
  if (scratch.length < room) scratch = Buffer.allocUnsafe(room * 2)
  const start = scratch.write(previous, 0, "hex")
  const end = start + scratch.write(fields, start, "utf8")
  return hash("sha256", scratch.subarray(0, end), "hex")
}
