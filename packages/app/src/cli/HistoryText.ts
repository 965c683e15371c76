/** A history as text for people: timelines that run from top to bottom, and a table with bars. */
import { Points, Restoration } from "@pointback/domain"
import type { LotTimeline, RedemptionTimeline } from "@pointback/domain"
import type { SeriesAnswer } from "../query/AccountHistory.ts"
import { bar } from "./Bar.ts"
import * as Output from "./Output.ts"

const { instantText, pointsText } = Output

/** How the question was asked on the second clock. */
export const knownText = (knownAt: bigint | null): string =>
  knownAt === null ? "as known now (provisional)" : `as known at ${instantText(knownAt)}`

/** Columns of a bar beside a step. */
const BAR_WIDTH = 16

interface Told {
  readonly recordedAt: bigint
  readonly eventId: string
  readonly actor: string | null
  readonly policyVersion: number | null
}

const toldText = ({ actor, eventId, policyVersion, recordedAt }: Told): string =>
  [
    `recorded ${instantText(recordedAt)}`,
    `event ${eventId}`,
    ...(actor === null ? [] : [`by ${actor}`]),
    ...(policyVersion === null ? [] : [`policy version ${policyVersion}`])
  ].join(", ")

/** A step of a timeline: its line, and what is said below it beside the line that leads on. */
const step = (mark: string, line: string, below: ReadonlyArray<string>, last: boolean): ReadonlyArray<string> => [
  `${mark} ${line}`.trimEnd(),
  ...below.map((text) => `${last ? " " : "│"}    ${text}`)
]

export const lot = (account: string, timeline: LotTimeline.LotTimeline): string => {
  const { asOf, earnedAt, expiresAt, holds, knownAt, lotId, steps } = timeline
  const most = steps.reduce((greatest, { holds: held }) => (held > greatest ? held : greatest), 0n)
  const width = Math.max(...steps.map(({ occurredAt }) => instantText(occurredAt).length))
  const told = steps.map((one) => lotStep(one))
  const wide = Math.max(...told.map(({ what }) => what.length))
  return [
    `lot ${lotId} of account ${account}: earned ${instantText(earnedAt)}, ` +
      (expiresAt === null ? "never expires" : `expires ${instantText(expiresAt)}`),
    `holds ${pointsText(holds)} as of ${instantText(asOf)}, ${knownText(knownAt)}`,
    "",
    ...steps.flatMap((one, index) => {
      const { below, mark, what } = told[index] as (typeof told)[number]
      const held = `${Points.toString(one.holds).padStart(Points.toString(most).length)}  ${bar(one.holds, most, BAR_WIDTH)}`
      const line = `${instantText(one.occurredAt).padEnd(width)}  ${what.padEnd(wide)}  ${held}`
      return step(mark, line, below, index === steps.length - 1)
    })
  ].join("\n")
}

interface Line {
  readonly mark: string
  readonly what: string
  readonly below: ReadonlyArray<string>
}

const lotStep = (one: LotTimeline.LotStep): Line => {
  const points = Points.toString(one.points)
  switch (one._tag) {
    case "Expired":
      return {
        mark: "○",
        what: `expired ${points}`,
        below: one.bookings.length === 0 ? notBooked(one.points) : one.bookings.map(bookingText)
      }
    case "Earned":
      return {
        mark: "●",
        what: `earned ${points}`,
        below: [...(one.source === null ? [] : [`from ${one.source}`]), toldText(one)]
      }
    case "Adjusted":
      return { mark: "●", what: `adjusted by ${points}`, below: [`because: ${one.reason}`, toldText(one)] }
    case "Drawn":
      return { mark: "●", what: `drawn ${points} by redemption ${one.redemptionId}`, below: [toldText(one)] }
    case "Restored":
      return { mark: one.fate === "expired" ? "○" : "●", what: restoredText(one, points), below: [toldText(one)] }
  }
}

const notBooked = (points: bigint): ReadonlyArray<string> => (points === 0n ? [] : ["not booked by a sweep yet"])

const bookingText = ({ points, ...told }: LotTimeline.Booking): string =>
  `booked ${Points.toString(points)}, ${toldText({ ...told, policyVersion: null })}`

const restoredText = (
  { creditId, fate, from, into, redemptionId }: Extract<LotTimeline.LotStep, { _tag: "Restored" }>,
  points: string
): string => {
  const by = `by credit ${creditId} of redemption ${redemptionId}`
  if (fate === "live") return `restored ${points} live ${by}`
  if (fate === "expired") return `restored ${points} and expired at once ${by}`
  return into === null ? `extended ${points} from lot ${from} ${by}` : `extended ${points} into lot ${into} ${by}`
}

