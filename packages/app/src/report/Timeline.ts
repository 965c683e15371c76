/** What happened, as a list. */
import type { ComponentChildren, VNode } from "preact"
import { h, isolated } from "../page/Element.ts"
import { note, section } from "../page/Section.ts"
import type { Move, MoveKind } from "./Move.ts"
import type { ReportData } from "./ReportData.ts"
import * as Words from "./Words.ts"

const { count, instant } = Words

const KINDS: Readonly<Record<MoveKind, string>> = {
  earned: "Earned",
  adjusted: "Adjusted",
  redeemed: "Redeemed",
  credited: "Credited",
  expired: "Expired"
}

const lotText = (
  { amount, change }: Words.Amounts,
  { expired, lotId, points }: Move["lots"][number]
): ReadonlyArray<VNode> => [
  ...(points === 0n ? [] : [h("li", null, `${change(points)} in lot `, isolated(lotId))]),
  ...(expired === 0n ? [] : [h("li", null, `${amount(expired)} to lot `, isolated(lotId), ", which had expired")])
]

const named = ({ account, creditId, redemptionId }: Move): ReadonlyArray<ComponentChildren> => [
  ...(creditId === null ? [] : ["credit ", isolated(creditId), " of "]),
  ...(redemptionId === null ? [] : ["redemption ", isolated(redemptionId)]),
  ...(account === null ? [] : [" of account ", isolated(account)])
]

const moveItem = (words: Words.Amounts, move: Move): VNode => {
  const { at, balance, eventId, expired, kind, lots: moved, points, recordedAt } = move
  const { amount, change } = words
  return h(
    "li",
    { class: `move ${kind}` },
    h(
      "p",
      { class: "head" },
      h("time", { dateTime: Words.machineInstant(at) }, instant(at)),
      h("strong", null, KINDS[kind]),
      h("span", { class: "amount" }, points === 0n && expired > 0n ? "0 live" : change(points)),
      h("span", { class: "named" }, named(move)),
      balance === null ? null : h("span", { class: "balance" }, `balance ${amount(balance)}`)
    ),
    h(
      "ul",
      { class: "moved" },
      moved.flatMap((lot) => lotText(words, lot))
    ),
    h(
      "p",
      { class: "told" },
      recordedAt === null ? "not booked by a sweep yet" : `recorded ${instant(recordedAt)}`,
      eventId === null ? null : [", event ", h("code", null, eventId)]
    )
  )
}

/** What happened, the last first. */
export const timeline = ({ account, moves: { items, of }, policy }: ReportData): VNode =>
  section(
    "timeline",
    account === null ? "Latest redemptions and credits" : "Timeline",
    items.length === 0
      ? note("Nothing happened.")
      : h(
          "ol",
          { class: "timeline", reversed: true, start: of ?? items.length },
          items.map((move) => moveItem(Words.amounts(policy.scale), move))
        ),
    of === null || of > items.length
      ? note(`The latest ${count(items.length)}${of === null ? "" : ` of ${count(of)}`}; earlier ones are left out.`)
      : null
  )
