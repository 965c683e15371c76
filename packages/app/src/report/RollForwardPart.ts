/** The roll-forward. */
import { Points, type RollForward } from "@pointback/domain"
import type { VNode } from "preact"
import { chart } from "./Chart.ts"
import { h } from "./Element.ts"
import type { ReportData } from "./ReportData.ts"
import { length, note, section } from "./Section.ts"
import { table } from "./Table.ts"
import * as Words from "./Words.ts"

const { instant } = Words

const COLUMNS = [
  ["earned", "+ Earned"],
  ["adjusted", "\u00b1 Adjusted"],
  ["redeemed", "\u2212 Redeemed"],
  ["creditedLive", "+ Credited, live"],
  ["creditedExpired", "+ Credited, expired"],
  ["expiredByTime", "\u2212 Expired by time"],
  ["expiredOnReversal", "\u2212 Expired on reversal"]
] as const

const MOVED = [
  { name: "Earned", class: "earned", value: (row: RollForward.Row) => row.earned },
  { name: "Credited, live", class: "credited", value: (row: RollForward.Row) => row.creditedLive },
  { name: "Adjusted", class: "adjusted", value: (row: RollForward.Row) => row.adjusted },
  { name: "Redeemed", class: "redeemed", value: (row: RollForward.Row) => -row.redeemed },
  { name: "Expired by time", class: "expired", value: (row: RollForward.Row) => -row.expiredByTime }
] as const

/** How each month's balance came about; says whether it agrees with the aging, which is found in another way. */
export const rollForward = (data: ReportData): VNode => {
  const { amount, change } = Words.amounts(data.policy.scale)
  const { asOf, balances: points, rollForward: rows } = data
  const closes = rows.length === points.length && rows.every(({ closing }, month) => closing === points[month]?.total)
  const number = (title: string) => ({ title, numeric: true })
  return section(
    "roll-forward",
    "Roll-forward",
    chart({
      id: "roll-forward-chart",
      title: "What moved the balance, month by month",
      description: "Bars above the line add to the balance, bars below take from it. The table below has the numbers.",
      series: MOVED.map(({ class: color, name: title }) => ({ name: title, class: color })),
      bars: rows.map((row) => ({
        label: row.period,
        title: `${row.period}: from ${amount(row.opening)} to ${amount(row.closing)} points`,
        values: MOVED.map(({ name, value }) => ({
          value: length(value(row)),
          title: `${row.period}, ${name.toLowerCase()}: ${change(value(row))}`
        }))
      }))
    }),
    table({
      caption: "From the balance that a month opens with to the one that it closes with",
      dense: true,
      columns: [{ title: "Month" }, number("Opening"), ...COLUMNS.map(([, title]) => number(title)), number("Closing")],
      rows: rows.map((row) => [
        row.period,
        amount(row.opening),
        ...COLUMNS.map(([column]) => (column === "adjusted" ? change(row[column]) : amount(row[column]))),
        amount(row.closing)
      ]),
      foot: [
        "All months",
        amount(rows[0]?.opening ?? 0n),
        ...COLUMNS.map(([column]) => {
          const sum = Points.sum(rows.map((row) => row[column]))
          return column === "adjusted" ? change(sum) : amount(sum)
        }),
        amount(rows.at(-1)?.closing ?? 0n)
      ]
    }),
    closes
      ? note(
          "It closes: every month's closing balance is the balance of its aging, to the last digit. " +
            `The last month ends as of ${instant(asOf)}. What a credit gives back to lots that have expired comes and goes ` +
            "in two columns, and is in no balance."
        )
      : h(
          "p",
          { class: "alarm", role: "alert" },
          "It does not close: a closing balance differs from the aging. Run pointback verify."
        )
  )
}
