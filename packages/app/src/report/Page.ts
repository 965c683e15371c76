/**
 * One page that needs nothing else: no network, no script. Everything that comes from outside is escaped by the renderer,
 * and the page's own policy lets a browser load and run nothing but the one style that it carries.
 */
import { createHash } from "node:crypto"
import type { VNode } from "preact"
import { renderToString } from "preact-render-to-string"
import { h, isolated, styleSheet } from "../page/Element.ts"
import { bucketStyle, STYLE } from "../page/Style.ts"
import { balances } from "./Balances.ts"
import { figures } from "./Figures.ts"
import { aging, lots, schedule } from "./Holdings.ts"
import type { ReportData } from "./ReportData.ts"
import { rollForward } from "./RollForwardPart.ts"
import { timeline } from "./Timeline.ts"
import * as Words from "./Words.ts"

/** What the page is called. */
const titleOf = ({ account, program }: ReportData): string =>
  account === null ? `Points of program ${program}` : `Points of account ${account}`

const PARTS = [
  ["balance", "Balance"],
  ["aging", "Aging"],
  ["lots", "Lots"],
  ["schedule", "Expiring schedule"],
  ["roll-forward", "Roll-forward"],
  ["timeline", "Timeline"]
] as const

const header = (data: ReportData): VNode => {
  const { account, asOf, knownAt, policy, program } = data
  const clock = (title: string, at: bigint) =>
    h(
      "div",
      null,
      h("dt", null, title),
      h("dd", null, h("time", { dateTime: Words.machineInstant(at) }, Words.instant(at)))
    )
  return h(
    "header",
    null,
    h(
      "h1",
      null,
      account === null ? ["Points of program ", isolated(program)] : ["Points of account ", isolated(account)]
    ),
    h(
      "dl",
      { class: "clocks" },
      account === null ? null : h("div", null, h("dt", null, "Program"), h("dd", null, isolated(program))),
      clock("As of", asOf),
      clock("As known at", knownAt),
      h("div", null, h("dt", null, "Dates and months in"), h("dd", null, policy.zone))
    ),
    h(
      "nav",
      { "aria-label": "Parts of the page" },
      h(
        "ul",
        null,
        PARTS.filter(([id]) => id !== "lots" || data.lots !== null).map(([id, name]) =>
          h("li", null, h("a", { href: `#${id}` }, name))
        )
      )
    )
  )
}

const footer = ({ asOf, knownAt }: ReportData): VNode =>
  h(
    "footer",
    null,
    h(
      "p",
      null,
      `What was true by ${Words.instant(asOf)}, of all that was recorded by ${Words.instant(knownAt)}. `,
      "Asked again as known at that instant, the numbers are the same for ever. ",
      "A lot is expired from its instant of expiry on, whether that is booked or not."
    ),
    h("p", null, "Written by Pointback.")
  )

const policyOf = (css: string): string =>
  `default-src 'none'; style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'; base-uri 'none'; form-action 'none'`

const styleOf = ({ byAge, byExpiry }: ReportData): string =>
  STYLE + bucketStyle(Math.max(byAge.buckets.length, byExpiry.buckets.length))

/** The page's own policy: a server that sends the page sends this with it. */
export const contentPolicy = (data: ReportData): string => policyOf(styleOf(data))

/** The page as HTML. */
export const page = (data: ReportData): string => {
  const css = styleOf(data)
  const document = h(
    "html",
    { lang: "en" },
    h(
      "head",
      null,
      h("meta", { charSet: "utf-8" }),
      h("meta", { httpEquiv: "Content-Security-Policy", content: policyOf(css) }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("meta", { name: "referrer", content: "no-referrer" }),
      h("title", null, titleOf(data)),
      styleSheet(css)
    ),
    h(
      "body",
      null,
      header(data),
      h(
        "main",
        null,
        figures(data),
        balances(data),
        aging(data),
        lots(data),
        schedule(data),
        rollForward(data),
        timeline(data)
      ),
      footer(data)
    )
  )
  return `<!doctype html>\n${renderToString(document)}\n`
}
