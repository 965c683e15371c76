/** How a program's points outstanding moved from month to month, as a chart and as a table whose numbers list their events. */
import type { VNode } from "preact"
import { useState } from "preact/hooks"
import { chart } from "../page/Chart.ts"
import { h, isolated } from "../page/Element.ts"
import { CAPTION, type Column, COLUMNS, DESCRIPTION, DRAWN } from "../page/RollForwardColumns.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { Program, RollForward } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import * as Decimals from "./Decimals.ts"
import * as Fields from "./Fields.ts"
import { answered, clocks, heading, link, useSaid } from "./Parts.ts"
import { fragment, go, type Params, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { storeProgram, useSession } from "./Session.ts"

/** Months before this one unless others are asked for. */
const MONTHS = 11

export const RollForwardView = ({ place }: { readonly place: Place }): VNode => {
  const { own } = useSession()
  const { program } = place
  const from = place.from ?? Dates.monthsBefore(Dates.today(), MONTHS)
  return h(
    "div",
    null,
    heading("Roll-forward", program === undefined ? undefined : ["of program ", isolated(program)]),
    Fields.form(
      {
        label: "Choose a program and months",
        title: "Show",
        submit: (fields) => {
          storeProgram(fields["program"] as string)
          go("roll-forward", fields)
        }
      },
      Fields.programField(own, program),
      Fields.input({ name: "from", label: "From", value: from, required: true, room: "short" }, "date"),
      Fields.input(
        { name: "to", label: "To", value: place.to, hint: "this day is not in it; empty: up to now", room: "short" },
        "date"
      ),
      Fields.knownField(place.knownAt)
    ),
    program === undefined
      ? note("What moved the points outstanding of a program, month by month; every number lists its events.")
      : component(Known, { from, place, program })
  )
}

interface Of {
  readonly from: string
  readonly place: Place
}

const Known = ({ from, place, program }: Of & { readonly program: string }): VNode =>
  answered(useAnswer<Program>(ofProgram(program, ["policy"])), "Loading the program", (policy) =>
    component(Moved, { from, place, policy })
  )

const Moved = ({ from, place, policy }: Of & { readonly policy: Program }): VNode => {
  const knownAt = Dates.instantOf(place.knownAt)
  // An end that was not asked for is this moment, and stays it while the view is shown.
  const [now] = useState(() => new Date().toISOString())
  const to = place.to ?? now
  return component(Asked, { from, place, policy, to, knownAt })
}

type Row = RollForward["rows"][number] & Readonly<Record<Column, string>>

interface AskedProps extends Of {
  readonly policy: Program
  readonly to: string
  readonly knownAt: string | undefined
}

const Asked = ({ from, knownAt, place, policy, to }: AskedProps): VNode => {
  const asked = useAnswer<RollForward>(ofProgram(policy.program, ["roll-forward"], { from, to, knownAt }))
  useSaid(
    asked.state === "answered"
      ? `Roll-forward of ${Texts.counted(asked.answer.rows.length, "month")}`
      : asked.state === "waiting"
        ? "Loading the roll-forward"
        : null
  )
  return answered(asked, "Loading the roll-forward", ({ rows, ...answer }) => [
    clocks({ knownAt: answer.knownAt }),
    picture(rows as ReadonlyArray<Row>, policy),
    numbers(rows as ReadonlyArray<Row>, policy, { ...place, from, to }),
    closing(rows as ReadonlyArray<Row>)
  ])
}

const picture = (rows: ReadonlyArray<Row>, { scale }: Program): VNode =>
  section(
    "moves",
    "What moved the balance",
    chart({
      id: "roll-forward-chart",
      title: "What moved the balance, month by month",
      description: DESCRIPTION,
      series: DRAWN.map(({ class: color, name }) => ({ name, class: color })),
      bars: rows.map((row) => ({
        label: row.period,
        title: `${row.period}: from ${Texts.amount(row.opening, scale)} to ${Texts.amount(row.closing, scale)} points`,
        values: DRAWN.map(({ column, name, sign }) => ({
          value: sign * Decimals.length(row[column]),
          title: `${row.period}, ${name.toLowerCase()}: ${Texts.change(sign < 0 ? Decimals.negated(row[column]) : row[column], scale)}`
        }))
      }))
    })
  )

const numbers = (rows: ReadonlyArray<Row>, { program, scale }: Program, place: Params): VNode => {
  const written = (column: Column, decimal: string) =>
    column === "adjusted" ? Texts.change(decimal, scale) : Texts.amount(decimal, scale)
  const cell = (row: Row, column: Column) => {
    const { from, knownAt, to } = place
    const text = written(column, row[column])
    if (Decimals.isZero(row[column])) return text
    const there = { program, from, to, knownAt, period: row.period, column }
    return link(fragment("cell", there), text)
  }
  const numeric = (title: string) => ({ title, numeric: true })
  return section(
    "roll-forward",
    "Numbers",
    table({
      caption: CAPTION,
      dense: true,
      columns: [
        { title: "Month" },
        numeric("Opening"),
        ...COLUMNS.map(([, title]) => numeric(title)),
        numeric("Closing")
      ],
      rows: rows.map((row) => [
        row.period,
        Texts.amount(row.opening, scale),
        ...COLUMNS.map(([column]) => cell(row, column)),
        Texts.amount(row.closing, scale)
      ]),
      foot: [
        "All months",
        Texts.amount(rows[0]?.opening ?? "0", scale),
        ...COLUMNS.map(([column]) => written(column, Decimals.sum(rows.map((row) => row[column])))),
        Texts.amount(rows.at(-1)?.closing ?? "0", scale)
      ]
    })
  )
}

/** What a month closes with, from what it opened with. */
const closingOf = (row: Row): string =>
  Decimals.sum([
    row.opening,
    row.earned,
    row.adjusted,
    row.creditedLive,
    row.creditedExpired,
    ...[row.redeemed, row.expiredByTime, row.expiredOnReversal].map(Decimals.negated)
  ])

const closing = (rows: ReadonlyArray<Row>): VNode => {
  const closes = rows.every((row, month) => {
    const next = rows[month + 1]
    return (
      Decimals.equal(closingOf(row), row.closing) && (next === undefined || Decimals.equal(row.closing, next.opening))
    )
  })
  return closes
    ? note(
        "It closes: every month’s numbers lead from its opening to its closing balance, with which the next month opens, to the last digit. " +
          "What a credit gives back to lots that have expired comes and goes in two columns, and is in no balance."
      )
    : h(
        "p",
        { class: "alarm", role: "alert" },
        "It does not close: a month’s numbers do not lead to its closing balance. Run pointback verify."
      )
}
