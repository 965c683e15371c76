/** What a process has sent and been told, line by line in a file that outlives it. */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs"
import type { Answer } from "./Order.ts"

/** What became of the orders of a task, by their places in it. */
export interface Journal {
  readonly sent: ReadonlySet<number>
  /** Answers that arrived; what was sent and has none was lost with its process. */
  readonly answers: ReadonlyMap<number, Answer>
}

type Line = { readonly sent: number } | { readonly answered: number; readonly answer: Answer }

/**
 * Writes lines at the end of a file. Each is handed to the kernel before the next thing happens, so that it survives
 * the process; it need not survive the machine.
 */
export const writer = (file: string) => {
  const descriptor = openSync(file, "a")
  const write = (line: Line) => void writeSync(descriptor, `${JSON.stringify(line)}\n`)
  return {
    sent: (place: number) => write({ sent: place }),
    answered: (place: number, answer: Answer) => write({ answered: place, answer }),
    close: () => closeSync(descriptor)
  }
}

/** Reads a journal, which may be cut off in its last line: nobody had been told that yet. */
export const read = (file: string): Journal => {
  const sent = new Set<number>()
  const answers = new Map<number, Answer>()
  // The file begins with the first line.
  const text = existsSync(file) ? readFileSync(file, "utf8") : ""
  for (const line of text.split("\n").slice(0, -1)) {
    const entry = JSON.parse(line) as Line
    if ("sent" in entry) sent.add(entry.sent)
    else answers.set(entry.answered, entry.answer)
  }
  return { sent, answers }
}
