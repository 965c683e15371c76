/** The report page, as it is written and as a browser shows it. */
import { readFileSync } from "node:fs"
import { createHash } from "node:crypto"
import axe from "axe-core"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { BrowserContextOptions, Page } from "playwright-core"
import { assert, beforeAll, describe, it } from "vitest"
import { browserFor, complaintsOf, hasBrowser, titled } from "../support/Browser.ts"
import { commandLine, type Line, type Ran } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"

const ACCOUNT = "220094110178641288073796026652"
const HOSTILE = `\u202e"><script>alert(1)</script><img src=x onerror=alert(2)></title>'&amp;`
const LARGE = "123456789012345.67"

const answer = ({ code, err, out }: Ran): string => {
  assert.deepStrictEqual([code, err], [0, ""])
  return out
}

const scenario = (program: string, account: string): ReadonlyArray<Line> => {
  const of = ["--program", program, "--account", account]
  const redeem = ["redeem", ...of, "--type", "MERCHANDISE", "--processed-by", "E078562"]
  return [
    ["earn", ...of, "--lot", "A", "--points", "100", "--earned-at", "2025-01-10", "--expires-at", "2026-01-10"],
    ["earn", ...of, "--lot", "B", "--points", "100", "--earned-at", "2025-03-10", "--expires-at", "2026-03-10"],
    [...redeem, "--redemption", "R1", "--points", "150", "--at", "2025-12-01"],
    ["credit", ...of, "--redemption", "R1", "--credit-id", "c1", "--points", "70", "--at", "2026-01-20", "--local"],
    ["credit", ...of, "--redemption", "R1", "--credit-id", "c2", "--at", "2026-02-01", "--local"]
  ]
}

const hostile: ReadonlyArray<Line> = [
  [
    "earn",
    "--program",
    HOSTILE,
    "--account",
    HOSTILE,
    "--lot",
    HOSTILE,
    "--points",
    LARGE,
    "--earned-at",
    "2025-01-10"
  ],
  ["redeem", "--program", HOSTILE, "--account", HOSTILE, "--redemption", HOSTILE, "--points", "0.01", "--at"].concat(
    "2025-12-01",
    ["--type", "TRAVEL", "--processed-by", "E1"]
  ),
  ["credit", "--program", HOSTILE, "--account", HOSTILE, "--redemption", HOSTILE, "--credit-id", HOSTILE].concat(
    "--local",
    ["--at", "2026-01-01"]
  )
]

const policyOf = (page: string): string =>
  /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/i.exec(page)![1]!.replaceAll("&#39;", "'")

