/** What an account held over the months, as a chart and as a table. */
import type { VNode } from "preact"
import { useState } from "preact/hooks"
import { chart } from "../page/Chart.ts"
import { h } from "../page/Element.ts"
import { section } from "../page/Section.ts"
import { disclosure, table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { Program, Series } from "./Answers.ts"
import { useBucketColors } from "./AgingTable.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import * as Decimals from "./Decimals.ts"
import { answered } from "./Parts.ts"
import { ofProgram } from "./Server.ts"

/** Months before the instant that is asked about. */
const MONTHS = 12

interface Props {
  readonly policy: Program
  readonly account: string
  readonly asOf: string
  readonly knownAt: string | undefined
}

const shown = (
  points: Series["points"],
  basis: "age" | "to-expiry",
  { scale, zone }: Program
): ReadonlyArray<VNode> => {
  const amount = (decimal: string) => Texts.amount(decimal, scale)
  const names = points[0]?.buckets.map((one) => one.bucket) ?? []
  const title = `Balance by ${basis === "age" ? "age" : "time to expiry"}, month by month`
  const dates = points.map(({ asOf }) => Dates.dateIn(zone, asOf))
  return [
    chart({
      id: "balance-chart",
      title,
      description:
        "Stacked bars: the first instant of each month, and the instant that is asked about. The table below has the same numbers.",
      series: names.map((name, index) => ({ name: Texts.bucket(name), class: `bucket-${index}` })),
      bars: points.map(({ buckets, total }, index) => ({
        label: (dates[index] as string).slice(0, "YYYY-MM".length),
        title: `${dates[index]}: ${amount(total)} points`,
        values: buckets.map((one) => ({
          value: Decimals.length(one.points),
          title: `${dates[index]}, ${Texts.bucket(one.bucket)}: ${amount(one.points)} of ${amount(total)} points`
        }))
      }))
    }),
    disclosure(
      "Numbers of this chart",
      table({
        caption: `Numbers: ${title}`,
        columns: [
          { title: "As of" },
          ...["Balance", ...names.map(Texts.bucket)].map((name) => ({ title: name, numeric: true }))
        ],
        rows: points.map(({ asOf, buckets, total }) => [
          Texts.instant(asOf),
          amount(total),
          ...buckets.map((one) => amount(one.points))
        ])
      })
    )
  ]
}

const Chart = ({ account, asOf, knownAt, policy }: Props): VNode => {
  const [basis, setBasis] = useState<"age" | "to-expiry">("age")
  useBucketColors(policy.agingBoundaries.length + 2)
  const from = Dates.monthsBefore(Dates.dateIn(policy.zone, asOf), MONTHS)
  const query = { from, to: asOf, step: "month", basis, knownAt }
  const series = useAnswer<Series>(ofProgram(policy.program, ["accounts", account, "history"], query))
  const other = basis === "age" ? "to-expiry" : "age"
  return section(
    "balance",
    "Balance over time",
    answered(series, "Loading the balance", ({ points }) => [
      ...shown(points, basis, policy),
      h(
        "p",
        { class: "more" },
        h(
          "button",
          { type: "button", onClick: () => setBasis(other) },
          other === "age" ? "Stack by age instead" : "Stack by time to expiry instead"
        )
      )
    ])
  )
}

export const balanceChart = (props: Props): VNode => component(Chart, props)
