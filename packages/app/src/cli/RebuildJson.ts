/** What a rebuild found, as JSON. */
import type { Rebuild } from "@pointback/adapters"

/** Each table with its rows, how many differed, and some of them by name. */
export const tables = (found: Rebuild.Rebuilt["tables"]) =>
  Object.fromEntries(
    Object.entries(found).map(([table, { differing, named, rows }]) => [
      table,
      { rows, differing, differences: named.map((difference) => ({ ...difference })) }
    ])
  )