describe("a report page", () => {
  const type = commandLine(serverDatabase())
  const folder = temporaryFolder()
  let pages = 0

  const written = async (more: Line, out = join(folder, `page-${pages++}.html`)): Promise<string> => {
    const rest = typeof more === "string" ? more.split(" ") : more
    answer(await type(["report", ...rest, "--out", out]))
    return out
  }
  const memory = new Map<string, Promise<string>>()

  /** The same, written once for all tests that look at it. */
  const page = (more: string): Promise<string> => {
    const known = memory.get(more) ?? written(more)
    memory.set(more, known)
    return known
  }
  const ofAccount = `--program acme --account ${ACCOUNT} --as-of 2026-02-15 --from 2025-11-01`

  beforeAll(async () => {
    for (const line of [...scenario("acme", ACCOUNT), ...scenario("acme", "other"), ...hostile])
      answer(await type(line))
  })

  it("loads and runs nothing: no script, no address, a policy that allows its own style alone", async () => {
    for (const more of [ofAccount, "--program acme --as-of 2026-02-15"]) {
      const page = readFileSync(await written(more), "utf8")
      assert.notMatch(page, /<script|<link|<img|<iframe|\son\w+=|\sstyle=|javascript:|https?:/i)
      const css = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!
      const hash = createHash("sha256").update(css).digest("base64")
      assert.strictEqual(
        policyOf(page),
        `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
      )
      assert.notMatch(css, /url\(|@import/)
    }
  })

  it("L11 two clocks: is the same page for ever, as known at an instant, and refuses one that is not safe", async () => {
    const out = join(folder, "first.html")
    const { knownAt } = JSON.parse(answer(await type(`report ${ofAccount} --out ${out} --json`))) as { knownAt: string }
    const before = readFileSync(out, "utf8")
    answer(
      await type(
        `adjust --program acme --account ${ACCOUNT} --lot B --points=1 --reason late --key late --at 2025-11-15`
      )
    )
    assert.strictEqual(readFileSync(await written(`${ofAccount} --known-at ${knownAt}`), "utf8"), before)
    assert.notStrictEqual(readFileSync(await written(ofAccount), "utf8"), before)
    const unsafe = await type(`report ${ofAccount} --known-at 2199-01-01 --out ${join(folder, "unsafe.html")} --json`)
    assert.strictEqual(unsafe.code, 1)
    assert.include(unsafe.err, "KnownAtNotSafe")
  })

  it("names no account's number on the page of a program", async () => {
    const page = readFileSync(await written("--program acme --as-of 2026-02-15"), "utf8")
    assert.notInclude(page, ACCOUNT)
    assert.include(readFileSync(await written(ofAccount), "utf8"), ACCOUNT)
  })

  it("says what stands in its way", async () => {
    const out = await written(ofAccount)
    const there = await type(`report ${ofAccount} --out ${out} --json`)
    assert.deepStrictEqual([there.code, there.err.includes("--force overwrites it")], [2, true])
    for (const [more, code, tag] of [
      ["--program nobody", 1, "UnknownProgram"],
      ["--program acme --account nobody", 1, "UnknownAccount"],
      ["--program acme --as-of 2026-01-01 --from 2026-01-02", 2, "InvalidInterval"],
      ["--program acme --as-of 2026-01-01 --from 1999-01-01", 2, "InvalidInterval"]
    ] as const) {
      const refused = await type(`report ${more} --out ${join(folder, "none.html")} --json`)
      assert.strictEqual(refused.code, code)
      assert.include(refused.err, tag)
    }
  })

  describe.skipIf(!hasBrowser)(titled("in a browser"), () => {
    const browser = browserFor()

    const seen = async <A>(
      file: string,
      options: BrowserContextOptions,
      look: (page: Page) => Promise<A>
    ): Promise<A> => {
      const context = await browser().newContext(options)
      try {
        const page = await context.newPage()
        const trouble = complaintsOf(page)
        page.on("request", (request) => {
          if (request.url() !== pathToFileURL(file).href) trouble.push(`request ${request.url()}`)
        })
        await page.goto(pathToFileURL(file).href)
        const result = await look(page)
        assert.deepStrictEqual(trouble, [])
        return result
      } finally {
        await context.close()
      }
    }

    // What runs in the page is text: it has a world of types of its own.
    const cells = (page: Page, part: string): Promise<ReadonlyArray<ReadonlyArray<string>>> =>
      page.evaluate(`Array.from(
        document.querySelector('section[aria-labelledby="${part}"] table').querySelectorAll("tr"),
        (row) => Array.from(row.children, (cell) => cell.textContent)
      )`)

    const overflow = (page: Page): Promise<number> => page.evaluate("document.documentElement.scrollWidth - innerWidth")

    it("shows the reference scenario, and closes to the last digit", async () => {
      const of = ofAccount.replace(ACCOUNT, "other")
      await seen(await page(of), {}, async (shown) => {
        const [, ...rows] = await cells(shown, "roll-forward")
        assert.deepStrictEqual(rows, [
          ["2025-11", "200.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "0.00", "200.00"],
          ["2025-12", "200.00", "0.00", "0.00", "150.00", "0.00", "0.00", "0.00", "0.00", "50.00"],
          ["2026-01", "50.00", "0.00", "0.00", "0.00", "50.00", "20.00", "0.00", "20.00", "100.00"],
          ["2026-02", "100.00", "0.00", "0.00", "0.00", "0.00", "80.00", "0.00", "80.00", "100.00"],
          ["All months", "200.00", "0.00", "0.00", "150.00", "50.00", "100.00", "0.00", "100.00", "100.00"]
        ])
        assert.match(await shown.locator("main").innerText(), /It closes: every month's closing balance/)
        await shown.getByText("Numbers of this chart").click()
        const [, ...balances] = await cells(shown, "balance")
        assert.deepStrictEqual(
          balances.map(([month, balance]) => [month, balance]),
          rows.slice(0, -1).map((row) => [row[0], row.at(-1)])
        )
        assert.deepStrictEqual((await cells(shown, "lots")).slice(1), [
          ["B", "100.00", "50.00", "2025-03-10", "342 days", "2026-03-10", "23 days"]
        ])
        const heads = await shown.locator(".move .head").allInnerTexts()
        assert.deepStrictEqual(
          heads.map((head) => head.replaceAll(/\s+/g, " ").replace(/^\S+ \S+ UTC /, "")),
          [
            "Credited 0 live credit c2 of redemption R1 balance 100.00",
            "Credited +50.00 credit c1 of redemption R1 balance 100.00",
            "Redeemed −150.00 redemption R1 balance 50.00",
            "Earned +100.00 balance 200.00",
            "Earned +100.00 balance 100.00"
          ]
        )
      })
    })

    it("draws each month's buckets in proportion, and says them exactly where somebody points", async () => {
      const of = ofAccount.replace(ACCOUNT, "other")
      await seen(await page(of), {}, async (shown) => {
        const bars: ReadonlyArray<{ title: string; height: number }> = await shown.evaluate(`Array.from(
          document.querySelectorAll("section[aria-labelledby='balance'] .wide .bar"),
          (group) => ({
            title: group.querySelector(":scope > title").textContent,
            height: Array.from(group.querySelectorAll("rect:not(.hit)"))
              .reduce((sum, rect) => sum + Number(rect.getAttribute("height")), 0)
          })
        )`)
        assert.deepStrictEqual(
          bars.map(({ title }) => title),
          ["2025-11: 200.00 points", "2025-12: 50.00 points", "2026-01: 100.00 points", "2026-02: 100.00 points"]
        )
        const whole = bars[0]!.height
        assert.isAbove(whole, 100)
        for (const [index, share] of [1, 0.25, 0.5, 0.5].entries()) {
          assert.closeTo(bars[index]!.height, whole * share, 0.05)
        }
      })
    })

    it("shows hostile names as they are, runs nothing of them, and loses no digit", async () => {
      for (const more of [
        ["--program", HOSTILE, "--account", HOSTILE],
        ["--program", HOSTILE]
      ]) {
        await seen(await written([...more, "--as-of", "2026-02-15", "--from", "2025-11-01"]), {}, async (shown) => {
          assert.strictEqual(await shown.locator("script, img, iframe, object").count(), 0)
          assert.include(await shown.title(), HOSTILE)
          const said = await shown.locator("body").innerText()
          assert.include(said, `credit ${HOSTILE} of redemption ${HOSTILE}`)
          assert.include(said, `in lot ${HOSTILE}`)
          assert.include(said, "123,456,789,012,345.67")
          assert.include(said, "123,456,789,012,345.66")
          assert.strictEqual(await overflow(shown), 0)
        })
      }
    })

    const views = [
      ["on a wide page", { viewport: { width: 1280, height: 900 } }],
      ["on a phone", { viewport: { width: 375, height: 800 }, isMobile: true, hasTouch: true }],
      ["in the dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
      ["on a phone in the dark", { viewport: { width: 375, height: 800 }, colorScheme: "dark" }]
    ] as const satisfies ReadonlyArray<readonly [string, BrowserContextOptions]>

    it.each(views)("has nothing that axe finds fault with, and fits, %s", async (_view, options) => {
      for (const more of [ofAccount, "--program acme --as-of 2026-02-15"]) {
        await seen(await page(more), options, async (shown) => {
          for (const summary of await shown.locator("summary").all()) await summary.click()
          await shown.evaluate(axe.source)
          const found: Found = await shown.evaluate("axe.run()")
          const violations = found.violations.map(({ help, id, nodes }) => `${id}: ${help}: ${nodes[0]?.html}`)
          assert.deepStrictEqual(violations, [])
          assert.isAbove(found.passes.length, 20)
          assert.strictEqual(await overflow(shown), 0)
        })
      }
    })

    it("is read by keys alone, and leaves out on paper what only a screen needs", async () => {
      await seen(await page(ofAccount), { viewport: { width: 375, height: 800 } }, async (shown) => {
        const focused = (): Promise<string> => shown.evaluate("document.activeElement.textContent.slice(0, 24)")
        const visited: Array<string> = []
        for (let presses = 0; presses < 12; presses++) {
          await shown.keyboard.press("Tab")
          visited.push(await focused())
          if (visited.at(-1) === "Numbers of this chart") break
        }
        assert.deepInclude(visited, "Roll-forward")
        await shown.keyboard.press("Enter")
        assert.isTrue(await shown.locator("details table").isVisible())
        await shown.emulateMedia({ media: "print" })
        assert.isFalse(await shown.locator("nav").isVisible())
        assert.isTrue(await shown.locator(".wide").first().isVisible())
        const pdf = await shown.pdf({ preferCSSPageSize: true })
        assert.strictEqual(pdf.subarray(0, 5).toString(), "%PDF-")
        assert.isAbove(pdf.length, 10_000)
      })
    })
  })
})

interface Found {
  readonly passes: ReadonlyArray<unknown>
  readonly violations: ReadonlyArray<{
    readonly id: string
    readonly help: string
    readonly nodes: ReadonlyArray<{ readonly html: string }>
  }>
}
