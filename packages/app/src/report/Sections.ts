/** The parts of the page, from top to bottom. */
import { Points, type RollForward } from "@pointback/domain"
import { Array as Arrays } from "effect"
import type { ComponentChildren, VNode } from "preact"
import { h, isolated } from "./Element.ts"
import { chart } from "./Chart.ts"
import type { Move, MoveKind } from "./Move.ts"
import type { ReportData } from "./ReportData.ts"
import { disclosure, table } from "./Table.ts"
import * as Words from "./Words.ts"

const { bucket, count, counted, date, instant } = Words

/** A part of the page with its heading. */
const section = (id: string, title: string, ...content: ReadonlyArray<ComponentChildren>): VNode =>
  h("section", { "aria-labelledby": id }, h("h2", { id }, title), content)

const note = (...content: ReadonlyArray<ComponentChildren>): VNode => h("p", { class: "note" }, content)

/** As it is drawn; what is said is exact. */
const length = (points: Points.Points): number => Number(points) / Number(Points.UNITS_PER_POINT)

const monthsOf = ({ rollForward }: ReportData): string => {
  const [first, last] = [rollForward[0]?.period, rollForward.at(-1)?.period]
  return first === last ? `in ${first}` : `${first} to ${last}`
}

const figure = (title: string, value: string, detail: string): VNode =>
  h("div", { class: "figure" }, h("dt", null, title), h("dd", null, h("strong", null, value), h("span", null, detail)))

const total = (data: ReportData, column: "redeemed" | "creditedLive" | "creditedExpired"): Points.Points =>
  Points.sum(data.rollForward.map((row) => row[column]))

/** The few numbers that are asked for first. */
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
          value: length(one.points),
          title: `${period.name}, ${bucket(one.bucket)}: ${amount(one.points)} of ${amount(live)} points`
        }))
      }))
    }),
    disclosure("Numbers of this chart", table({ caption: `Numbers: ${title}`, columns, rows }))
  )
}

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

const KINDS: Readonly<Record<MoveKind, string>> = {
  earned: "Earned",
  adjusted: "Adjusted",
  redeemed: "Redeemed",
  credited: "Credited",
  expired: "Expired"
}

const lotText = (
  { amount, change }: Words.Amounts,
  { expired, lotId, points }: Move["lots"][number]
): ReadonlyArray<VNode> => [
  ...(points === 0n ? [] : [h("li", null, `${change(points)} in lot `, isolated(lotId))]),
  ...(expired === 0n ? [] : [h("li", null, `${amount(expired)} to lot `, isolated(lotId), ", which had expired")])
]

const named = ({ account, creditId, redemptionId }: Move): ReadonlyArray<ComponentChildren> => [
  ...(creditId === null ? [] : ["credit ", isolated(creditId), " of "]),
  ...(redemptionId === null ? [] : ["redemption ", isolated(redemptionId)]),
  ...(account === null ? [] : [" of account ", isolated(account)])
]

const moveItem = (words: Words.Amounts, move: Move): VNode => {
  const { at, balance, eventId, expired, kind, lots: moved, points, recordedAt } = move
  const { amount, change } = words
  return h(
    "li",
    { class: `move ${kind}` },
    h(
      "p",
      { class: "head" },
      h("time", { dateTime: Words.machineInstant(at) }, instant(at)),
      h("strong", null, KINDS[kind]),
      h("span", { class: "amount" }, points === 0n && expired > 0n ? "0 live" : change(points)),
      h("span", { class: "named" }, named(move)),
      balance === null ? null : h("span", { class: "balance" }, `balance ${amount(balance)}`)
    ),
    h(
      "ul",
      { class: "moved" },
      moved.flatMap((lot) => lotText(words, lot))
    ),
    h(
      "p",
      { class: "told" },
      recordedAt === null ? "not booked by a sweep yet" : `recorded ${instant(recordedAt)}`,
      eventId === null ? null : [", event ", h("code", null, eventId)]
    )
  )
}

/** What happened, the last first. */
export const timeline = ({ account, moves: { items, of }, policy }: ReportData): VNode =>
  section(
    "timeline",
    account === null ? "Latest redemptions and credits" : "Timeline",
    items.length === 0
      ? note("Nothing happened.")
      : h(
          "ol",
          { class: "timeline", reversed: true, start: of ?? items.length },
          items.map((move) => moveItem(Words.amounts(policy.scale), move))
        ),
    of === null || of > items.length
      ? note(`The latest ${count(items.length)}${of === null ? "" : ` of ${count(of)}`}; earlier ones are left out.`)
      : null
  )