export const redemption = (account: string, timeline: RedemptionTimeline.RedemptionTimeline): string => {
  const { asOf, credited, draws, knownAt, points, processedBy, redemptionId, redemptionType, remaining, steps } =
    timeline
  const width = Math.max(...steps.map(({ occurredAt }) => instantText(occurredAt).length))
  return [
    `redemption ${redemptionId} of account ${account}: ${pointsText(points)}, ${redemptionType}, processed by ${processedBy}`,
    `${Points.toString(credited)} credited, ${Points.toString(remaining)} remain as of ${instantText(asOf)}, ${knownText(knownAt)}`,
    "",
    ...steps.flatMap((one, index) => {
      const left = `${Points.toString(one.remaining).padStart(Points.toString(points).length)} remain  ${bar(one.remaining, points, BAR_WIDTH)}`
      const line = `${instantText(one.occurredAt).padEnd(width)}  ${redemptionStep(one)}, ${left}`
      return step(markOf(one), line, [...belowOf(one), toldText(one)], index === steps.length - 1)
    }),
    "",
    drawTable(draws)
  ].join("\n")
}

const markOf = ({ _tag }: RedemptionTimeline.RedemptionStep): string =>
  _tag === "CreditRequested" || _tag === "CreditOutcomeUnknown" ? "◌" : _tag === "CreditDeclined" ? "○" : "●"

const redemptionStep = (one: RedemptionTimeline.RedemptionStep): string => {
  switch (one._tag) {
    case "Redeemed":
      return `redeemed ${Points.toString(one.points)}`
    case "CreditRequested":
      return `credit ${one.creditId} of ${Points.toString(one.points)} requested`
    case "PartiallyCredited":
    case "FullyCredited":
      return `credited ${Points.toString(one.points)} as ${one.creditId}`
    case "CreditDeclined":
      return `credit ${one.creditId} declined`
    case "CreditOutcomeUnknown":
      return `outcome of credit ${one.creditId} unknown (${one.cause})`
  }
}

const belowOf = (one: RedemptionTimeline.RedemptionStep): ReadonlyArray<string> => {
  switch (one._tag) {
    case "Redeemed":
      return one.draws.map(({ lotId, points }) => `drawn ${Points.toString(points)} from lot ${lotId}`)
    case "CreditRequested":
      return one.restorations.map((restoration) => `to be ${restorationText(restoration)}`)
    case "PartiallyCredited":
    case "FullyCredited":
      return one.restorations.map(restorationText)
    case "CreditDeclined":
      return one.reasons.map(({ description, reasonCode, source }) => `${source}: ${reasonCode}, ${description}`)
    case "CreditOutcomeUnknown":
      return []
  }
}

const restorationText = (restoration: Restoration.Restoration): string => {
  const { expiresAt, fate, lotId } = restoration
  const points = Points.toString(restoration.points)
  switch (fate) {
    case "live":
      return `restored ${points} live to lot ${lotId}, expires ${instantText(expiresAt)}`
    case "expired":
      return `restored ${points} to lot ${lotId} and expired at once: the lot expired ${instantText(expiresAt)}`
    case "extended":
      return `extended ${points} from lot ${Restoration.drawnLot(restoration)} into lot ${lotId}, expires ${instantText(expiresAt)}`
  }
}

const drawTable = (draws: RedemptionTimeline.RedemptionTimeline["draws"]): string =>
  Output.table(
    ["drawn from", "points", "back live", "back expired", "extended", "earned", "expires"],
    draws.map(({ earnedAt, expiresAt, lotId, points, restored }) => [
      lotId,
      Points.toString(points),
      Points.toString(restored.live),
      Points.toString(restored.expired),
      Points.toString(restored.extended),
      instantText(earnedAt),
      instantText(expiresAt)
    ]),
    new Set(["points", "back live", "back expired", "extended"])
  )

export const series = ({ account, basis, knownAt, points }: SeriesAnswer): string => {
  const most = points.reduce((greatest, { total }) => (total > greatest ? total : greatest), 0n)
  const names = (points[0]?.buckets ?? []).map(({ bucket }) => bucket)
  const rows = points.map(({ at, buckets, total }) => [
    instantText(at),
    Points.toString(total),
    ...buckets.map((bucket) => Points.toString(bucket.points)),
    bar(total, most, BAR_WIDTH)
  ])
  return [
    `points of account ${account} over time, by ${basis === "age" ? "days of age" : "days to expiry"}, ${knownText(knownAt)}`,
    Output.table(["as of", "points", ...names, ""], rows, new Set(["points", ...names]))
  ].join("\n")
}
