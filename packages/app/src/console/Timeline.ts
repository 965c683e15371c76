/** What happened to a redemption or to a lot, step by step, with both clocks and who did it. */
import type { ComponentChildren, VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import * as Texts from "../page/Texts.ts"
import type { Restored } from "./Answers.ts"
import { time } from "./Parts.ts"
import * as Words from "./Words.ts"

/** A step as the API tells it; which fields it has depends on what it is. */
export interface Step {
  readonly step: string
  readonly occurredAt: string
  readonly recordedAt?: string | null
  readonly event?: string | null
  readonly actor?: string | null
  readonly policyVersion?: number | null
  readonly points?: string
  readonly remaining?: string
  readonly holds?: string
  readonly credit?: string | null
  readonly redemption?: string
  readonly fate?: string
  readonly from?: string | null
  readonly into?: string | null
  readonly mode?: string
  readonly cause?: string
  readonly reason?: string | null
  readonly source?: string | null
  readonly restorations?: ReadonlyArray<Restored>
  readonly reasons?: ReadonlyArray<{
    readonly source: string
    readonly reasonCode: string
    readonly description: string
  }>
  readonly bookings?: ReadonlyArray<{ readonly points: string; readonly recordedAt: string; readonly event: string }>
}

const FATES: Readonly<Record<Restored["fate"], (amount: string, lot: VNode, from: VNode | null) => ComponentChildren>> =
  {
    live: (amount, lot) => [`${amount} live in lot `, lot],
    expired: (amount, lot) => [`${amount} to lot `, lot, ", which had expired"],
    extended: (amount, lot, from) => [`${amount} in new lot `, lot, from === null ? "" : [", from lot ", from]]
  }

const restorations = (step: Step, amount: (decimal: string) => string): ReadonlyArray<VNode> =>
  (step.restorations ?? []).map(({ fate, from, lot, points }) =>
    h("li", null, FATES[fate](amount(points), isolated(lot), from === undefined ? null : isolated(from)))
  )

const reasons = ({ reasons: why = [] }: Step): ReadonlyArray<VNode> =>
  why.map(({ description, reasonCode, source }) => h("li", null, `${source} ${reasonCode}: `, isolated(description)))

const bookings = ({ bookings: booked = [] }: Step, amount: (decimal: string) => string): ReadonlyArray<VNode> =>
  booked.map(({ event, points, recordedAt }) =>
    h("li", null, `booked ${amount(points)}, recorded `, time(recordedAt), ", event ", h("code", null, event))
  )

const named = ({ credit, redemption }: Step): ComponentChildren => [
  typeof credit === "string" ? ["credit ", isolated(credit)] : null,
  redemption === undefined
    ? null
    : [typeof credit === "string" ? " of redemption " : "redemption ", isolated(redemption)]
]

const detail = (step: Step, amount: (decimal: string) => string): ReadonlyArray<VNode> => [
  ...restorations(step, amount),
  ...(typeof step.fate === "string" ? [h("li", null, `its points came back ${step.fate}`)] : []),
  ...(typeof step.into === "string" ? [h("li", null, "into lot ", isolated(step.into))] : []),
  ...(step.cause === undefined ? [] : [h("li", null, Words.CAUSES[step.cause] ?? step.cause)]),
  ...(typeof step.reason === "string" ? [h("li", null, "reason: ", isolated(step.reason))] : []),
  ...(typeof step.source === "string" ? [h("li", null, "source: ", isolated(step.source))] : []),
  ...reasons(step),
  ...bookings(step, amount)
]

const told = ({ actor, event, policyVersion, recordedAt }: Step): ComponentChildren => [
  typeof recordedAt === "string" ? ["recorded ", time(recordedAt)] : "expiry follows from the lot’s date",
  typeof actor === "string" ? [", by ", isolated(actor)] : null,
  typeof policyVersion === "number" ? `, policy ${policyVersion}` : null,
  typeof event === "string" ? [", event ", h("code", null, event)] : null
]

const item = (step: Step, scale: number): VNode => {
  const amount = (decimal: string) => Texts.amount(decimal, scale)
  const requested = step.step === "CreditRequested"
  return h(
    "li",
    { class: `move ${step.step}` },
    h(
      "p",
      { class: "head" },
      time(step.occurredAt),
      h("strong", null, Words.STEPS[step.step] ?? step.step),
      step.points === undefined ? null : h("span", { class: "amount" }, amount(step.points)),
      h("span", { class: "named" }, named(step)),
      step.remaining === undefined ? null : h("span", { class: "balance" }, `${amount(step.remaining)} remain`),
      step.holds === undefined ? null : h("span", { class: "balance" }, `holds ${amount(step.holds)}`)
    ),
    requested && (step.restorations ?? []).length > 0 ? h("p", { class: "told" }, "Planned:") : null,
    h("ul", { class: "moved" }, detail(step, amount)),
    h("p", { class: "told" }, told(step))
  )
}

/** The steps in the order in which they happened. */
export const timeline = (steps: ReadonlyArray<Step>, scale: number): VNode =>
  h(
    "ol",
    { class: "timeline" },
    steps.map((step) => item(step, scale))
  )
