/** A redemption: what was redeemed and credited, from which lots, and its stream of events. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import type { CreditInFlight, Program, RedemptionTimeline } from "./Answers.ts"
import { useAnswer } from "./Asking.ts"
import { component } from "./Component.ts"
import { creditInFlight } from "./CreditCard.ts"
import * as Dates from "./Dates.ts"
import * as Decimals from "./Decimals.ts"
import { answered, clocks, figure, figures, heading, link, time, useSaid } from "./Parts.ts"
import { fragment, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { type Step, timeline } from "./Timeline.ts"

export const RedemptionView = ({ place }: { readonly place: Place }): VNode => {
  const { account = "", program = "", redemption = "" } = place
  const policy = useAnswer<Program>(ofProgram(program, ["policy"]))
  return h(
    "div",
    null,
    h(
      "p",
      { class: "back" },
      link(fragment("account", { program, account, asOf: place.asOf, knownAt: place.knownAt }), [
        "Account ",
        isolated(account)
      ])
    ),
    heading("Redemption", [isolated(redemption), " of account ", isolated(account), " in program ", isolated(program)]),
    answered(policy, "Loading the program", (known) => component(Told, { place, policy: known }))
  )
}

const Told = ({ place, policy }: { readonly place: Place; readonly policy: Program }): VNode => {
  const { account = "", redemption = "" } = place
  const query = { asOf: place.asOf, knownAt: Dates.instantOf(place.knownAt) }
  const asked = useAnswer<RedemptionTimeline>(
    ofProgram(policy.program, ["accounts", account, "redemptions", redemption], query)
  )
  useSaid(
    asked.state === "answered"
      ? `${Texts.amount(asked.answer.remaining, policy.scale)} points remain of the redemption`
      : asked.state === "waiting"
        ? "Loading the redemption"
        : null
  )
  return answered(asked, "Loading the redemption", (answer) => {
    const again = asked.state === "answered" ? asked.again : () => undefined
    return shown(answer, place, policy, again)
  })
}

/** The credit that is in flight at the end of the stream, if one is. */
const openCredit = ({ account, program, redemption, steps }: RedemptionTimeline): CreditInFlight | null => {
  const last = steps.at(-1) as Step | undefined
  if (last?.step !== "CreditRequested" && last?.step !== "CreditOutcomeUnknown") return null
  const creditId = last.credit as string
  const request = steps.findLast((one) => one.step === "CreditRequested" && one["credit"] === creditId) as
    | Step
    | undefined
  const state = last.step === "CreditOutcomeUnknown" ? "unknown" : "inFlight"
  return {
    program,
    account,
    redemption,
    creditId,
    points: request?.points ?? "0",
    requestedAt: request?.recordedAt ?? last.occurredAt,
    state,
    remedy: ""
  }
}

const left = ({ remaining }: RedemptionTimeline, open: CreditInFlight | null): string => {
  if (Decimals.isZero(remaining)) return "nothing is left to credit"
  return open === null ? "can be credited" : "with the points in flight"
}

const shown = (
  answer: RedemptionTimeline,
  place: Place,
  policy: Program,
  again: () => void
): ReadonlyArray<VNode | null> => {
  const { credited, points, processedBy, redeemedAt, remaining, steps, type } = answer
  const amount = (decimal: string) => Texts.amount(decimal, policy.scale)
  const present = place.asOf === undefined && place.knownAt === undefined
  const open = openCredit(answer)
  return [
    figures(
      figure("Redeemed", amount(points), [`${type.toLowerCase()}, `, time(redeemedAt), ", by ", isolated(processedBy)]),
      figure("Credited", amount(credited), "given back"),
      figure("Remaining", amount(remaining), left(answer, open)),
      figure("In flight", amount(open?.points ?? "0"), open === null ? "nothing" : "held until it is settled")
    ),
    clocks(answer),
    open === null || !present ? null : creditInFlight({ credit: open, scale: policy.scale, again }),
    draws(answer, place, policy),
    section("stream", "Stream of events", timeline(steps, policy.scale))
  ]
}

const draws = (
  { account, draws: drawn, program }: RedemptionTimeline,
  place: Place,
  { scale, zone }: Program
): VNode => {
  const amount = (decimal: string) => Texts.amount(decimal, scale)
  const numeric = (title: string) => ({ title, numeric: true })
  return section(
    "draws",
    "Drawn from",
    table({
      caption: "Lots in the order in which they were drawn, and what credits gave back to each",
      columns: [
        { title: "Lot" },
        numeric("Drawn"),
        numeric("Back, live"),
        numeric("Back, expired"),
        numeric("Back, extended"),
        numeric("Outstanding"),
        { title: "Earned" },
        { title: "Expires" }
      ],
      rows: drawn.map(({ earnedAt, expiresAt, lot, points, restored }) => [
        link(fragment("lot", { program, account, lot, asOf: place.asOf, knownAt: place.knownAt }), isolated(lot)),
        amount(points),
        amount(restored.live),
        amount(restored.expired),
        amount(restored.extended),
        amount(Decimals.sum([points, ...[restored.live, restored.expired, restored.extended].map(Decimals.negated)])),
        Dates.dateIn(zone, earnedAt),
        expiresAt === null ? "never" : Dates.dateIn(zone, expiresAt)
      ])
    })
  )
}
