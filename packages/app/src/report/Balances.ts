/** The balance over time. */
import type { VNode } from "preact"
import { chart } from "../page/Chart.ts"
import { section } from "../page/Section.ts"
import { disclosure, table } from "../page/Table.ts"
import type { ReportData } from "./ReportData.ts"
import * as Words from "./Words.ts"

const { bucket } = Words

/** The balance at the end of each month, in buckets. */
export const balances = (data: ReportData): VNode => {
  const { amount } = Words.amounts(data.policy.scale)
  const { balances: points, basis } = data
  const names = points[0]?.buckets.map((one) => one.bucket) ?? []
  const title = `Balance at the end of each month, by ${basis === "age" ? "age" : "time to expiry"}`
  const columns = [
    { title: "Month" },
    ...["Balance", ...names.map(bucket)].map((name) => ({ title: name, numeric: true }))
  ]
  const rows = points.map(({ buckets, period, total: live }) => [
    period.name,
    amount(live),
    ...buckets.map((one) => amount(one.points))
  ])
  return section(
    "balance",
    title,
    chart({
      id: "balance-chart",
      title,
      description: "Stacked bars, one for each month. The table below has the same numbers.",
      series: names.map((name, index) => ({ name: bucket(name), class: `bucket-${index}` })),
      bars: points.map(({ buckets, period, total: live }) => ({
        label: period.name,
        title: `${period.name}: ${amount(live)} points`,
        values: buckets.map((one) => ({
          value: Words.length(one.points),
          title: `${period.name}, ${bucket(one.bucket)}: ${amount(one.points)} of ${amount(live)} points`
        }))
      }))
    }),
    disclosure("Numbers of this chart", table({ caption: `Numbers: ${title}`, columns, rows }))
  )
}
