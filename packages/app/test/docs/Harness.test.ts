/** What runs the pages must notice what is wrong with one: each of these pages lies in one way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readPage } from "../../../../tools/docs/Page.ts"
import { serverDatabase } from "../support/Databases.ts"
import { type CommandHost, startCommandHost } from "./CommandHost.ts"
import { Bindings, difference } from "./Output.ts"
import { runPage } from "./PageRun.ts"
import { deadLinks } from "./Sources.ts"

const fenced = (language: string, text: string, before = ""): string =>
  `${before}\n\`\`\`${language}\n${text}\n\`\`\`\n`

const EARN = "pointback earn --program p --account 1 --lot a --points 5 --earned-at 2025-01-10"

describe("runPage", () => {
  const database = serverDatabase()
  let host: CommandHost
  beforeAll(async () => {
    host = await startCommandHost()
  })
  afterAll(() => host.close())

  const run = (markdown: string) => runPage({ page: readPage(markdown), host, database: database() })

  it("counts what is run, decoded, text, and not run", async () => {
    const page = [
      fenced("console", `$ ${EARN}\nearned 5 points in lot a, never expires`),
      fenced("sh", "pointback verify"),
      fenced("js", "console.log(1)"),
      fenced("sql", "select 1"),
      fenced("json", '{ "historyPageSize": 100 }', "<!-- shape: assumptions -->"),
      fenced("text", "a picture"),
      fenced("ini", "a = b", "<!-- not run: it is no command -->")
    ]
    expect(await run(page.join("\n"))).toEqual({
      run: 4,
      checked: 1,
      text: 1,
      notRun: ["line 33, ini: it is no command"]
    })
  })

  it.each([
    ["another output", fenced("console", "$ pointback --version\npointback v0.0.0"), /this is printed/],
    ["more output", fenced("console", "$ printf 'a\\nb\\n'\na"), /is printed and not shown\n {2}b/],
    ["less output", fenced("console", "$ echo a\na\nb"), /nothing is printed in place of\n {2}b/],
    ["a flag that is gone", fenced("sh", `${EARN} --colour red`), /ends with 2/],
    ["a failure in the middle", fenced("sh", "false\ntrue"), /ends with 1/],
    ["a command that fails and says nothing", fenced("console", "$ false"), /ends with 1 and prints nothing/],
    ["a program that throws", fenced("ts", 'throw new Error("no")'), /the program ends with 1/],
    [
      "an export that is gone",
      fenced("ts", 'import { earn } from "@pointback/app"\nearn'),
      /does not provide an export/
    ],
    ["SQL that is wrong", fenced("sql", "select from nowhere"), /PostgreSQL refuses it/],
    ["JSON that is none", fenced("json", "{ a: 1 }"), /JSON/],
    ["JSON of another shape", fenced("json", '{ "pageSize": 1 }', "<!-- shape: assumptions -->"), /no assumptions/],
    ["a shape that nobody knows", fenced("json", "{}", "<!-- shape: circle -->"), /no shape "circle"/],
    ["a language that nobody runs", fenced("yaml", "a: 1"), /nobody knows how to run "yaml"/],
    ["a block without a language", fenced("", "pointback verify"), /nobody knows how to run ""/],
    ["a command that hides as text", fenced("text", "pointback verify --all"), /has a command/],
    ["a file that nothing uses", fenced("js", "1", "<!-- file: a.mjs -->"), /no command uses a\.mjs/]
  ])("refuses %s", async (_, page, problem) => {
    await expect(run(page)).rejects.toThrow(problem)
  })
})

describe("readPage", () => {
  it.each([
    ["<!-- not run: -->\n```sh\nls\n```", /says nothing/],
    ["<!-- skipped: why -->\n", /no such comment/],
    ["<!-- file: a.js -->\nText.\n", /stands before line 2/],
    ["<!-- file: a.js -->\n", /before the end of the page/],
    ["```sh\nls\n", /does not end/]
  ])("tells what is wrong with %j", (markdown, problem) => {
    expect(readPage(markdown).problems.join("\n")).toMatch(problem)
  })

  it("finds links to pages and headings that are not there", () => {
    const page = readPage(
      "# A b\n\n## A b\n\n[x](#a-b) [x](#a-b-1) [x](#a-b-2) [x](README.md) [x](README.md#the-packages) [x](README.md#no) " +
        "[x](no.md) [x](https://example.com/no.md) `[x](no.md)`\n"
    )
    expect(deadLinks("README.md", page)).toEqual([
      "line 5: README.md has no heading #a-b",
      "line 5: README.md has no heading #a-b-1",
      "line 5: README.md has no heading #a-b-2",
      "line 5: README.md has no heading #no",
      "line 5: there is no no.md"
    ])
    expect(Array.from(page.anchors)).toEqual(["a-b", "a-b-1"])
  })
})

describe("difference", () => {
  const ids = ["3632ac89955a153ea7942a7d", "38abe2dad134ed2e20e06b9a"]

  it("lets a value stand for one of its kind, and the same one ever after", () => {
    const bindings = new Bindings()
    expect(difference([`a ${ids[0]}`, `b ${ids[1]}`], `a ${ids[1]}\nb ${ids[0]}`, bindings)).toBeUndefined()
    expect(bindings.inserted(`accept ${ids[0]}`)).toBe(`accept ${ids[1]}`)
    expect(difference([`a ${ids[0]}`], `a ${ids[0]}`, bindings)).toMatch(/this is printed/)
  })

  it("does not let two values be one", () => {
    expect(difference([`${ids[0]} ${ids[1]}`], `${ids[0]} ${ids[0]}`, new Bindings())).toMatch(/this is printed/)
  })

  it("compares amounts, account numbers, dates and words exactly", () => {
    for (const line of [
      "150 points",
      "account 2200941101786412",
      "at 2026-01-20T00:00:00.000Z",
      "on 2026-01-20",
      "…6412"
    ]) {
      expect(difference([line], line, new Bindings())).toBeUndefined()
      expect(difference([line], line.replace(/\d(?=\D*$)/, "9"), new Bindings())).toMatch(/this is printed/)
    }
  })

  it("passes over what an ellipsis stands for, and no more", () => {
    expect(difference(["a", "…", "d"], "a\nb\nc\nd", new Bindings())).toBeUndefined()
    expect(difference(["a", "…", "d"], "a\nb\nc", new Bindings())).toMatch(/nothing is printed/)
    expect(difference(["a … d"], "a b d", new Bindings())).toBeUndefined()
    expect(difference(["a … d"], "a b c", new Bindings())).toMatch(/this is printed/)
  })
})
