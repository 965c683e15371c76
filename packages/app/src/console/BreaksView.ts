/** What reconciliations found and nobody has closed. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { Break, Breaks, Program } from "./Answers.ts"
import { useAnswer, useListing } from "./Asking.ts"
import { component } from "./Component.ts"
import * as Fields from "./Fields.ts"
import { answered, heading, link, more, useSaid } from "./Parts.ts"
import { fragment, go, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { storeProgram, useSession } from "./Session.ts"
import * as Words from "./Words.ts"

export const BreaksView = ({ place }: { readonly place: Place }): VNode => {
  const { own } = useSession()
  const { all, program, type } = place
  return h(
    "div",
    null,
    heading("Breaks", program === undefined ? undefined : ["of program ", isolated(program)]),
    Fields.form(
      {
        label: "Choose breaks",
        title: "Show",
        submit: (fields) => {
          storeProgram(fields["program"] as string)
          go("breaks", fields)
        }
      },
      Fields.programField(own, program),
      Fields.select({ name: "type", label: "Type", value: type }, [["", "all types"], ...Object.entries(Words.BREAKS)]),
      Fields.checkbox({ name: "all", label: "Closed and accepted ones too" }, all === "true")
    ),
    program === undefined
      ? note(
          "Where our records and Mastercard’s, or a statement, differ. Reconciliations find breaks; a later fact or a person closes them."
        )
      : component(Known, { place, program })
  )
}

const Known = ({ place, program }: { readonly place: Place; readonly program: string }): VNode =>
  answered(useAnswer<Program>(ofProgram(program, ["policy"])), "Loading the program", (policy) =>
    component(Listed, { place, policy })
  )

const Listed = ({ place, policy }: { readonly place: Place; readonly policy: Program }): VNode => {
  const { all, type } = place
  const { first, listing } = useListing<Breaks, Break>(
    ofProgram(policy.program, ["breaks"], { all, type }),
    (page) => page.breaks
  )
  const which = all === "true" ? "break" : "open break"
  const counted = Texts.counted(listing.items.length, which)
  useSaid(first.state === "answered" ? `${counted}${listing.more === undefined ? "" : ", and more"}` : null)
  return answered(first, "Loading the breaks", () => [
    listing.items.length === 0
      ? note(all === "true" ? "No reconciliation found a break." : "No break is open.")
      : breaks(listing.items, policy, all === "true"),
    more(listing, "breaks")
  ])
}

const breaks = (items: ReadonlyArray<Break>, { program, scale }: Program, withState: boolean): VNode =>
  table({
    caption: withState ? "Breaks, also those that are closed" : "Open breaks",
    columns: [
      { title: "Type" },
      ...(withState ? [{ title: "State" }] : []),
      { title: "Points", numeric: true },
      { title: "Age", numeric: true },
      { title: "Account" },
      { title: "Redemption" },
      { title: "Remedy" },
      { title: "Reason" }
    ],
    rows: items.map((found) => [
      link(fragment("break", { program, break: found.id }), Words.BREAKS[found.type] ?? found.type),
      ...(withState ? [found.state] : []),
      found.points === null ? "" : Texts.amount(found.points, scale),
      Texts.counted(found.age, "day"),
      link(fragment("account", { program, account: found.account }), isolated(found.account)),
      found.redemption === null
        ? ""
        : link(
            fragment("redemption", { program, account: found.account, redemption: found.redemption }),
            isolated(found.redemption)
          ),
      Words.BRIEFLY[found.remedy] ?? found.remedy,
      h("span", { class: "wrapped" }, found.reason)
    ])
  })
