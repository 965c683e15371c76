/** One break: what both sides show, its history, what to do about it, and its acceptance. */
import type { VNode } from "preact"
import { useState } from "preact/hooks"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { BreakWithHistory, Program } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import { confirmation } from "./Confirm.ts"
import { useCommand } from "./Doing.ts"
import { answered, command, facts, focusHeading, heading, link, quoted, time, useSaid } from "./Parts.ts"
import { fragment, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { may, useSession } from "./Session.ts"
import * as Words from "./Words.ts"

export const BreakView = ({ place }: { readonly place: Place }): VNode => {
  const { break: id = "", program = "" } = place
  const policy = useAnswer<Program>(ofProgram(program, ["policy"]))
  return h(
    "div",
    null,
    h("p", { class: "back" }, link(fragment("breaks", { program }), "Breaks")),
    heading("Break", [h("code", null, id), " of program ", isolated(program)]),
    answered(policy, "Loading the program", (known) => component(Told, { id, policy: known }))
  )
}

const Told = ({ id, policy }: { readonly id: string; readonly policy: Program }): VNode => {
  const asked = useAnswer<BreakWithHistory>(ofProgram(policy.program, ["breaks", id]))
  useSaid(asked.state === "answered" ? `The break is ${asked.answer.state}` : null)
  const again = asked.state === "answered" ? asked.again : () => undefined
  return answered(asked, "Loading the break", (found) => shown(found, policy, again))
}

const shown = (
  found: BreakWithHistory,
  { program, scale }: Program,
  again: () => void
): ReadonlyArray<VNode | null> => {
  const { account, age, credit, firstSeen, lastSeen, points, reason, redemption, remedy, state, type } = found
  return [
    h("p", null, h("strong", null, Words.BREAKS[type] ?? type), `, ${state}: ${reason}.`),
    facts([
      ["Account", link(fragment("account", { program, account }), isolated(account))],
      ...(redemption === null
        ? []
        : [
            [
              "Redemption",
              link(fragment("redemption", { program, account, redemption }), isolated(redemption))
            ] as const
          ]),
      ...(credit === null ? [] : [["Credit", isolated(credit)] as const]),
      ...(points === null ? [] : [["Points", Texts.amount(points, scale)] as const]),
      ["Age", Texts.counted(age, "day")],
      ["First seen", time(firstSeen)],
      ["Last seen", time(lastSeen)]
    ]),
    state === "open" ? component(Remedy, { again, found, program, remedy }) : null,
    section("here", "On our side", evidence("Our records", found.here, scale)),
    section("there", "On the other side", evidence("The other side’s records", found.there, scale)),
    section("history", "History", history(found.history as unknown as ReadonlyArray<Entry>))
  ]
}

interface Record {
  readonly kind: string
  readonly redemption: string | null
  readonly credit: string | null
  readonly points: string
  readonly at: string
  readonly reference: string | null
  readonly status: string
  readonly remaining: string | null
}

const evidence = (caption: string, records: BreakWithHistory["here"], scale: number): VNode =>
  records.length === 0
    ? note("Nothing.")
    : table({
        caption,
        columns: [
          { title: "What" },
          { title: "Points", numeric: true },
          { title: "Remaining", numeric: true },
          { title: "At" },
          { title: "Redemption" },
          { title: "Credit" },
          { title: "Reference" },
          { title: "Status" }
        ],
        rows: (records as unknown as ReadonlyArray<Record>).map((one) => [
          one.kind,
          Texts.amount(one.points, scale),
          one.remaining === null ? "" : Texts.amount(one.remaining, scale),
          time(one.at),
          isolated(one.redemption ?? ""),
          isolated(one.credit ?? ""),
          isolated(one.reference ?? ""),
          one.status
        ])
      })

interface Entry {
  readonly kind: string
  readonly run: string | null
  readonly at: string
  readonly fact: string | null
  readonly actor: string | null
  readonly reason: string | null
}

const history = (entries: ReadonlyArray<Entry>): VNode =>
  h(
    "ol",
    { class: "timeline" },
    entries.map(({ actor, at, fact, kind, reason, run }) =>
      h(
        "li",
        { class: "move" },
        h("p", { class: "head" }, time(at), h("strong", null, kind), actor === null ? null : ["by ", isolated(actor)]),
        reason === null ? null : h("p", null, isolated(reason)),
        h(
          "p",
          { class: "told" },
          run === null ? "" : ["run ", isolated(run)],
          fact === null ? "" : [" by fact ", isolated(fact)]
        )
      )
    )
  )

interface RemedyProps {
  readonly again: () => void
  readonly found: BreakWithHistory
  readonly program: string
  readonly remedy: string
}

const Remedy = ({ again, found, program, remedy }: RemedyProps): VNode => {
  const session = useSession()
  return h(
    "section",
    { class: "held", "aria-label": "Remedy" },
    h("h2", null, "What to do"),
    h("p", null, Words.REMEDIES[remedy] ?? remedy),
    may(session, "decide")
      ? component(Accept, { again, id: found.id, program })
      : [
          h("p", null, "This key may not accept breaks (scope decide). On the command line:"),
          command(`pointback breaks accept ${quoted(found.id)} --actor <name> --reason <why>`)
        ]
  )
}

const Accept = ({
  again,
  id,
  program
}: {
  readonly again: () => void
  readonly id: string
  readonly program: string
}): VNode => {
  const [asked, setAsked] = useState(false)
  const { say } = useSession()
  const { begin, done, forget } = useCommand(ofProgram(program, ["breaks", id, "acceptance"]), () => {
    setAsked(false)
    say("The break is accepted")
    again()
    focusHeading()
  })
  const close = () => {
    setAsked(false)
    forget()
  }
  return h(
    "div",
    { class: "buttons" },
    h("button", { type: "button", onClick: () => setAsked(true) }, "Accept this break"),
    asked
      ? confirmation({
          title: "Accept this break?",
          text: "It is taken for settled as it is. No points move; both sides stay as they are.",
          action: "Accept the break",
          done,
          confirm: (reason) => begin({ reason }),
          close
        })
      : null
  )
}
