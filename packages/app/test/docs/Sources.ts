/** Where the documentation is, and what its links lead to. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { type Page, readPage } from "../../../../tools/docs/Page.ts"

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url))

const markdownIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    // What `pnpm docs:api` leaves is no source.
    .filter((name) => name.endsWith(".md") && !name.startsWith(join("docs", "api")))

/** Every page, by its path in the checkout. */
export const pages: ReadonlyMap<string, Page> = new Map(
  ["README.md", "examples/README.md", ...markdownIn("docs")]
    .toSorted()
    .map((name) => [name.split(sep).join("/"), readPage(readFileSync(join(ROOT, name), "utf8"))] as const)
)

/** The links of a page that lead nowhere. Addresses of others are not asked for: a test must not need the internet. */
export const deadLinks = (name: string, page: Page): ReadonlyArray<string> =>
  page.links.flatMap(({ line, target }) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = "", anchor] = target.split("#")
    const file = path === "" ? name : relative(ROOT, join(ROOT, dirname(name), path))
    if (!existsSync(join(ROOT, file))) return [`line ${line}: there is no ${target}`]
    if (anchor === undefined) return []
    if (statSync(join(ROOT, file)).isDirectory()) return [`line ${line}: ${path} has no headings`]
    const there = readPage(readFileSync(join(ROOT, file), "utf8"))
    return there.anchors.has(anchor) ? [] : [`line ${line}: ${file} has no heading #${anchor}`]
  })
