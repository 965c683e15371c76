/** Points by age, or by time to expiry. */
import type { VNode } from "preact"
import { useEffect } from "preact/hooks"
import { h } from "../page/Element.ts"
import { section } from "../page/Section.ts"
import { bucketStyle } from "../page/Style.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { Aging } from "./Answers.ts"
import type { Asked } from "./Asking.ts"
import * as Decimals from "./Decimals.ts"
import { answered, figure } from "./Parts.ts"

const CAPTIONS = {
  age: "By age: days since the points were earned",
  "to-expiry": "By time to expiry: days until the points expire"
} as const

const part = (points: string, whole: string): VNode =>
  h(
    "svg",
    { class: "part", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("rect", { width: Decimals.share(points, whole), height: 8 })
  )

/** The table; with accounts where it is about more than one. */
const agingTable = ({ account, basis, buckets, total }: Aging, scale: number): VNode => {
  const amount = (points: string) => Texts.amount(points, scale)
  const withAccounts = account === null
  const lots = buckets.reduce((sum, one) => sum + one.lots, 0)
  const numeric = (title: string) => ({ title, numeric: true })
  return table({
    caption: CAPTIONS[basis],
    showCaption: true,
    dense: withAccounts,
    columns: [
      { title: basis === "age" ? "Age" : "Expires in" },
      numeric("Points"),
      { title: "Share" },
      numeric("Lots"),
      ...(withAccounts ? [numeric("Accounts")] : []),
      numeric("Put back by credits")
    ],
    rows: buckets.map((one) => [
      Texts.bucket(one.bucket),
      amount(one.points),
      part(one.points, total),
      Texts.count(one.lots),
      ...(withAccounts ? [Texts.count(one.accounts)] : []),
      amount(one.restored)
    ]),
    // An account stands in several buckets, so accounts have no total.
    foot: ["Total", amount(total), "", Texts.count(lots), ...(withAccounts ? [""] : []), amount(restoredOf(buckets))]
  })
}

/** What credits put back, of all buckets. */
const restoredOf = (buckets: Aging["buckets"]): string => Decimals.sum(buckets.map(({ restored }) => restored))

/** The figure of it. */
export const restoredFigure = ({ buckets }: Aging, scale: number): VNode =>
  figure("Put back by credits", Texts.amount(restoredOf(buckets), scale), "of the live points")

/** Both measures side by side, the second as soon as it is there. */
export const agingSection = (byAge: Aging, byExpiry: Asked<Aging>, scale: number): VNode =>
  section(
    "aging",
    "Aging",
    h(
      "div",
      { class: "pair" },
      agingTable(byAge, scale),
      answered(byExpiry, "Loading the time to expiry", (one) => agingTable(one, scale))
    )
  )

/** Colours for as many buckets as the program's policy makes. */
export const useBucketColors = (count: number): void =>
  useEffect(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(bucketStyle(count))
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet)
    }
  }, [count])
