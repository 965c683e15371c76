import { PARTITIONED } from "../../src/migration/Partitioned.ts"

/*
 * Reads SQL and tells where a table that is distributed is touched without its distribution key. It knows what our own
 * statements are made of and no more; where in doubt, it complains.
 */

/** Tables whose rows are distributed, and the columns that a statement on one account must name. */
const KEYS: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ...Object.keys(PARTITIONED).map((table): [string, ReadonlyArray<string>] => [
    table,
    ["partition", "program", "account_key"]
  ]),
  ["log_heads", ["partition"]]
])

/** Words that can follow a table and are no alias. */
const NO_ALIAS = new Set(
  "as cross for from full group having inner join left limit loop offset on order returning right set union using where window values select".split(
    " "
  )
)

/** Without comments, with every text literal emptied and every name unquoted, so that words mean what they say. */
const plain = (sql: string): string =>
  sql
    .replaceAll(/--[^\n]*/g, " ")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll('"', "")
    .replaceAll(/\s+/g, " ")
    .toLowerCase()

/** The query that a place is in, with what is nested in it: out to its brackets, and to its neighbours of a union. */
const enclosing = (sql: string, place: number): string => {
  const edge = (step: 1 | -1): number => {
    const [out, into] = step === 1 ? [")", "("] : ["(", ")"]
    let depth = 0
    let at = place
    while (at >= 0 && at < sql.length && !(depth === 0 && (sql[at] === out || sql.startsWith(" union ", at)))) {
      if (sql[at] === into) depth++
      if (sql[at] === out) depth--
      at += step
    }
    return at
  }
  return sql.slice(edge(-1) + 1, edge(1))
}

const inserted = (rest: string): ReadonlyArray<string> =>
  (/^[^(]*\(([^)]*)\)/.exec(rest)?.[1] ?? "").split(",").map((column) => column.trim())

/** Whether a column is held against something: by the table's alias, or without one where it is the only table. */
const compared = (query: string, alias: string, column: string): boolean => {
  const alone = !/ join |,/.test(query.replace(/^.*? from /, "").replace(/ (where|order by) .*$/, ""))
  const name =
    alias === "" ? `(?<![.\\w])${column}` : alone ? `(?<!\\w)(?:${alias}\\.)?${column}` : `\\b${alias}\\.${column}`
  return [
    `${name} = `,
    `= ${name}\\b`,
    `\\((?:[^()]*, )?${name}\\b[^()]*\\) (?:=|in) \\(`,
    `using \\([^)]*\\b${column}\\b`
  ].some((pattern) => new RegExp(pattern).test(query))
}

const statementsOf = (sql: string): ReadonlyArray<string> => sql.split(";").map((statement) => statement.trim())

/**
 * Each place where a distributed table is touched without its key, as `table: columns that are missing, in …`.
 * `columns`: the key that is asked for; of those, the ones that the table has.
 */
export const withoutKey = (
  sql: string,
  columns: ReadonlyArray<string> = ["partition", "program", "account_key"]
): ReadonlyArray<string> =>
  statementsOf(plain(sql)).flatMap((statement) =>
    Array.from(statement.matchAll(/\b(from|join|update|into|only|,) (?:\w+\.)?(\w+)(?= |\)|$|,|\()/g)).flatMap(
      (match) => {
        const [whole, verb, table] = match as unknown as [string, string, string]
        const key = KEYS.get(table)?.filter((column) => columns.includes(column))
        if (key === undefined) return []
        const rest = statement.slice(match.index + whole.length)
        // A column of the same name stands in a list, or is called.
        if (verb === "," && !/^(?: (?:as )?\w+)??(?: where\b|,|$)/.test(rest)) return []
        if (verb === "into")
          return complaint(
            table,
            key.filter((column) => !inserted(rest).includes(column)),
            statement
          )
        const word = /^ (?:as )?(\w+)/.exec(rest)?.[1]
        const alias = word === undefined || NO_ALIAS.has(word) ? "" : word
        const query = enclosing(statement, match.index)
        return complaint(
          table,
          key.filter((column) => !compared(query, alias, column)),
          statement
        )
      }
    )
  )

const complaint = (table: string, missing: ReadonlyArray<string>, statement: string): ReadonlyArray<string> =>
  missing.length === 0 ? [] : [`${table}: ${missing.join(", ")}, in ${statement.slice(0, 200)}`]

/** The functions of a schema that a statement calls. */
export const calls = (sql: string, functions: ReadonlyArray<string>): ReadonlyArray<string> => {
  const text = plain(sql)
  return functions.filter((name) => new RegExp(`\\b${name}\\(`).test(text))
}
