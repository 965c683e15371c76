/** Comma-separated values as of RFC 4180, with lines that end with a line feed. */

/** A cell; null is an empty one. */
export type Cell = string | number | null

const SPECIAL = /[",\r\n]/

/** A text as a cell that is read as that text again. */
export const quoted = (text: string): string => (SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** One line with its end. Texts stay as they are: what a spreadsheet would take for a formula is not guarded against. */
export const line = (cells: ReadonlyArray<Cell>): string =>
  `${cells.map((cell) => (cell === null ? "" : quoted(String(cell)))).join(",")}\n`
