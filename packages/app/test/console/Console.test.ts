/** The console in a real browser. */
import axe from "axe-core"
import type { BrowserContextOptions, Page } from "playwright-core"
import { assert, beforeAll, describe, expect, it } from "vitest"
import { browserFor, complaintsOf, hasBrowser, titled } from "../support/Browser.ts"
import { httpServer, secret } from "../support/HttpServer.ts"
import { ACCOUNT, account, HELD, HOSTILE, LARGE, mastercard, PROGRAM, recordMembers } from "./Member.ts"

type Params = Readonly<Record<string, string>>

/** Twelve views of four kinds, each looked through. */
const LONG = 240_000

describe.skipIf(!hasBrowser)(titled("the console in a browser"), () => {
  const server = httpServer(mastercard)
  const browser = browserFor()
  beforeAll(() => recordMembers(server))

  const address = (view = "", params: Params = {}): string =>
    `${server.url()}/console/${view === "" ? "" : `#/${view}?${new URLSearchParams(params)}`}`

  interface Seen {
    readonly page: Page
    /** What the browser complained of. */
    readonly trouble: ReadonlyArray<string>
    /** The addresses that were asked for. */
    readonly asked: ReadonlyArray<string>
  }

  /** Opens a page of its own, and fails where the browser has a complaint that is not of a kind that is meant. */
  const seen = async (
    look: (seen: Seen) => Promise<void>,
    options: BrowserContextOptions = {},
    meant: RegExp = /^$/
  ): Promise<void> => {
    const context = await browser().newContext(options)
    try {
      const page = await context.newPage()
      const trouble = complaintsOf(page)
      const asked: Array<string> = []
      page.on("request", (request) => asked.push(request.url()))
      await look({ page, trouble, asked })
      assert.deepStrictEqual(
        trouble.filter((text) => !meant.test(text)),
        []
      )
      // Nobody is talked to but the server.
      assert.deepStrictEqual(
        asked.filter((url) => !url.startsWith(`${server.url()}/`)),
        []
      )
    } finally {
      await context.close()
    }
  }

  const settled = async (page: Page): Promise<void> => {
    // Two frames: by then the view of a new place stands there, and says that it waits.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await page.locator("#title").waitFor()
    await expect.poll(() => page.locator(".waiting").count(), { timeout: 20_000 }).toBe(0)
  }

  const sign = async (page: Page, key: string): Promise<void> => {
    await page.getByLabel("API key").fill(secret(key))
    await page.getByRole("button", { name: "Sign in" }).click()
  }

  const open = async (page: Page, view: string, params: Params, key = "all"): Promise<void> => {
    await page.goto(address(view, params))
    await sign(page, key)
    await page.getByRole("navigation").waitFor()
    await settled(page)
  }

  const member = { program: "rewards", account: ACCOUNT }

  // What runs in the page is text: it has a world of types of its own.
  const cells = (page: Page, part: string): Promise<ReadonlyArray<ReadonlyArray<string>>> =>
    page.evaluate(`Array.from(
      document.querySelectorAll('section[aria-labelledby="${part}"] tr'),
      (row) => Array.from(row.children, (cell) => cell.textContent)
    )`)

  const overflow = (page: Page): Promise<number> => page.evaluate("document.documentElement.scrollWidth - innerWidth")

  /** An amount of the API as people read it: two digits, thousands apart. Those of these tests have no thousands. */
  const amount = (decimal: string): string => {
    const [integer, fraction = ""] = decimal.split(".")
    return `${integer}.${fraction.padEnd(2, "0")}`
  }

  const api = async (path: string): Promise<never> => JSON.parse((await server.get(path)).text) as never

  it("lets nobody in with a wrong key, says so, and lets a right one in; the key stays in the tab and goes with it", () =>
    seen(
      async ({ page, asked }) => {
        await page.goto(address())
        await page.getByRole("button", { name: "Sign in" }).click()
        assert.strictEqual(await page.evaluate('document.getElementById("field-key").validity.valueMissing'), true)
        await page.getByLabel("API key").fill("pbk_wrong")
        await page.getByRole("button", { name: "Sign in" }).click()
        await page.getByText("The server does not know this key.").waitFor()
        assert.strictEqual(await page.evaluate("document.activeElement.type"), "submit")
        assert.strictEqual(await page.evaluate("sessionStorage.length"), 0)
        await sign(page, "reader")
        await page.getByText("Key reader: read; all programs").waitFor()
        assert.deepStrictEqual(
          await page.evaluate("[JSON.stringify(sessionStorage), localStorage.length, document.cookie]"),
          [JSON.stringify({ "pointback.key": secret("reader") }), 0, ""]
        )
        await page.reload()
        await page.getByText("Key reader: read; all programs").waitFor()
        await page.getByRole("button", { name: "Sign out" }).click()
        await page.getByLabel("API key").waitFor()
        assert.strictEqual(await page.evaluate("sessionStorage.length"), 0)
        assert.deepStrictEqual(
          asked.filter((url) => url.includes("pbk_")),
          []
        )
      },
      {},
      /status of 401/
    ))

  it("finds an account by its number, and keeps it in the fragment, which reaches no server", () =>
    seen(async ({ page, asked }) => {
      await page.goto(address())
      await sign(page, "reader")
      await page.getByLabel("Program", { exact: true }).fill("rewards")
      await page.getByLabel("Account number").fill(` ${ACCOUNT} `)
      await page.getByRole("button", { name: "Show" }).click()
      await settled(page)
      await page.getByRole("heading", { name: "Redemptions" }).waitFor()
      assert.strictEqual(page.url(), address("account", member))
      assert.isFalse((await page.title()).includes(ACCOUNT))
      const { total } = (await api(`${account(ACCOUNT)}/aging`)) as { total: string }
      assert.strictEqual(total, "30.5")
      assert.strictEqual(await page.locator(".figure strong").first().innerText(), amount(total))
      assert.include(await page.getByRole("status").innerText(), "30.50 live points")
      // The API's own addresses have the number; the console's have not.
      assert.deepStrictEqual(
        asked.filter((url) => url.includes(ACCOUNT) && !url.startsWith(`${server.url()}/v1/`)),
        []
      )
      assert.notInclude(server.logged.join("\n"), ACCOUNT)
    }))

  it("shows an account as of a past day with the API's numbers, in tables and in the chart", () =>
    seen(async ({ page }) => {
      await open(page, "account", { ...member, asOf: "2026-02-15" })
      for (const [table, basis] of [
        [0, "age"],
        [1, "to-expiry"]
      ] as const) {
        const aging = (await api(`${account(ACCOUNT)}/aging?asOf=2026-02-15&basis=${basis}`)) as {
          total: string
          buckets: ReadonlyArray<{ points: string; lots: number; restored: string }>
        }
        const rows: ReadonlyArray<ReadonlyArray<string>> = await page.evaluate(`Array.from(
          document.querySelectorAll('section[aria-labelledby="aging"] table')[${table}].querySelectorAll("tbody tr, tfoot tr"),
          (row) => Array.from(row.children, (cell) => cell.textContent)
        )`)
        assert.deepStrictEqual(
          rows.map(([, points, , lots, restored]) => [points, lots, restored]),
          [
            ...aging.buckets.map(({ lots, points, restored }) => [amount(points), String(lots), amount(restored)]),
            [amount(aging.total), "1", "50.00"]
          ]
        )
      }
      assert.deepStrictEqual((await cells(page, "lots")).slice(1), [
        ["B", "100.00", "50.00", "2025-03-10", "342 days", "2026-03-10", "23 days"]
      ])
      const bars: ReadonlyArray<string> = await page.evaluate(
        `Array.from(document.querySelectorAll("section[aria-labelledby='balance'] .wide .bar > title"), (title) => title.textContent)`
      )
      assert.strictEqual(bars.length, 14)
      assert.deepStrictEqual(bars.slice(-4), [
        "2025-12-01: 50.00 points",
        "2026-01-01: 50.00 points",
        "2026-02-01: 100.00 points",
        "2026-02-15: 100.00 points"
      ])
      const heights: ReadonlyArray<number> = await page.evaluate(`Array.from(
        document.querySelectorAll("section[aria-labelledby='balance'] .wide .bar"),
        (bar) => Array.from(bar.querySelectorAll("rect:not(.hit)"))
          .reduce((sum, rect) => sum + Number(rect.getAttribute("height")), 0)
      )`)
      assert.isAbove(heights.at(-1)!, 50)
      assert.closeTo(heights.at(-3)! * 2, heights.at(-1)!, 0.05)
      // Buckets have colours of their own.
      const colors: ReadonlyArray<string> = await page.evaluate(
        `Array.from(document.querySelectorAll(".legend rect"), (rect) => getComputedStyle(rect).fill)`
      )
      assert.strictEqual(new Set(colors).size, 6)
      await page.getByText("Numbers of this chart").click()
      assert.deepStrictEqual((await cells(page, "balance")).at(-1)!.slice(0, 2), ["2026-02-15 00:00 UTC", "100.00"])
      await page.getByRole("button", { name: "Stack by time to expiry instead" }).click()
      await page.getByRole("button", { name: "Stack by age instead" }).waitFor()
      assert.include(await page.locator(".legend").innerText(), "never")
    }))

  it("L11 two clocks: shows what was known at an instant, and names the last safe one where it is too late", () =>
    seen(
      async ({ page }) => {
        await open(page, "account", { ...member, knownAt: "2025-06-01T00:00:00" })
        assert.strictEqual(await page.locator(".figure strong").first().innerText(), "0.00")
        assert.include(
          await page.locator("main").innerText(),
          "As known at 2025-06-01 00:00 UTC: asked again, it is the same"
        )
        await page.getByLabel("As known at").fill("2199-01-01T00:00:00")
        await page.getByRole("button", { name: "Show" }).click()
        await page.getByText("What was known at that instant can still change.").waitFor()
        assert.match(await page.getByRole("alert").innerText(), /The server says: .*\d{4}-\d\d-\d\dT/)
      },
      {},
      /status of 422/
    ))

  it("lists redemptions page by page, and tells the stream of each with its credits", () =>
    seen(async ({ page }) => {
      await open(page, "account", member)
      assert.deepStrictEqual((await cells(page, "redemptions")).slice(1), [
        ["R2", "2026-05-01", "merchandise", "10.00", "0.00", "10.00", "7.25", "outcome unknown"],
        ["R1", "2025-12-01", "merchandise", "150.00", "150.00", "0.00", "", "fully credited"]
      ])
      await page.getByRole("link", { name: "R1", exact: true }).click()
      await settled(page)
      await page.getByRole("heading", { name: "Stream of events" }).waitFor()
      const heads = await page.locator(".move .head").allInnerTexts()
      assert.deepStrictEqual(
        heads.map((head) => head.replaceAll(/\s+/g, " ")),
        [
          "2025-12-01 00:00 UTC Redeemed 150.00 150.00 remain",
          "2026-01-20 00:00 UTC Partially credited 70.00 credit c1 80.00 remain",
          "2026-02-01 00:00 UTC Fully credited 80.00 credit c2 0.00 remain"
        ]
      )
      assert.include(await page.locator(".move").nth(1).innerText(), "20.00 to lot A, which had expired")
      assert.include(await page.locator(".move").nth(1).innerText(), "by all")
      assert.deepStrictEqual(
        (await cells(page, "draws")).slice(1).map((row) => row.slice(0, 6)),
        [
          ["A", "100.00", "0.00", "100.00", "0.00", "0.00"],
          ["B", "50.00", "50.00", "0.00", "0.00", "0.00"]
        ]
      )
      await page.getByRole("link", { name: "A", exact: true }).click()
      await page.getByRole("heading", { name: "What happened to it" }).waitFor()
      assert.deepStrictEqual(await page.locator(".move strong").allInnerTexts(), [
        "Earned",
        "Drawn",
        "Expired",
        "Restored",
        "Restored"
      ])
      await page.goto(address("account", { ...member, account: "many" }))
      await settled(page)
      assert.strictEqual((await cells(page, "redemptions")).length, 101)
      await page.getByRole("button", { name: "Show more redemptions" }).click()
      await page.getByText("M001").waitFor()
      const ids = (await cells(page, "redemptions")).slice(1).map(([id]) => id)
      assert.deepStrictEqual([ids.length, new Set(ids).size, ids[0]], [105, 105, "M105"])
      assert.strictEqual(await page.getByRole("button", { name: "Show more redemptions" }).count(), 0)
    }))

  it("shows the roll-forward with the API's numbers, says that it closes, and lists the events of a number", () =>
    seen(async ({ page }) => {
      await open(page, "roll-forward", { program: "rewards", from: "2025-11-01", to: "2026-04-01" })
      const { rows } = (await api(`${PROGRAM}/roll-forward?from=2025-11-01&to=2026-04-01`)) as {
        rows: ReadonlyArray<Readonly<Record<string, string>>>
      }
      const columns = ["opening", "earned", "adjusted", "redeemed", "creditedLive", "creditedExpired"]
      const shown = (await cells(page, "roll-forward")).slice(1)
      assert.deepStrictEqual(
        shown.slice(0, -1).map((row) => row.map((cell) => cell.replace(",", ""))),
        rows.map((row) => [
          row["period"]!,
          ...[...columns, "expiredByTime", "expiredOnReversal", "closing"].map((column) => amount(row[column]!))
        ])
      )
      assert.strictEqual(rows.length, 5)
      assert.deepStrictEqual([rows[2]!["creditedLive"], rows[4]!["expiredByTime"]], ["50", "100"])
      assert.include(await page.locator("main").innerText(), "It closes: every month")
      await page
        .getByRole("row", { name: /^2026-01/ })
        .getByRole("link", { name: "50.00" })
        .click()
      await page.getByText("1 line, 50.00 points.").waitFor()
      assert.include(await page.locator("table").innerText(), "c1")
      assert.include(await page.locator("h1").innerText(), "Credited, live in 2026-01")
      await page.route("**/roll-forward?**", async (route) => {
        const answer = await route.fetch()
        await route.fulfill({
          response: answer,
          body: (await answer.text()).replace('"expiredByTime":"100"', '"expiredByTime":"99.9999"')
        })
      })
      await page.getByRole("link", { name: "Roll-forward" }).last().click()
      await page.getByText("It does not close").waitFor()
    }))

  it("shows a program's points by age and by time to expiry", () =>
    seen(async ({ page }) => {
      await open(page, "program", { program: "rewards", asOf: "2026-02-15" })
      const { total } = (await api(`${PROGRAM}/aging?asOf=2026-02-15`)) as { total: string }
      assert.strictEqual((await page.locator(".figure strong").first().innerText()).replace(",", ""), amount(total))
      assert.include(await page.locator("main").innerText(), "restored and expired at once")
    }))

  it("shows credits in flight with their remedies: commands for a key that may not decide", () =>
    seen(async ({ page }) => {
      await open(page, "in-flight", { program: "rewards" }, "reader")
      const cards = await page.locator(".card").allInnerTexts()
      assert.strictEqual(cards.length, 2)
      const unknown = cards.find((card) => card.includes("Credit c3"))!
      assert.include(unknown, "7.25")
      assert.include(unknown, "nobody knows whether it happened")
      assert.include(
        unknown,
        `pointback settle --program rewards --account ${ACCOUNT} --credit-id c3 --confirm --actor <name> --reason <why>`
      )
      assert.include(
        cards.find((card) => card.includes("Credit lost"))!,
        "its call may be under way"
      )
      assert.strictEqual(await page.locator("main button").count(), 1)
    }))

  it("decides about a credit by the key's name, after a confirmation and with a reason", () =>
    seen(
      async ({ page }) => {
        await open(page, "in-flight", { program: "rewards" })
        const young = page.locator(".card", { hasText: "Credit c3" })
        await young.getByRole("button", { name: "It never happened: release" }).click()
        const dialog = page.getByRole("dialog")
        assert.include(await dialog.innerText(), "Release this credit?")
        assert.include(await dialog.innerText(), "by all")
        await dialog.getByRole("button", { name: "Release the points" }).click()
        await dialog.getByText("A reason is needed.").waitFor()
        await dialog.getByLabel("Reason").fill("looked it up")
        await dialog.getByRole("button", { name: "Release the points" }).click()
        await dialog.getByText("The call of this credit may still be under way.").waitFor()
        await page.keyboard.press("Escape")
        assert.strictEqual(await dialog.count(), 0)
        assert.strictEqual(await page.locator(":focus").innerText(), "It never happened: release")

        await page.getByRole("button", { name: "Ask Mastercard now" }).click()
        await page.getByText("0 confirmed, 0 released, 1 still open, 1 too young to be looked at.").waitFor()
        assert.include(await page.locator("table").innerText(), "lost")

        await page
          .locator(".card", { hasText: "Credit lost" })
          .getByRole("button", { name: "It happened: confirm" })
          .click()
        await dialog.getByLabel("Reason").fill("it stands in their statement")
        await dialog.getByRole("button", { name: "Confirm the credit" }).click()
        await dialog.waitFor({ state: "detached" })
        await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("title")
        await page.locator(".card", { hasText: "Credit lost" }).waitFor({ state: "detached" })
        const { steps } = (await api(`${account(HELD)}/redemptions/R1`)) as {
          steps: ReadonlyArray<{ step: string; actor: string | null }>
        }
        assert.deepStrictEqual(
          steps.map(({ actor, step }) => [step, actor]),
          [
            ["Redeemed", "all"],
            ["CreditRequested", null],
            // Settling looked, and could not know.
            ["CreditOutcomeUnknown", "all"],
            ["PartiallyCredited", "all"]
          ]
        )
      },
      {},
      /status of 409/
    ))

  it("shows breaks with both sides, their history and their remedy, and accepts one by name and reason", () =>
    seen(async ({ page }) => {
      await open(page, "breaks", { program: "rewards" })
      const found = (await page.locator("tbody tr").allInnerTexts()).map((row) => row.replaceAll(/\s+/g, " "))
      const missing = found.filter((row) => row.startsWith("Missing here"))
      assert.strictEqual(missing.length, 1, found.join("\n"))
      assert.include(missing[0]!, `3.00`)
      assert.include(missing[0]!, "the credit is there and not here")
      await page.getByRole("link", { name: "Missing here" }).click()
      await page.getByRole("heading", { name: "On the other side" }).waitFor()
      assert.deepStrictEqual(
        (await cells(page, "there")).slice(1).map((row) => [row[0], row[1], row[6]]),
        [["credit", "3.00", "ref-3"]]
      )
      assert.include(await page.getByRole("region", { name: "Remedy" }).innerText(), "--apply records it")
      await page.getByRole("button", { name: "Accept this break" }).click()
      await page.getByLabel("Reason").fill("known to finance")
      await page.getByRole("button", { name: "Accept the break" }).click()
      await page.getByText("known to finance").waitFor()
      assert.include(await page.locator("main").innerText(), "Missing here, accepted")
      assert.strictEqual(await page.getByRole("button", { name: "Accept this break" }).count(), 0)
      await page.goto(address("breaks", { program: "rewards", all: "true", type: "missingHere" }))
      await settled(page)
      assert.match(await page.locator("tbody").innerText(), /Missing here\s+accepted/)
    }))

  it("says in words what is wrong, and what to do", () =>
    seen(
      async ({ page }) => {
        await open(page, "account", { program: "rewards", account: "nobody" })
        await page.getByText("Nothing was ever recorded of this account in this program.").waitFor()
        for (const [view, params, said] of [
          ["account", { program: "nowhere", account: "1" }, "There is no such program."],
          ["redemption", { ...member, redemption: "R9" }, "There was no such redemption by then."],
          ["lot", { ...member, lot: "none" }, "There was no such lot by then."],
          ["break", { program: "rewards", break: "abc" }, "No open break has this id."],
          ["account", { program: "rewards", account: "..", asOf: "2026-01-01" }, "does not take what was asked for"],
          [
            "roll-forward",
            { program: "rewards", from: "2026-03-01", to: "2026-01-01" },
            "does not take what was asked for"
          ]
        ] as const) {
          await page.goto(address(view, params))
          await page.getByRole("alert").getByText(said).waitFor()
        }
        await page.goto(address("breaks", { program: HOSTILE }))
        await page.getByText("No break is open.").waitFor()
        await page.route("**/v1/**", (route) => route.abort())
        await page.goto(address("program", { program: "rewards" }))
        await page.getByText("The server cannot be reached.").waitFor()
        await page.unroute("**/v1/**")
        await page.getByRole("button", { name: "Try again" }).click()
        await page.getByRole("heading", { name: "Present policy" }).waitFor()
      },
      {},
      /status of 40\d|net::ERR_FAILED/
    ))

  it("offers the programs of a key, and tells one without the scope what it lacks", () =>
    seen(
      async ({ page }) => {
        await open(page, "account", { program: "rewards", account: "1" }, "elsewhere")
        await page.getByText("This key may not do that.").waitFor()
        assert.deepStrictEqual(await page.getByLabel("Program", { exact: true }).locator("option").allInnerTexts(), [
          "elsewhere"
        ])
        await page.getByRole("button", { name: "Sign out" }).click()
        await sign(page, "watcher")
        await page.getByText("The server says: this key lacks the scope read.").waitFor()
      },
      {},
      /status of 403/
    ))

  it("shows hostile names as they are, runs nothing of them, and loses no digit", () =>
    seen(async ({ page }) => {
      const hostile = { program: HOSTILE, account: HOSTILE }
      await open(page, "account", hostile)
      const large = LARGE.replace(/\B(?=(\d{3})+\.)/g, ",")
      assert.include(await page.locator("main").innerText(), large)
      assert.include(await page.locator("h1").innerText(), HOSTILE)
      await page.goto(address("redemption", { ...hostile, redemption: HOSTILE }))
      await settled(page)
      assert.include(await page.locator("main").innerText(), `credit ${HOSTILE}`)
      await page.goto(address("lot", { ...hostile, lot: HOSTILE }))
      await settled(page)
      assert.include(await page.locator("main").innerText(), `holds ${large.replace(/7$/, "6")}`)
      assert.strictEqual(await page.locator("main script, main img, iframe, object").count(), 0)
    }))

  it("is used by keys alone, and says what it shows to those who do not see it", () =>
    seen(async ({ page }) => {
      const press = async (...keys: ReadonlyArray<string>) => {
        for (const key of keys) await page.keyboard.press(key)
      }
      const focused = (): Promise<string> =>
        page.evaluate("(document.activeElement.id || document.activeElement.textContent).slice(0, 24)")
      await page.goto(address())
      await page.getByLabel("API key").waitFor()
      await press("Tab")
      assert.strictEqual(await focused(), "field-key")
      await page.keyboard.type(secret("all"))
      await press("Enter")
      await page.getByRole("navigation").waitFor()
      await page.reload()
      await page.getByRole("navigation").waitFor()
      await press("Tab")
      assert.strictEqual(await focused(), "Skip to the content")
      assert.isTrue(await page.getByText("Skip to the content").isVisible())
      await press("Enter")
      assert.strictEqual(await focused(), "main")
      await press("Tab")
      assert.strictEqual(await focused(), "field-program")
      await page.keyboard.type("rewards")
      await press("Tab")
      await page.keyboard.type(ACCOUNT)
      await press("Enter")
      await settled(page)
      assert.strictEqual(await focused(), "title")
      await page.getByRole("status").getByText("30.50 live points").waitFor({ state: "attached" })
      const visited: Array<string> = []
      for (let presses = 0; presses < 60 && visited.at(-1) !== "R1"; presses++) {
        await press("Tab")
        visited.push(await focused())
      }
      // Tables scroll by keys, the disclosure opens, and everything comes in the order in which it is read.
      const order = ["field-account", "Show", "Numbers of this chart", "Stack by time to expiry ", "C", "R2", "R1"]
      assert.deepStrictEqual(
        visited.filter((one) => order.includes(one)),
        order
      )
      const outline: string = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
      assert.strictEqual(outline, "solid")
      await press("Enter")
      await page.getByRole("heading", { name: "Stream of events" }).waitFor()
      assert.strictEqual(await focused(), "title")
      await page.goBack()
      await settled(page)
      assert.strictEqual(page.url(), address("account", member))
    }))

  it("moves nothing for those who want no motion, and leaves out on paper what only a screen needs", () =>
    seen(
      async ({ page }) => {
        await open(page, "account", member)
        await page.route("**/v1/**", () => undefined)
        await page.goto(address("program", { program: "rewards" }))
        await page.locator(".waiting").waitFor()
        const animation = `getComputedStyle(document.querySelector(".waiting"), "::before").animationName`
        assert.strictEqual(await page.evaluate(animation), "none")
        await page.emulateMedia({ reducedMotion: "no-preference" })
        assert.strictEqual(await page.evaluate(animation), "turn")
        await page.unroute("**/v1/**")
        await page.goto(address("account", { ...member, asOf: "2026-02-15" }))
        await settled(page)
        await page.emulateMedia({ media: "print" })
        assert.isFalse(await page.locator("nav").isVisible())
        assert.isFalse(await page.locator("form").isVisible())
        assert.isTrue(await page.locator("table").first().isVisible())
      },
      { reducedMotion: "reduce" }
    ))

  const views = [
    ["account", member],
    ["account", {}],
    ["account", { ...member, asOf: "2026-02-15" }],
    ["redemption", { ...member, redemption: "R1" }],
    ["redemption", { ...member, redemption: "R2" }],
    ["lot", { ...member, lot: "A" }],
    ["program", { program: "rewards" }],
    ["roll-forward", { program: "rewards", from: "2025-11-01" }],
    ["cell", { program: "rewards", from: "2025-11-01", to: "2026-03-01", period: "2026-01", column: "creditedLive" }],
    ["in-flight", { program: "rewards" }],
    ["breaks", { program: "rewards", all: "true" }],
    ["account", { program: "rewards", account: "nobody" }]
  ] as const

  const screens = [
    ["on a wide page", { viewport: { width: 1280, height: 900 } }],
    ["on a phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
    ["in the dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
    ["on a phone in the dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }]
  ] as const satisfies ReadonlyArray<readonly [string, BrowserContextOptions]>

  const faultless = async (page: Page): Promise<void> => {
    const found: Found = await page.evaluate("axe.run()")
    const violations = found.violations.map(({ help, id, nodes }) => `${id}: ${help}: ${nodes[0]?.html}`)
    assert.deepStrictEqual(violations, [], page.url())
    assert.isAbove(found.passes.length, 10)
    assert.strictEqual(await overflow(page), 0, page.url())
  }

  it.each(screens)(
    "has nothing that axe finds fault with, and fits, %s",
    (_screen, options) =>
      seen(
        async ({ page }) => {
          await page.goto(address())
          await page.getByLabel("API key").waitFor()
          await page.evaluate(axe.source)
          await faultless(page)
          await sign(page, "all")
          await page.getByRole("navigation").waitFor()
          for (const [view, params] of views) {
            // The fragment changes, the page stays, and axe with it.
            await page.evaluate(`location.hash = ${JSON.stringify(new URL(address(view, params)).hash)}`)
            await settled(page)
            for (const summary of await page.locator("summary").all()) await summary.click()
            await faultless(page)
          }
          await page.evaluate(
            `location.hash = ${JSON.stringify(new URL(address("in-flight", { program: "rewards" })).hash)}`
          )
          await page.getByRole("button", { name: "It never happened: release" }).first().click()
          await page.getByRole("dialog").waitFor()
          await faultless(page)
          await page.keyboard.press("Escape")
          await page.getByRole("button", { name: "Sign out" }).click()
          await sign(page, "reader")
          await page.getByText("pointback settle --program rewards").first().waitFor()
          await faultless(page)
        },
        options,
        /status of 404/
      ),
    LONG
  )

  it("says what to do where scripts are off", () =>
    seen(
      async ({ page }) => {
        await page.goto(address())
        assert.include(await page.locator("body").innerText(), "The console needs JavaScript")
      },
      { javaScriptEnabled: false }
    ))
})

interface Found {
  readonly passes: ReadonlyArray<unknown>
  readonly violations: ReadonlyArray<{
    readonly id: string
    readonly help: string
    readonly nodes: ReadonlyArray<{ readonly html: string }>
  }>
}
