/** Every page of the documentation, run as it is written: docs/internals/testing.md says how pages are written for it. */
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Redacted } from "effect"
import { afterAll, assert, beforeAll, describe, expect, it } from "vitest"
import { freshDatabase } from "../../../adapters/test/support/Postgres.ts"
import { migrated } from "../../../adapters/test/support/StoresUnderTest.ts"
import { type CommandHost, startCommandHost } from "./CommandHost.ts"
import { noCounts, programsOf, runPage } from "./PageRun.ts"
import { deadLinks, pages } from "./Sources.ts"

/** A page is a reader's quarter of an hour; a loaded machine takes minutes for the longest. */
const PAGE_TIMEOUT_MS = 240_000

const isInstalled = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)))

describe("links", () => {
  it.each(Array.from(pages))("%s: comments, fences, links and anchors are right", (name, page) => {
    expect([...page.problems, ...deadLinks(name, page)]).toEqual([])
  })

  it("the README leads to every page", () => {
    const linked = new Set(pages.get("README.md")?.links.map(({ target }) => target))
    const others = Array.from(pages.keys()).filter((name) => name.startsWith("docs/"))
    expect(others.filter((name) => !linked.has(name))).toEqual([])
  })

  it("some were looked at", () => {
    const links = Array.from(pages.values(), (page) => page.links.length).reduce((sum, count) => sum + count, 0)
    expect(links).toBeGreaterThan(50)
  })
})

describe("blocks", () => {
  let host: CommandHost
  beforeAll(async () => {
    host = await startCommandHost()
  })
  afterAll(() => host.close())

  const counts = noCounts()
  const withBlocks = Array.from(pages).filter(([, { blocks }]) => blocks.length > 0)

  for (const [name, page] of withBlocks) {
    const missing = programsOf(page).filter((program) => !isInstalled(program))
    const title =
      missing.length === 0 ? name : `${name} (skipped: there is no ${missing.join(", no ")} on this machine)`
    it.skipIf(missing.length > 0)(
      title,
      async () => {
        const database = page.kind === "embedded" ? undefined : Redacted.value(await freshDatabase(migrated))
        const { checked, notRun, run, text } = await runPage({ database, host, page })
        counts.run += run
        counts.checked += checked
        counts.text += text
        counts.notRun.push(...notRun.map((reason) => `${name} ${reason}`))
      },
      PAGE_TIMEOUT_MS
    )
  }

  afterAll(() => {
    const { checked, notRun, run, text } = counts
    const all = run + checked + text + notRun.length
    console.log(
      [
        `documentation: ${all} blocks of ${withBlocks.length} pages: ${run} run, ${checked} decoded, ${text} text, ${notRun.length} not run`,
        ...notRun.map((reason) => `  not run: ${reason}`)
      ].join("\n")
    )
    assert.isAbove(run, 0)
  })
})
