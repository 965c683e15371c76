/** A program: the points that all its accounts hold, now or as of a day, and its policy. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import * as Texts from "../page/Texts.ts"
import { agingSection, restoredFigure } from "./AgingTable.ts"
import type { Aging, Program } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import * as Fields from "./Fields.ts"
import { answered, clocks, facts, figure, figures, heading, useSaid } from "./Parts.ts"
import { go, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { storeProgram, useSession } from "./Session.ts"

export const ProgramView = ({ place }: { readonly place: Place }): VNode => {
  const { own } = useSession()
  const { program } = place
  return h(
    "div",
    null,
    heading("Program", program === undefined ? undefined : isolated(program)),
    Fields.form(
      {
        label: "Choose a program",
        title: "Show",
        submit: (fields) => {
          storeProgram(fields["program"] as string)
          go("program", fields)
        }
      },
      Fields.programField(own, program),
      ...Fields.clockFields(place.asOf, place.knownAt)
    ),
    program === undefined
      ? note("The points outstanding of all accounts of a program, by age and by time to expiry, now or as of any day.")
      : component(Known, { place, program })
  )
}

const Known = ({ place, program }: { readonly place: Place; readonly program: string }): VNode =>
  answered(useAnswer<Program>(ofProgram(program, ["policy"])), "Loading the program", (policy) =>
    component(Held, { place, policy })
  )

const Held = ({ place, policy }: { readonly place: Place; readonly policy: Program }): VNode => {
  const { program, scale } = policy
  const query = { asOf: place.asOf, knownAt: Dates.instantOf(place.knownAt) }
  const asked = useAnswer<Aging>(ofProgram(program, ["aging"], query))
  useSaid(
    asked.state === "answered"
      ? `${Texts.amount(asked.answer.total, scale)} live points in the program, as of ${Texts.instant(asked.answer.asOf)}`
      : asked.state === "waiting"
        ? "Loading the program"
        : null
  )
  return answered(asked, "Loading the points", (aging) => component(Tables, { aging, place, policy }))
}

interface TablesProps {
  readonly aging: Aging
  readonly place: Place
  readonly policy: Program
}

const Tables = ({ aging, place, policy }: TablesProps): VNode => {
  const { program, scale } = policy
  const query = { asOf: aging.asOf, knownAt: Dates.instantOf(place.knownAt), basis: "to-expiry" }
  const byExpiry = useAnswer<Aging>(ofProgram(program, ["aging"], query))
  const lots = aging.buckets.reduce((sum, one) => sum + one.lots, 0)
  return h(
    "div",
    null,
    figures(
      figure("Live points", Texts.amount(aging.total, scale), `in ${Texts.counted(lots, "lot")}`),
      restoredFigure(aging, scale)
    ),
    clocks(aging),
    agingSection(aging, byExpiry, scale),
    section("policy", "Present policy", terms(policy))
  )
}

const EXPIRED: Readonly<Record<string, string>> = {
  expire: "restored and expired at once",
  refuse: "the credit is refused"
}

const terms = ({ creditWindowDays, expiredLots, version, zone }: Program): VNode =>
  facts([
    ["Version", String(version)],
    ["Time zone", zone],
    [
      "Points that return to expired lots",
      EXPIRED[expiredLots] ?? `live again for ${expiredLots.replace("extend:", "")} days`
    ],
    ["Time limit for credits", creditWindowDays === null ? "none" : Texts.counted(creditWindowDays, "day")]
  ])
