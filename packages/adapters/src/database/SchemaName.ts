import { Effect, Schema } from "effect"

/** Names that need no quotes in SQL nor escapes in a connection's options, up to PostgreSQL's 63 bytes. */
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/

/** The name asked for our schema is not one we accept. */
export class SchemaNameInvalid extends Schema.TaggedError<SchemaNameInvalid>("@pointback/adapters/SchemaNameInvalid")(
  "SchemaNameInvalid",
  { schema: Schema.String }
) {
  override get message(): string {
    return `${JSON.stringify(this.schema)} cannot name a schema here; use up to 63 of a-z, 0-9 and _, not beginning with a digit or pg_`
  }
}

/** The name itself, or `SchemaNameInvalid`. */
export const requireSchemaName = (schema: string): Effect.Effect<string, SchemaNameInvalid> =>
  SCHEMA_NAME.test(schema) && !schema.startsWith("pg_")
    ? Effect.succeed(schema)
    : Effect.fail(new SchemaNameInvalid({ schema }))
