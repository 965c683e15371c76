/** What is held as of the question's instant: by age and by time to expiry, lot by lot, and what expires when. */
import { Points } from "@pointback/domain"
import { Array as Arrays } from "effect"
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import type { ReportData } from "./ReportData.ts"
import * as Words from "./Words.ts"

const { bucket, count, counted, date } = Words

const part = (points: Points.Points, whole: Points.Points): VNode =>
  h(
    "svg",
    { class: "part", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("rect", { width: whole === 0n ? 0 : Number((points * 10_000n) / whole) / 100, height: 8 })
  )

/** Which points are held now, how old they are and how soon they expire. */
export const aging = (data: ReportData): VNode => {
  const { amount } = Words.amounts(data.policy.scale)
  const of = (caption: string, first: string, { buckets, total: live }: ReportData["byAge"]) => {
    const lots = buckets.reduce((sum, one) => sum + one.lots, 0)
    const restored = Points.sum(buckets.map((one) => one.restored))
    return table({
      caption,
      showCaption: true,
      columns: [
        { title: first },
        { title: "Points", numeric: true },
        { title: "Share" },
        { title: "Lots", numeric: true },
        { title: "Put back by credits", numeric: true }
      ],
      rows: buckets.map((one) => [
        bucket(one.bucket),
        amount(one.points),
        part(one.points, live),
        count(one.lots),
        amount(one.restored)
      ]),
      foot: ["Total", amount(live), "", count(lots), amount(restored)]
    })
  }
  return section(
    "aging",
    "Aging",
    h(
      "div",
      { class: "pair" },
      of("By age: days since the points were earned", "Age", data.byAge),
      of("By time to expiry: days until the points expire", "Expires in", data.byExpiry)
    )
  )
}

/** The lots that hold points; only an account has them on its page. */
export const lots = ({ asOf, lots: listed, policy }: ReportData): VNode | null => {
  if (listed === null) return null
  const { amount } = Words.amounts(policy.scale)
  const { items, of } = listed
  return section(
    "lots",
    "Lots",
    items.length === 0
      ? note("No lot holds live points.")
      : table({
          caption: "Lots that hold live points, in the order in which they are drawn",
          columns: [
            { title: "Lot" },
            { title: "Points", numeric: true },
            { title: "Put back by credits", numeric: true },
            { title: "Earned" },
            { title: "Age", numeric: true },
            { title: "Expires" },
            { title: "Left", numeric: true }
          ],
          rows: items.map(({ earnedAt, expiresAt, lotId, points, restored }) => [
            isolated(lotId),
            amount(points),
            amount(restored),
            date(policy.zone, earnedAt),
            counted(Words.daysBetween(policy.zone, earnedAt, asOf), "day"),
            expiresAt === null ? "never" : date(policy.zone, expiresAt),
            expiresAt === null ? "" : counted(Words.daysBetween(policy.zone, asOf, expiresAt), "day")
          ])
        }),
    of !== null && of > items.length ? note(`The first ${count(items.length)} of ${count(of)} lots.`) : null
  )
}

/** Months of the schedule that stand for themselves; later ones are added up by year. */
const SINGLE_MONTHS = 12

/** What expires when. */
export const schedule = ({ policy, schedule: { rows, total: live } }: ReportData): VNode => {
  const { amount } = Words.amounts(policy.scale)
  const months = new Set(rows.flatMap(({ date: day }) => (day === null ? [] : [day.slice(0, "YYYY-MM".length)])))
  const single = new Set(Array.from(months).slice(0, SINGLE_MONTHS))
  const placeOf = (day: string | null): string => {
    const month = day?.slice(0, "YYYY-MM".length)
    if (month === undefined) return "never"
    return single.has(month) ? month : `later in ${month.slice(0, "YYYY".length)}`
  }
  const places = Arrays.groupBy(rows, ({ date: day }) => placeOf(day))
  return section(
    "schedule",
    "Expiring schedule",
    rows.length === 0
      ? note("Nothing is left that could expire.")
      : table({
          caption: "Live points by the month in which they expire",
          columns: [
            { title: "Expires" },
            { title: "Points", numeric: true },
            { title: "Share" },
            { title: "Lots", numeric: true },
            { title: "Put back by credits", numeric: true }
          ],
          rows: Object.entries(places).map(([place, ofPlace]) => {
            const points = Points.sum(ofPlace.map((row) => row.points))
            return [
              place,
              amount(points),
              part(points, live),
              count(ofPlace.reduce((sum, row) => sum + row.lots, 0)),
              amount(Points.sum(ofPlace.map((row) => row.restored)))
            ]
          }),
          foot: [
            "Total",
            amount(live),
            "",
            count(rows.reduce((sum, row) => sum + row.lots, 0)),
            amount(Points.sum(rows.map((row) => row.restored)))
          ]
        })
  )
}
