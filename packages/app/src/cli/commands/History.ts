/** `pointback history` */
import { Ids, Instant, Series, Zone } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as AccountHistory from "../../query/AccountHistory.ts"
import { withBackend } from "../Backend.ts"
import * as Clocks from "../Clocks.ts"
import * as Flags from "../Flags.ts"
import * as HistoryCsv from "../HistoryCsv.ts"
import * as HistoryJson from "../HistoryJson.ts"
import * as HistoryText from "../HistoryText.ts"
import * as Input from "../Input.ts"
import * as Report from "../Report.ts"

/** Months that a series goes back where nothing is said. */
const DEFAULT_MONTHS = 12

const instantFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar("instant"), Flag.optional)

const flags = {
  program: Flags.program,
  account: Flags.account,
  lot: Flags.lot.pipe(Flag.withDescription("The timeline of this lot"), Flag.optional),
  redemption: Flags.redemption.pipe(Flag.withDescription("The timeline of this redemption"), Flag.optional),
  from: instantFlag("from", "Where the series begins [a year before --to]"),
  to: instantFlag("to", "Where the series ends, or what is told of a timeline [now]"),
  step: Flag.Literals("step", Series.STEPS).pipe(
    Flag.withDescription("How far apart the instants of the series are [month]"),
    Flag.optional
  ),
  basis: Flag.Literals("basis", ["age", "to-expiry"]).pipe(
    Flag.withDescription("Days since points were earned, or days until they expire [age]"),
    Flag.optional
  ),
  knownAt: Clocks.knownAt,
  format: Report.format
}

export const history = Command.make(
  "history",
  flags,
  Effect.fn("history")(function* (given) {
    if (Option.isSome(given.lot) && Option.isSome(given.redemption)) {
      return yield* unfit("redemption", given.redemption.value, "either a lot or a redemption is told of")
    }
    const { knownAt, program, zone } = yield* Clocks.read(given)
    const account = yield* Input.read(Ids.AccountNumber, "account", given.account)
    const to = yield* Clocks.orNow(zone, "to", given.to)
    const asked = { program, account, knownAt, asOf: to }
    if (Option.isSome(given.lot)) {
      yield* noSeries(given)
      const question = { ...asked, lotId: yield* Input.read(Ids.LotId, "lot", given.lot.value) }
      const timeline = yield* AccountHistory.lotTimeline(question)
      return yield* Report.answer(given.format, {
        json: () => HistoryJson.lot(question, timeline),
        text: () => HistoryText.lot(account, timeline),
        csv: () => HistoryCsv.lot(timeline)
      })
    }
    if (Option.isSome(given.redemption)) {
      yield* noSeries(given)
      const redemptionId = yield* Input.read(Ids.RedemptionId, "redemption", given.redemption.value)
      const timeline = yield* AccountHistory.redemptionTimeline({ ...asked, redemptionId })
      return yield* Report.answer(given.format, {
        json: () => HistoryJson.redemption(asked, timeline),
        text: () => HistoryText.redemption(account, timeline),
        csv: () => HistoryCsv.redemption(timeline)
      })
    }
    const instants = yield* instantsOf(zone, given, to)
    const basis = Option.getOrElse(given.basis, () => "age" as const)
    const answer = yield* AccountHistory.accountSeries({ program, account, knownAt, basis, instants })
    yield* Report.answer(given.format, {
      json: () => HistoryJson.series(answer),
      text: () => HistoryText.series(answer),
      csv: () => HistoryCsv.series(answer)
    })
  }, withBackend)
).pipe(Command.withDescription("What an account held over time, or the timeline of a lot or of a redemption"))

interface Given {
  readonly from: Option.Option<string>
  readonly step: Option.Option<Series.Step>
  readonly basis: Option.Option<string>
}

const unfit = (flag: string, value: string, problem: string) => new Input.InvalidInput({ flag, value, problem })

// A flag that has no meaning is a misunderstanding, which an answer would hide.
const noSeries = Effect.fnUntraced(function* (given: Given) {
  for (const flag of ["from", "step", "basis"] as const) {
    const value = given[flag]
    if (Option.isSome(value)) return yield* unfit(flag, value.value, "a timeline has none; leave it out")
  }
})

const instantsOf = Effect.fnUntraced(function* (zone: Zone.Zone, given: Given, to: Instant.Instant) {
  const from = Option.isNone(given.from) ? yearBefore(zone, to) : yield* Input.momentIn(zone, "from", given.from.value)
  const text = Option.getOrElse(given.from, () => Instant.toString(from))
  if (from > to) return yield* unfit("from", text, `must not be after ${Instant.toString(to)}, where the series ends`)
  const step = Option.getOrElse(given.step, () => "month" as const)
  const instants = Series.instantsOf(zone, from, to, step)
  return (
    instants ??
    (yield* unfit(
      "step",
      step,
      `gives more than ${Series.MAXIMUM_INSTANTS} instants; take a longer step or a later --from`
    ))
  )
})

const yearBefore = (zone: Zone.Zone, to: Instant.Instant): Instant.Instant => {
  const date = Series.monthsAfter(Zone.dateOf(zone, to), -DEFAULT_MONTHS)
  return date.year < 1 ? Instant.EARLIEST : Zone.startOfDate(zone, date)
}
