/**
 * Comma-separated values as of RFC 4180, with a line of titles first and lines that end with a line feed.
 *
 * A spreadsheet takes a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula and runs it.
 * Such texts get an apostrophe before them; amounts are none, and stay as they are.
 */

import { quoted } from "../table/Csv.ts"

/** A text, or an amount, count or instant of ours, which needs no guard. */
export type Cell = string | null | { readonly exact: string }

/** A value that we wrote ourselves and that must be read as it is: an amount may begin with a minus. */
export const exact = (value: string | number): Cell => ({ exact: String(value) })

const FORMULA = /^[=+\-@\t\r]/

const cellText = (cell: Cell): string => {
  if (cell === null) return ""
  return quoted(typeof cell === "string" ? (FORMULA.test(cell) ? `'${cell}` : cell) : cell.exact)
}

/** The lines, without a line feed after the last one. */
export const csv = (titles: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string =>
  [titles, ...rows].map((row) => row.map(cellText).join(",")).join("\n")
