/** What happened in a simulated history, line by line, with the simulated time. */
import { Instant } from "@pointback/domain"

/** Lines of a history at most; one that never ends must not fill the memory. */
const MAXIMUM_LINES = 20_000

/** Keeps lines. */
export class Trace {
  readonly lines: Array<string> = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Adds a line. */
  readonly tell = (line: string): void => {
    if (this.lines.length >= MAXIMUM_LINES) return
    const now = Instant.toString(Instant.fromEpochMillis(this.#now()))
    this.lines.push(`${now.slice(5, 10)} ${now.slice(11, 23)}  ${line}`)
  }
}
