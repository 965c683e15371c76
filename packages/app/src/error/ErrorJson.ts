/** Errors as JSON, the same wherever other programs are told one. */
import { Predicate, Schema } from "effect"

/** The name of an error; a defect has none. */
export const tagOf = (error: unknown): string =>
  Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "Error"

/** What an error says. */
export const messageOf = (error: unknown): string =>
  Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : String(error)

// Causes are for the log, and may hold more than a caller should see.
const fieldsOf = (error: unknown): Record<string, unknown> => {
  const schema = (error as { constructor?: unknown }).constructor
  if (!Schema.isSchema(schema)) return {}
  const encoded = Schema.encodeUnknownOption(Schema.toCodecJson(schema as Schema.Codec<unknown>))(error)
  if (encoded._tag === "None") return {}
  const { _tag, cause: _cause, ...fields } = encoded.value as Record<string, unknown>
  return fields
}

/** An error as one JSON object: its name, its message, and its fields with amounts and instants as text. */
export const errorJson = (error: unknown): Record<string, unknown> => ({
  _tag: tagOf(error),
  message: messageOf(error),
  ...fieldsOf(error)
})
