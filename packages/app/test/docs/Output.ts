/**
 * Holds what a command printed against what a page shows. A value that is another one in each run (an id, a hash, the
 * instant at which something was recorded, a port) stands for the value of this run: the first time it is met it is
 * bound, and wherever the page shows it again, in an output or a command, that value must or will stand. Columns of tables
 * are as wide as such values, so the width of gaps does not count.
 */

/** What differs from run to run. A masked account number and a whole second are none of it. */
const VARIES = new RegExp(
  [
    String.raw`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
    String.raw`(?<![0-9A-Za-z])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])(?:[0-9a-f]{64}|[0-9a-f]{24}|[0-9a-f]{16})(?![0-9A-Za-z])`,
    String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?!0+Z)\d{3,6}Z`,
    String.raw`127\.0\.0\.1:\d{2,5}`,
    String.raw`pbk_[\w-]+`
  ].join("|"),
  "g"
)

/** What may stand in the place of a shown value: the same kind of value. */
const kindOf = (shown: string): string => {
  if (shown.startsWith("pbk_")) return String.raw`pbk_[\w-]+`
  if (shown.startsWith("127.")) return String.raw`127\.0\.0\.1:\d+`
  if (shown.includes("T")) return String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`
  return shown.includes("-") ? "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" : `[0-9a-f]{${shown.length}}`
}

/** `…` stands for whatever is there, but before four digits: that is a masked account number. */
const ELLIPSIS = /…(?!\d{4})/g

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Shown values and what they stand for in this run. */
export class Bindings {
  readonly #actual = new Map<string, string>()

  /** A text of the page with the values of this run. */
  inserted(text: string): string {
    return text.replaceAll(VARIES, (shown) => this.#actual.get(shown) ?? shown)
  }

  /** Whether a line is what the page shows; binds what it shows for the first time. */
  matches(shown: string, actual: string): boolean {
    const names: Array<string> = []
    let pattern = ""
    let from = 0
    for (const found of shown.matchAll(VARIES)) {
      pattern += this.#literal(shown.slice(from, found.index))
      const [name] = found
      from = found.index + name.length
      const bound = this.#actual.get(name)
      pattern += bound === undefined ? `(${kindOf(name)})` : escaped(bound)
      if (bound === undefined) names.push(name)
    }
    pattern += this.#literal(shown.slice(from).trimEnd())
    const match = new RegExp(`^${pattern}$`).exec(actual.trimEnd())
    if (match === null) return false
    return names.every((name, index) => this.bind(name, match[index + 1] ?? ""))
  }

  #literal(text: string): string {
    return text.split(ELLIPSIS).map(escaped).join(".*").replaceAll(/ {2,}/g, " {2,}").replaceAll(/─{2,}/g, "─{2,}")
  }

  /** Lets a shown value stand for one of this run. Instants may coincide; other values that differ on the page differ. */
  bind(name: string, actual: string): boolean {
    const before = this.#actual.get(name)
    if (before !== undefined) return before === actual
    const taken = !name.includes("T") && Array.from(this.#actual.values()).includes(actual)
    this.#actual.set(name, actual)
    return !taken
  }
}

const linesOf = (text: string): ReadonlyArray<string> => {
  const trimmed = text.replace(/\s+$/, "")
  return trimmed === "" ? [] : trimmed.split("\n")
}

/**
 * The first difference between what a page shows and what was printed, or undefined. A line `…` stands for any number of
 * lines.
 */
export const difference = (shown: ReadonlyArray<string>, printed: string, bindings: Bindings): string | undefined => {
  const expected = linesOf(shown.join("\n"))
  const actual = linesOf(printed)
  let at = 0
  for (const [index, line] of expected.entries()) {
    if (line.trim() === "…") {
      const next = expected[index + 1]
      if (next === undefined) return undefined
      while (at < actual.length && !bindings.matches(next, actual[at] ?? "")) at++
      continue
    }
    const found = actual[at]
    if (found === undefined) return `nothing is printed in place of\n  ${line}`
    if (!bindings.matches(line, found)) {
      return `this is printed\n  ${found}\nin place of\n  ${bindings.inserted(line)}`
    }
    at++
  }
  return at === actual.length ? undefined : `this is printed and not shown\n  ${actual[at]}`
}
