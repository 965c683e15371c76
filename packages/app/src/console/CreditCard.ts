/** A credit of which nobody knows yet what became: what holds its points, and what to do about it. */
import type { VNode } from "preact"
import { useState } from "preact/hooks"
import { h, isolated } from "../page/Element.ts"
import * as Texts from "../page/Texts.ts"
import type { CreditInFlight } from "./Answers.ts"
import { component } from "./Component.ts"
import { confirmation } from "./Confirm.ts"
import { useCommand } from "./Doing.ts"
import { command, facts, focusHeading, link, quoted, time } from "./Parts.ts"
import { fragment } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { may, useSession } from "./Session.ts"
import * as Words from "./Words.ts"

interface Props {
  readonly credit: CreditInFlight
  readonly scale: number
  /** Loads again what the credit stands in. */
  readonly again: () => void
}

const DECISIONS = {
  confirm: {
    button: "It happened: confirm",
    title: "Confirm this credit?",
    text: "It is booked as Mastercard’s: its points go back to their lots as they were planned. Do this only if Mastercard’s side shows the credit.",
    action: "Confirm the credit"
  },
  release: {
    button: "It never happened: release",
    title: "Release this credit?",
    text: "It is recorded as declined: its points can be credited again. Do this only if Mastercard’s side shows that the credit never happened; otherwise the member may be credited twice.",
    action: "Release the points"
  }
} as const

type Decision = keyof typeof DECISIONS

const Decide = ({ again, credit }: Props): VNode => {
  const [asked, setAsked] = useState<Decision | null>(null)
  const { say } = useSession()
  const { account, creditId, program } = credit
  const { begin, done, forget } = useCommand(
    ofProgram(program, ["accounts", account, "credits", creditId, "decision"]),
    () => {
      setAsked(null)
      say("The decision is recorded")
      again()
      focusHeading()
    }
  )
  const close = () => {
    setAsked(null)
    forget()
  }
  return h(
    "div",
    { class: "buttons" },
    (Object.keys(DECISIONS) as ReadonlyArray<Decision>).map((decision) =>
      h("button", { type: "button", onClick: () => setAsked(decision) }, DECISIONS[decision].button)
    ),
    asked === null
      ? null
      : confirmation({
          title: DECISIONS[asked].title,
          text: [`${DECISIONS[asked].text} Credit `, isolated(creditId), "."],
          action: DECISIONS[asked].action,
          done,
          confirm: (reason) => begin({ decision: asked, reason }),
          close
        })
  )
}

/** What can be typed where the key may not decide. */
const typed = ({ account, creditId, program }: CreditInFlight): ReadonlyArray<VNode> => {
  const names = `--program ${quoted(program)} --account ${quoted(account)} --credit-id ${quoted(creditId)}`
  return [
    h("p", null, "This key may not settle or decide (scope decide). On the command line, settling asks Mastercard:"),
    command(`pointback settle --program ${quoted(program)}`),
    h(
      "p",
      null,
      "What stays uncertain is looked up at Mastercard, and decided by name and reason (--release where it never happened):"
    ),
    command(`pointback settle ${names} --confirm --actor <name> --reason <why>`)
  ]
}

const Remedy = (props: Props): VNode => {
  const session = useSession()
  return h(
    "div",
    null,
    h(
      "p",
      null,
      props.credit.state === "inFlight"
        ? "Its call may be under way. Settle once two minutes have passed."
        : "Do not send it again under another id. Settling asks Mastercard; if that stays uncertain, look it up there, then confirm or release it by name."
    ),
    may(session, "decide") ? component(Decide, props) : typed(props.credit)
  )
}

/** As an item of a list. */
export const creditCard = (props: Props): VNode => {
  const { account, creditId, points, program, redemption, requestedAt, state } = props.credit
  return h(
    "li",
    { class: "card" },
    h("h2", null, "Credit ", isolated(creditId)),
    facts([
      ["Points held", Texts.amount(points, props.scale)],
      ["Redemption", link(fragment("redemption", { program, account, redemption }), isolated(redemption))],
      ["Account", link(fragment("account", { program, account }), isolated(account))],
      ["Requested", time(requestedAt)],
      ["State", Words.IN_FLIGHT[state]]
    ]),
    component(Remedy, props)
  )
}

/** On the page of its redemption. */
export const creditInFlight = (props: Props): VNode => {
  const { creditId, points, requestedAt, state } = props.credit
  return h(
    "section",
    { class: "held", "aria-label": "Credit in flight" },
    h("h2", null, "Credit ", isolated(creditId), ` is ${Words.IN_FLIGHT[state]}`),
    h("p", null, `${Texts.amount(points, props.scale)} points are held since `, time(requestedAt), "."),
    component(Remedy, props)
  )
}
