/** A real browser for pages. It is not ours to install: where there is none, tests that need it say so and are skipped. */
import { existsSync } from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll } from "vitest"

/** Where Debian puts it; `CHROMIUM` names another place. */
const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

export const hasBrowser = existsSync(CHROMIUM)

/** A test's title; without a browser it says why the test is skipped. */
export const titled = (title: string): string =>
  hasBrowser ? title : `${title} (skipped: there is no browser at ${CHROMIUM}; CHROMIUM names another place)`

/** What a page complains of from now on, and every dialog, which is sent away. */
export const complaintsOf = (page: Page): Array<string> => {
  const complaints: Array<string> = []
  page.on("console", (message) => complaints.push(message.text()))
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("dialog", (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  return complaints
}

/** A browser for the surrounding `describe`. A sandbox of its own needs rights that containers do not give. */
export const browserFor = (): (() => Browser) => {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (hasBrowser) browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] })
  })
  afterAll(() => browser?.close())
  return () => browser!
}
