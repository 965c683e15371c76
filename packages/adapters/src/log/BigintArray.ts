/** Arrays of whole numbers as parameters. */
import type { RawBuilder } from "kysely"
import { sql } from "kysely"

/** A `bigint[]`, sent as text: the two drivers write arrays in different ways. */
export const bigintArray = (values: ReadonlyArray<number>): RawBuilder<unknown> =>
  sql`${`{${values.join(",")}}`}::text::bigint[]`
