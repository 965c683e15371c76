/** An account: what it holds, now or as of a day, its lots, its balance over time, and its redemptions. */
import type { VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import { table } from "../page/Table.ts"
import * as Texts from "../page/Texts.ts"
import { agingSection, restoredFigure } from "./AgingTable.ts"
import type { Aging, Lots, Program, Redemptions, RedemptionSummary } from "./Answers.ts"
import { useAnswer, useListing } from "./Asking.ts"
import { balanceChart } from "./BalanceChart.ts"
import { component } from "./Component.ts"
import * as Dates from "./Dates.ts"
import * as Decimals from "./Decimals.ts"
import * as Fields from "./Fields.ts"
import { answered, clocks, figure, figures, heading, link, more, useSaid } from "./Parts.ts"
import { fragment, go, type Place } from "./Place.ts"
import { ofProgram } from "./Server.ts"
import { storeProgram, useSession } from "./Session.ts"
import * as Words from "./Words.ts"

/** Finds an account. */
const Search = ({ place }: { readonly place: Place }): VNode => {
  const { own } = useSession()
  return Fields.form(
    {
      label: "Find an account",
      title: "Show",
      submit: ({ account, asOf, knownAt, program }) => {
        storeProgram(program as string)
        go("account", { program, account, asOf, knownAt })
      }
    },
    Fields.programField(own, place.program),
    Fields.input({ name: "account", label: "Account number", value: place.account, required: true, room: "grow" }),
    ...Fields.clockFields(place.asOf, place.knownAt)
  )
}

export const AccountView = ({ place }: { readonly place: Place }): VNode => {
  const { account, program } = place
  const known = program !== undefined && account !== undefined
  return h(
    "div",
    null,
    heading("Account", known ? [isolated(account), " in program ", isolated(program)] : undefined),
    component(Search, { place }),
    known
      ? component(Found, { place, program, account })
      : note(
          "Type a program and an account number. What is found: its points now or as of any day, its lots, its redemptions and their credits."
        )
  )
}

interface Of {
  readonly place: Place
  readonly program: string
  readonly account: string
}

const Found = ({ account, place, program }: Of): VNode =>
  answered(useAnswer<Program>(ofProgram(program, ["policy"])), "Loading the program", (policy) =>
    component(Held, { account, place, policy })
  )

interface With {
  readonly account: string
  readonly place: Place
  readonly policy: Program
}

const Held = ({ account, place, policy }: With): VNode => {
  const asked = { asOf: place.asOf, knownAt: Dates.instantOf(place.knownAt) }
  const byAge = useAnswer<Aging>(ofProgram(policy.program, ["accounts", account, "aging"], asked))
  const text =
    byAge.state === "answered"
      ? `${Texts.amount(byAge.answer.total, policy.scale)} live points in the account, as of ${Texts.instant(byAge.answer.asOf)}`
      : byAge.state === "waiting"
        ? "Loading the account"
        : null
  useSaid(text)
  return answered(byAge, "Loading the account", (aging) => [
    component(Summary, { account, aging, place, policy }),
    balanceChart({ policy, account, asOf: aging.asOf, knownAt: asked.knownAt }),
    component(LotList, { account, aging, place, policy }),
    component(RedemptionList, { account, place, policy })
  ])
}

/** The same aging by both measures, as of the same instant. */
const Summary = ({ account, aging, place, policy }: With & { readonly aging: Aging }): VNode => {
  const { scale } = policy
  const query = { asOf: aging.asOf, knownAt: Dates.instantOf(place.knownAt), basis: "to-expiry" }
  const byExpiry = useAnswer<Aging>(ofProgram(policy.program, ["accounts", account, "aging"], query))
  const lots = aging.buckets.reduce((sum, one) => sum + one.lots, 0)
  const soon = byExpiry.state === "answered" ? byExpiry.answer.buckets[0] : undefined
  return h(
    "div",
    null,
    figures(
      figure("Live points", Texts.amount(aging.total, scale), `in ${Texts.counted(lots, "lot")}`),
      figure(
        `Expire within ${Texts.bucket(soon?.bucket ?? "0-30").replace(/^0\u2013/, "")}`,
        soon === undefined ? "…" : Texts.amount(soon.points, scale),
        soon === undefined ? "" : `in ${Texts.counted(soon.lots, "lot")}`
      ),
      restoredFigure(aging, scale)
    ),
    clocks(aging),
    agingSection(aging, byExpiry, scale)
  )
}

const LotList = ({ account, aging, place, policy }: With & { readonly aging: Aging }): VNode => {
  const { program, scale, zone } = policy
  const knownAt = Dates.instantOf(place.knownAt)
  const { first, listing } = useListing<Lots, Lots["lots"][number]>(
    ofProgram(program, ["lots"], { account, asOf: aging.asOf, knownAt }),
    ({ lots }) => lots
  )
  const today = Dates.dateIn(zone, aging.asOf)
  const numeric = (title: string) => ({ title, numeric: true })
  return section(
    "lots",
    "Lots",
    answered(first, "Loading the lots", () => [
      listing.items.length === 0
        ? note("No lot holds live points.")
        : table({
            caption: "Lots that hold live points, in the order in which they are drawn",
            columns: [
              { title: "Lot" },
              numeric("Points"),
              numeric("Put back by credits"),
              { title: "Earned" },
              numeric("Age"),
              { title: "Expires" },
              numeric("Left")
            ],
            rows: listing.items.map(({ earnedAt, expiresAt, lot, points, restored }) => {
              const earned = Dates.dateIn(zone, earnedAt)
              const expires = expiresAt === null ? null : Dates.dateIn(zone, expiresAt)
              const here = { program, account, lot, asOf: place.asOf, knownAt: place.knownAt }
              return [
                link(fragment("lot", here), isolated(lot)),
                Texts.amount(points, scale),
                Texts.amount(restored, scale),
                earned,
                Texts.counted(Dates.daysBetween(earned, today), "day"),
                expires ?? "never",
                expires === null ? "" : Texts.counted(Dates.daysBetween(today, expires), "day")
              ]
            })
          }),
      more(listing, "lots")
    ])
  )
}

const stateOf = ({ state }: RedemptionSummary): VNode =>
  h(
    "span",
    { class: state === "creditUnknown" || state === "creditInFlight" ? "tag held-points" : "tag" },
    Words.STATES[state]
  )

const RedemptionList = ({ account, place, policy }: With): VNode => {
  const { program, scale, zone } = policy
  const { first, listing } = useListing<Redemptions, RedemptionSummary>(
    ofProgram(program, ["accounts", account, "redemptions"]),
    ({ redemptions }) => redemptions
  )
  const numeric = (title: string) => ({ title, numeric: true })
  const past = place.asOf !== undefined || place.knownAt !== undefined
  return section(
    "redemptions",
    "Redemptions",
    past ? note("As they are now: a redemption’s own page has it as of the day that you asked about.") : null,
    answered(first, "Loading the redemptions", () => [
      listing.items.length === 0
        ? note("Nothing was ever redeemed from this account.")
        : table({
            caption: "Redemptions as they are now, the latest first",
            columns: [
              { title: "Redemption" },
              { title: "Redeemed" },
              { title: "Type" },
              numeric("Points"),
              numeric("Credited"),
              numeric("Remaining"),
              numeric("In flight"),
              { title: "State" }
            ],
            rows: listing.items.map((one) => [
              link(
                fragment("redemption", {
                  program,
                  account,
                  redemption: one.redemption,
                  asOf: place.asOf,
                  knownAt: place.knownAt
                }),
                isolated(one.redemption)
              ),
              Dates.dateIn(zone, one.redeemedAt),
              one.type.toLowerCase(),
              Texts.amount(one.points, scale),
              Texts.amount(one.credited, scale),
              Texts.amount(one.remaining, scale),
              Decimals.isZero(one.inFlight) ? "" : Texts.amount(one.inFlight, scale),
              stateOf(one)
            ])
          }),
      more(listing, "redemptions")
    ])
  )
}
