/** The events of one number of a roll-forward; they add up to it. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { COLUMNS } from "../page/RollForwardColumns.ts"
import { note } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { Program, RollForwardCell } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import { answered, clocks, heading, link, time, useSaid } from "./Parts.ts"
import { fragment, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"

/** Events that are shown at most: more than that is a file, which the command line writes. */
const SHOWN = 500

export const CellView = ({ place }: { readonly place: Place }): VNode => {
  const { column = "", from, knownAt, period = "", program = "", to } = place
  const [, title = column] = COLUMNS.find(([name]) => name === column) ?? []
  const policy = useAnswer<Program>(ofProgram(program, ["policy"]))
  // An end that was this moment is left out again: the roll-forward goes on to now.
  const until = to?.includes("T") === true ? undefined : to
  return h(
    "div",
    null,
    h("p", { class: "back" }, link(fragment("roll-forward", { program, from, to: until, knownAt }), "Roll-forward")),
    heading(`${title.replace(/^\S /, "")} in ${period}`, ["of program ", isolated(program)]),
    answered(policy, "Loading the program", (known) => component(Events, { place, policy: known }))
  )
}

const Events = ({ place, policy }: { readonly place: Place; readonly policy: Program }): VNode => {
  const { column, from, period, to } = place
  const query = { from, to, period, column, knownAt: Dates.instantOf(place.knownAt) }
  const asked = useAnswer<RollForwardCell>(ofProgram(policy.program, ["roll-forward", "events"], query))
  const text =
    asked.state === "answered"
      ? `${Texts.counted(asked.answer.events.length, "line")}, ${Texts.amount(asked.answer.points, policy.scale)} points`
      : null
  useSaid(text)
  return answered(asked, "Loading the events", (cell) => [
    h("p", null, text, "."),
    clocks({ knownAt: cell.knownAt }),
    lines(cell, policy),
    cell.events.length > SHOWN
      ? note(`The first ${Texts.count(SHOWN)}; pointback roll-forward with --events lists all.`)
      : null
  ])
}

const lines = ({ events }: RollForwardCell, { program, scale }: Program): VNode =>
  table({
    caption: "Events of this number, and what each did to a lot",
    columns: [
      { title: "At" },
      { title: "Points", numeric: true },
      { title: "Account" },
      { title: "Lot" },
      { title: "Redemption" },
      { title: "Credit" },
      { title: "Recorded" },
      { title: "Event" }
    ],
    rows: events
      .slice(0, SHOWN)
      .map(({ account, at, credit, eventId, lot, points, recordedAt, redemption }) => [
        time(at),
        Texts.amount(points, scale),
        link(fragment("account", { program, account }), isolated(account)),
        link(fragment("lot", { program, account, lot }), isolated(lot)),
        redemption === null ? "" : link(fragment("redemption", { program, account, redemption }), isolated(redemption)),
        isolated(credit ?? ""),
        recordedAt === null ? "not booked by a sweep yet" : time(recordedAt),
        h("code", null, eventId ?? "")
      ])
  })
