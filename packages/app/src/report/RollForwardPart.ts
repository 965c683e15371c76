/** The roll-forward. */
import { Points, type RollForward } from "@pointback/domain"
import type { VNode } from "preact"
import { chart } from "../page/Chart.ts"
import { h } from "../page/Element.ts"
import { CAPTION, COLUMNS, DESCRIPTION, DRAWN } from "../page/RollForwardColumns.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import type { ReportData } from "./ReportData.ts"
import * as Words from "./Words.ts"

const { instant } = Words

const moved = (row: RollForward.Row, { column, sign }: (typeof DRAWN)[number]): Points.Points =>
  BigInt(sign) * row[column]

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
      description: DESCRIPTION,
      series: DRAWN.map(({ class: color, name: title }) => ({ name: title, class: color })),
      bars: rows.map((row) => ({
        label: row.period,
        title: `${row.period}: from ${amount(row.opening)} to ${amount(row.closing)} points`,
        values: DRAWN.map((kind) => ({
          value: Words.length(moved(row, kind)),
          title: `${row.period}, ${kind.name.toLowerCase()}: ${change(moved(row, kind))}`
        }))
      }))
    }),
    table({
      caption: CAPTION,
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
