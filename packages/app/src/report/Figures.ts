/** The few numbers that are asked for first. */
import { Points } from "@pointback/domain"
import type { VNode } from "preact"
import { h } from "../page/Element.ts"
import type { ReportData } from "./ReportData.ts"
import * as Words from "./Words.ts"

const { bucket, counted } = Words

const monthsOf = ({ rollForward }: ReportData): string => {
  const [first, last] = [rollForward[0]?.period, rollForward.at(-1)?.period]
  return first === last ? `in ${first}` : `${first} to ${last}`
}

const figure = (title: string, value: string, detail: string): VNode =>
  h("div", { class: "figure" }, h("dt", null, title), h("dd", null, h("strong", null, value), h("span", null, detail)))

const total = (data: ReportData, column: "redeemed" | "creditedLive" | "creditedExpired"): Points.Points =>
  Points.sum(data.rollForward.map((row) => row[column]))

/** Live points, what expires soonest, what credits put back, and what was redeemed and credited. */
export const figures = (data: ReportData): VNode => {
  const { amount } = Words.amounts(data.policy.scale)
  const { buckets, total: live } = data.byExpiry
  const soon = buckets[0]
  const lots = buckets.reduce((sum, one) => sum + one.lots, 0)
  const restored = Points.sum(buckets.map((one) => one.restored))
  const expired = total(data, "creditedExpired")
  const months = monthsOf(data)
  return h(
    "section",
    { "aria-label": "Key figures" },
    h(
      "dl",
      { class: "figures" },
      figure("Live points", amount(live), `in ${counted(lots, "lot")}`),
      figure(
        `Expire within ${bucket(soon?.bucket ?? "").replace(/^0\u2013/, "")}`,
        amount(soon?.points ?? 0n),
        `in ${counted(soon?.lots ?? 0, "lot")}`
      ),
      figure("Put back by credits", amount(restored), "of the live points"),
      figure("Redeemed", amount(total(data, "redeemed")), months),
      figure(
        "Credited",
        amount(total(data, "creditedLive") + expired),
        expired === 0n ? months : `${amount(expired)} of it expired at once`
      )
    )
  )
}
