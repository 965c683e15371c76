/** A program's credits in flight, and what settles them. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { CreditInFlight, CreditsInFlight, Program, Settled } from "./Answers.ts"
import { useAnswer, useListing } from "./Asking.ts"
import { component } from "./Component.ts"
import { creditCard } from "./CreditCard.ts"
import { useCommand } from "./Doing.ts"
import * as Fields from "./Fields.ts"
import { answered, heading, more, trouble, useSaid, waiting } from "./Parts.ts"
import { go, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { may, storeProgram, useSession } from "./Session.ts"

export const InFlightView = ({ place }: { readonly place: Place }): VNode => {
  const { own } = useSession()
  const { program } = place
  return h(
    "div",
    null,
    heading("Credits in flight", program === undefined ? undefined : ["of program ", isolated(program)]),
    Fields.form(
      {
        label: "Choose a program",
        title: "Show",
        submit: ({ program: chosen }) => {
          storeProgram(chosen as string)
          go("in-flight", { program: chosen })
        }
      },
      Fields.programField(own, program)
    ),
    program === undefined
      ? note(
          "Credits that were asked for and of which nobody knows yet what became. Their points are held until they are settled."
        )
      : component(Known, { program })
  )
}

const Known = ({ program }: { readonly program: string }): VNode =>
  answered(useAnswer<Program>(ofProgram(program, ["policy"])), "Loading the program", (policy) =>
    component(Listed, { policy })
  )

const Listed = ({ policy }: { readonly policy: Program }): VNode => {
  const session = useSession()
  const { first, listing } = useListing<CreditsInFlight, CreditInFlight>(
    ofProgram(policy.program, ["credits", "in-flight"]),
    ({ credits }) => credits
  )
  const again = first.state === "answered" ? first.again : () => undefined
  const count = Texts.counted(listing.items.length, "credit")
  useSaid(first.state === "answered" ? `${count} in flight${listing.more === undefined ? "" : ", and more"}` : null)
  return answered(first, "Loading the credits", () => [
    listing.items.length === 0
      ? note("No credit is in flight: what became of each is known.")
      : [
          may(session, "decide") ? component(Settle, { again, policy }) : null,
          h(
            "ul",
            { class: "timeline" },
            listing.items.map((credit) => creditCard({ credit, scale: policy.scale, again }))
          )
        ],
    more(listing, "credits")
  ])
}

const Settle = ({ again, policy }: { readonly again: () => void; readonly policy: Program }): VNode => {
  const { say } = useSession()
  const { begin, done } = useCommand<Settled>(ofProgram(policy.program, ["settlement"]), (settled) => {
    say(summary(settled))
    again()
  })
  return section(
    "settle",
    "Settle",
    note(
      "Looks at Mastercard’s listing what became of each: what is found is confirmed, what is certainly absent is released, what is uncertain stays."
    ),
    h(
      "div",
      { class: "buttons" },
      h(
        "button",
        { class: "first", type: "button", disabled: done.state === "waiting", onClick: () => begin({}) },
        "Ask Mastercard now"
      )
    ),
    done.state === "waiting" ? waiting("Asking Mastercard") : null,
    done.state === "failed" ? trouble(done.trouble) : null,
    done.state === "done" ? came(done.answer, policy.scale) : null
  )
}

const summary = ({ confirmed, open, released, young }: Settled): string =>
  `${confirmed} confirmed, ${released} released, ${open} still open, ${young} too young to be looked at`

const came = (settled: Settled, scale: number): VNode =>
  h(
    "div",
    null,
    note(`${summary(settled)}.`),
    settled.credits.length === 0
      ? null
      : table({
          caption: "What settling found",
          columns: [{ title: "Credit" }, { title: "Points", numeric: true }, { title: "Result" }, { title: "Why" }],
          rows: settled.credits.map(({ creditId, detail, points, reason, result }) => [
            isolated(creditId),
            Texts.amount(points, scale),
            result,
            [reason, detail].filter((one) => one !== null).join(": ")
          ])
        })
  )
