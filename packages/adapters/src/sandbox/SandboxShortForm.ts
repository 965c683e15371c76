/** Settings in one line, as a command line takes them: `drop-after=0.1,history-lag=30s`. */
import { Result, type Schema, SchemaIssue } from "effect"

/** What is wrong with a setting, and where. */
export interface SettingProblem {
  readonly path: string
  readonly problem: string
}

/** A setting as it is written, and its name in camelCase. */
export interface Setting {
  readonly item: string
  readonly member: string
  readonly value: string
}

/** Characters of a text at most: a script of the greatest length has fewer. */
const MAXIMUM_TEXT = 4_194_304

const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/**
 * Reads settings: JSON where the text begins with `{`, otherwise `name=value` separated by commas, each name at most
 * once, in camelCase or with hyphens.
 */
export const read = (
  text: string,
  members: ReadonlyArray<string>,
  assemble: (settings: ReadonlyArray<Setting>) => unknown
): Result.Result<unknown, SettingProblem> => {
  if (text.length > MAXIMUM_TEXT) return fail("", `at most ${MAXIMUM_TEXT} characters are read`)
  if (!text.trimStart().startsWith("{")) return Result.map(settingsOf(text, members), assemble)
  try {
    return Result.succeed(JSON.parse(text))
  } catch {
    return fail("", "it begins like JSON and is none")
  }
}

const fail = (path: string, problem: string): Result.Result<never, SettingProblem> => Result.fail({ path, problem })

const settingsOf = (
  text: string,
  members: ReadonlyArray<string>
): Result.Result<ReadonlyArray<Setting>, SettingProblem> => {
  const settings = new Map<string, Setting>()
  for (const item of text.split(",").map((item) => item.trim())) {
    if (item === "") continue
    const [, name, value] = /^([A-Za-z-]+)=(.+)$/.exec(item) ?? []
    if (name === undefined || value === undefined) return fail(item, "name=value is expected")
    const member = camelCase(name)
    if (!members.includes(member))
      return fail(item, `there is no ${name}; there are ${members.map(kebabCase).join(", ")}`)
    if (settings.has(member)) return fail(item, `${name} is there twice`)
    settings.set(member, { item, member, value })
  }
  return Result.succeed([...settings.values()])
}

/** A number where the text is one. What is none stays text, so that a schema can say so where it stands. */
export const numberOf = (text: string): number | string => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text)

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** What a schema found wrong. */
export const problemsOf = ({ issue }: Schema.SchemaError): ReadonlyArray<SettingProblem> =>
  issuesOf(issue).issues.map(({ message, path = [] }) => ({
    path: path.map(String).join("."),
    problem: message === "Expected no excess property" ? "there is no such member" : message
  }))

/** The problems in one line. */
export const describe = (problems: ReadonlyArray<SettingProblem>): string =>
  problems.map(({ path, problem }) => (path === "" ? problem : `${path}: ${problem}`)).join("; ")
