/** A lot: what it holds, and what happened to it. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { section } from "../page/Section.ts"
import * as Texts from "../page/Texts.ts"
import type { LotTimeline, Program } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import { answered, clocks, figure, figures, heading, link, useSaid } from "./Parts.ts"
import { fragment, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { timeline } from "./Timeline.ts"

export const LotView = ({ place }: { readonly place: Place }): VNode => {
  const { account = "", lot = "", program = "" } = place
  const policy = useAnswer<Program>(ofProgram(program, ["policy"]))
  const back = fragment("account", { program, account, asOf: place.asOf, knownAt: place.knownAt })
  return h(
    "div",
    null,
    h("p", { class: "back" }, link(back, ["Account ", isolated(account)])),
    heading("Lot", [isolated(lot), " of account ", isolated(account), " in program ", isolated(program)]),
    answered(policy, "Loading the program", (known) => component(Told, { place, policy: known }))
  )
}

const Told = ({ place, policy }: { readonly place: Place; readonly policy: Program }): VNode => {
  const { account = "", lot = "" } = place
  const { program, scale, zone } = policy
  const query = { asOf: place.asOf, knownAt: Dates.instantOf(place.knownAt) }
  const asked = useAnswer<LotTimeline>(ofProgram(program, ["accounts", account, "lots", lot], query))
  useSaid(asked.state === "answered" ? `The lot holds ${Texts.amount(asked.answer.holds, scale)} points` : null)
  return answered(asked, "Loading the lot", (answer) => [
    figures(
      figure("Holds", Texts.amount(answer.holds, scale), "points"),
      figure("Earned", Dates.dateIn(zone, answer.earnedAt), "stays, whatever is redeemed and credited"),
      figure("Expires", answer.expiresAt === null ? "never" : Dates.dateIn(zone, answer.expiresAt), "")
    ),
    clocks(answer),
    section("steps", "What happened to it", timeline(answer.steps, scale))
  ])
}
