/** Node runs TypeScript without looking at its types, and docstrings not at all: here all their programs are type-checked. */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/Files.ts"
import { surrounded } from "./PageRun.ts"
import { installPackages } from "./Shell.ts"
import { pages, ROOT } from "./Sources.ts"

/** What examples of methods take for granted. */
const AMBIENT = `import type { Credit, ImportRecord, PgClient, Pointback } from "@pointback/app/promise"
declare const pointback: Pointback
declare const client: PgClient & { readonly query: (text: string) => Promise<unknown> }
declare const credit: Credit
declare const credits: ReadonlyArray<Credit>
declare const records: ReadonlyArray<ImportRecord>
`

const name = (path: string, number: number): string => `${path.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${number}.ts`

/** The blocks of TypeScript of all pages, by the name that a compiler's message will have. */
const ofPages = (): ReadonlyArray<readonly [string, string]> =>
  Array.from(pages).flatMap(([page, { blocks }]) =>
    blocks
      .filter(({ language, notes }) => language === "ts" && notes["not run"] === undefined)
      .map((block) => [name(page, block.line), surrounded(block)] as const)
  )

/** The examples of all docstrings. */
const ofDocstrings = (): ReadonlyArray<readonly [string, string]> =>
  ["domain", "adapters", "app"]
    .flatMap((pack) =>
      readdirSync(join(ROOT, "packages", pack, "src"), { recursive: true, encoding: "utf8" }).map((file) =>
        join("packages", pack, "src", file)
      )
    )
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, file), "utf8")
      return Array.from(text.matchAll(/@example\n((?: *\* (?!@).*\n| *\*\n)+)/g), ({ 1: lines = "", index }) => {
        const example = lines.replaceAll(/^ *\* ?/gm, "")
        const program = example.includes("import ") ? example : `${AMBIENT}{\n${example}}\nexport {}\n`
        return [name(file, text.slice(0, index).split("\n").length), program] as const
      })
    })

const tsc = join(ROOT, "node_modules/typescript/bin/tsc")

describe("types", () => {
  const folder = temporaryFolder()

  it("the programs of pages and docstrings have right types", async () => {
    installPackages(folder)
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
    const shown = ofPages()
    const examples = ofDocstrings()
    expect(shown.length).toBeGreaterThan(4)
    expect(examples.length).toBeGreaterThan(20)
    for (const [file, text] of [...shown, ...examples]) writeFileSync(join(folder, file), text)
    const compilerOptions = {
      composite: false,
      declaration: false,
      declarationMap: false,
      noEmit: true,
      noUnusedLocals: false,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      resolveJsonModule: true,
      types: ["node"],
      typeRoots: [join(ROOT, "node_modules/@types")]
    }
    // The packages were compiled before; only what is checked here is compiled now.
    const references = ["domain", "adapters", "app"].map((pack) => ({ path: join(ROOT, "packages", pack) }))
    const config = { extends: join(ROOT, "tsconfig.base.json"), compilerOptions, include: ["*.ts"], references }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).catch(
      (error: { readonly stdout: string }) => error
    )
    expect(stdout).toBe("")
    console.log(`types: ${shown.length} programs of pages and ${examples.length} examples of docstrings checked`)
  })
})
