/** The content of a command as its idempotency key remembers it (law L8). */
import { Ids } from "@pointback/domain"

/** Fields of a command; those that were defaulted are undefined and left out. */
export type Fields = Readonly<Record<string, string | null | undefined | ReadonlyArray<readonly [string, string]>>>

/** The canonical text of a command's content: the same fields give the same text, in whatever order they came. */
export const canonical = (fields: Fields): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .sort(([a], [b]) => Ids.compare(a, b))
    )
  )

/** The names of the fields in which two contents differ. */
export const differences = (a: string, b: string): ReadonlyArray<string> => {
  const [left, right] = [JSON.parse(a), JSON.parse(b)] as [Record<string, unknown>, Record<string, unknown>]
  const names = Array.from(new Set([...Object.keys(left), ...Object.keys(right)])).sort(Ids.compare)
  return names.filter((name) => JSON.stringify(left[name]) !== JSON.stringify(right[name]))
}
