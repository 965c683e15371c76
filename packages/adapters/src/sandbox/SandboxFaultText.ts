/**
 * Faults in one line, as a command line takes them: `drop-after=0.1,lateEffect=0.05:30s,history-lag=30s`.
 *
 * A name is a fault in camelCase or with hyphens; behind the rate may follow, after a colon, the setting that the fault
 * has: a span of time for `delay` and `late-effect`, points for the wrong answers, a status for refusals and errors.
 */
import { Result } from "effect"
import * as Faults from "./SandboxFaults.ts"

/** Bytes of a text at most: a script of the greatest length has less. */
const MAXIMUM_TEXT = 4_194_304

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const MEMBERS: ReadonlyArray<string> = [...Faults.FAULTS, "historyLag", "seed"]

const NAMES = MEMBERS.map(kebabCase)

const isKnown = (member: string): boolean => MEMBERS.includes(member)

const settingOf = (fault: string, text: string): object => {
  if (fault === "delay" || fault === "lateEffect") return { after: text }
  return fault === "wrongRemaining" || fault === "wrongBalance" ? { by: text } : { status: numberOf(text) }
}

// What is no number stays text, so that the schema can say so where it stands.
const numberOf = (text: string): number | string => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)

/** Reads faults: JSON where the text begins with `{`, otherwise the short form. An empty text is no faults. */
export const parse = (text: string): Result.Result<Faults.Specification, Faults.SandboxFaultsInvalid> => {
  if (text.length > MAXIMUM_TEXT) return Result.fail(Faults.invalid("", `at most ${MAXIMUM_TEXT} characters`))
  if (text.trimStart().startsWith("{")) {
    try {
      return Faults.decode(JSON.parse(text))
    } catch {
      return Result.fail(Faults.invalid("", "it begins like JSON and is none"))
    }
  }
  return Result.flatMap(shortForm(text), Faults.decode)
}

const shortForm = (text: string): Result.Result<unknown, Faults.SandboxFaultsInvalid> => {
  const rates: Record<string, object> = {}
  const others: Record<string, unknown> = {}
  for (const item of text.split(",").map((item) => item.trim())) {
    if (item === "") continue
    const [, name, value, setting] = /^([A-Za-z-]+)=([^:]+)(?::(.+))?$/.exec(item) ?? []
    if (name === undefined || value === undefined) {
      return Result.fail(Faults.invalid(item, "name=rate or name=rate:setting is expected, such as drop-after=0.1"))
    }
    const member = camelCase(name)
    if (!isKnown(member)) return Result.fail(Faults.invalid(item, `there is no ${name}; there are ${NAMES.join(", ")}`))
    if (member in rates || member in others) return Result.fail(Faults.invalid(item, "it is there twice"))
    if (member === "historyLag") others[member] = setting === undefined ? value : `${value}:${setting}`
    else if (member === "seed") others[member] = numberOf(value)
    else rates[member] = { rate: numberOf(value), ...(setting === undefined ? {} : settingOf(member, setting)) }
  }
  return Result.succeed({ ...others, rates })
}
