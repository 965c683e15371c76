/** Tables as CSV (RFC 4180), exact: what a cell holds is what comes out of it again. */

/** A cell; null is an empty one. */
export type Cell = string | number | null

/** The line ending of RFC 4180, which spreadsheets of every kind read. */
const LINE_END = "\r\n"

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/

const quoted = (cell: Cell): string => {
  if (cell === null) return ""
  const text = String(cell)
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One line, with its end. */
export const line = (cells: ReadonlyArray<Cell>): string => cells.map(quoted).join(",") + LINE_END

/** A table with its head. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string =>
  line(head) + rows.map(line).join("")
