/**
 * Compares the three stories of a history that has ended: our events, what Mastercard truly did, and what those who
 * asked were told.
 *
 * @see semantics, section 7
 */
import type { EventStore, RedemptionTruth } from "@pointback/adapters"
import { Fact, type Ids, type Instant, Points, type RedemptionEvent } from "@pointback/domain"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import * as AccountLaws from "./AccountLaws.ts"
import type { Difference } from "./Difference.ts"
import type { Ended, Telling } from "./Ended.ts"
import type { PlannedRedemption } from "./HistoryPlan.ts"
import { LIMITS } from "./Wiring.ts"
import { micros } from "../settle/SettleSettings.ts"

type Booked = RedemptionEvent.Credited

/** A credit that is still in flight when a history has ended. */
export interface Hold {
  readonly account: Ids.AccountNumber
  readonly redemptionId: Ids.RedemptionId
  readonly creditId: Ids.CreditId
  readonly points: Points.Points
  /** When its request was stored. */
  readonly requestedAt: Instant.Instant
  /** Whether it asked for all without saying how much that is. */
  readonly whole: boolean
}

/** A credit as Mastercard has it. */
type There = RedemptionTruth["credits"][number]

/** A redemption on both sides. */
interface Sides {
  readonly redemption: PlannedRedemption
  readonly booked: ReadonlyArray<Booked>
  readonly hold: Hold | undefined
  readonly there: ReadonlyArray<There>
  /** Of those there, the amounts that nobody of ours asked for. */
  readonly elsewhere: ReadonlyArray<Points.Points>
}

const pointsOf = ({ points }: { readonly points: Points.Points }): Points.Points => points

/** What is in `all` and not in `some`, each amount as often as it is there more often; of equal ones the last are left. */
const without = <A extends { readonly points: Points.Points }>(
  all: ReadonlyArray<A>,
  some: ReadonlyArray<Points.Points>
): ReadonlyArray<A> => {
  const left = all.slice()
  for (const points of some) {
    const place = left.findIndex((one) => one.points === points)
    if (place !== -1) left.splice(place, 1)
  }
  return left
}

const sidesOf = (ended: Ended): ReadonlyArray<Sides> =>
  ended.accounts.flatMap(({ account, redemptions }) => {
    const events = ended.events.get(account) ?? []
    return redemptions.map((redemption): Sides => {
      const { redemptionId } = redemption
      const name = Fact.streamName(Fact.redemptionStream(redemptionId))
      const stream = events.filter(({ fact }) => Fact.streamName(fact.stream) === name)
      return {
        redemption,
        booked: stream.map(({ fact }) => fact.event).filter(isBooked),
        hold: holdOf(stream, account, redemption),
        there: ended.truth.find((one) => one.redemptionId === redemptionId)?.credits ?? [],
        elsewhere: ended.elsewhere.get(redemptionId) ?? []
      }
    })
  })

const isBooked = (event: Fact.Event): event is Booked =>
  event._tag === "PartiallyCredited" || event._tag === "FullyCredited"

const holdOf = (
  stream: ReadonlyArray<EventStore.StoredEvent>,
  account: Ids.AccountNumber,
  redemption: PlannedRedemption
): Hold | undefined => {
  let hold: Hold | undefined
  const { redemptionId } = redemption
  for (const { fact, recordedAt } of stream) {
    const { event } = fact
    if (event._tag === "CreditRequested") {
      const { creditId, mode, points } = event
      const whole = mode === "full" && points === redemption.points
      hold = { account, redemptionId, creditId, points, requestedAt: recordedAt, whole }
    } else if ("creditId" in event && event.creditId === hold?.creditId && event._tag !== "CreditOutcomeUnknown") {
      hold = undefined
    }
  }
  return hold
}

/** The credits that are still in flight. */
export const holdsOf = (ended: Ended): ReadonlyArray<Hold> => sidesOf(ended).flatMap(({ hold }) => hold ?? [])

/** Whether a credit that is in flight happened, as somebody knows who sees both sides whole. */
export const happened = (ended: Ended, { creditId, points, whole }: Hold): boolean =>
  sidesOf(ended).some(
    (sides) => sides.hold?.creditId === creditId && unexplained(sides).some((there) => whole || there.points === points)
  )

const unbooked = ({ booked, there }: Sides): ReadonlyArray<There> => without(there, booked.map(pointsOf))

/** Credits there that are neither booked here nor of others. */
const unexplained = (sides: Sides): ReadonlyArray<There> => without(unbooked(sides), sides.elsewhere)

/** All that is not as it must be, once settling has done what it can. */
export const compare = (ended: Ended): ReadonlyArray<Difference> => [
  ...sidesOf(ended).flatMap(compareSides),
  ...sidesOf(ended).flatMap(compareHold),
  ...ended.tellings.flatMap((telling) => compareTelling(telling, ended)),
  ...compareAnswers(ended.tellings),
  ...laws(ended)
]

const compareSides = (sides: Sides): ReadonlyArray<Difference> => {
  const { booked, hold, redemption, there } = sides
  const { points, redemptionId } = redemption
  // Whoever asks for all without an amount, while others credit a part, gets what is left, and is not told how much.
  if (booked.some((credit) => credit.mode === "full" && credit.points === points)) {
    const sum = Points.sum(there.map(pointsOf))
    return sum === points
      ? []
      : differs("creditedHereOnly", `all of ${redemptionId} is credited here, ${Points.toString(sum)} at Mastercard`)
  }
  const onlyHere = without(booked, there.map(pointsOf))
  const held = hold === undefined ? [] : hold.whole ? unexplained(sides).map(pointsOf) : [hold.points]
  const onlyThere = without(unexplained(sides), held)
  return [
    ...(onlyHere.length === 0
      ? []
      : differs("creditedHereOnly", `${list(onlyHere)} of ${redemptionId}: credited here and not at Mastercard`)),
    ...(onlyThere.length === 0
      ? []
      : differs(
          "creditedThereOnly",
          `${list(onlyThere)} of ${redemptionId}: credited at Mastercard, and not by others`
        ))
  ]
}

const differs = (kind: Difference["kind"], problem: string): ReadonlyArray<Difference> => [{ kind, problem }]

const list = (credits: ReadonlyArray<{ readonly points: Points.Points }>): string =>
  credits.map(({ points }) => Points.toString(points)).join(" and ")

const SKEW = micros(LIMITS.clockSkew)
const PROCESSING = micros(LIMITS.longestProcessing)

/** A credit may stay in flight only where nobody could know by looking what became of it. */
const compareHold = (sides: Sides): ReadonlyArray<Difference> => {
  const { hold } = sides
  if (hold === undefined) return []
  const { creditId, points, redemptionId, requestedAt, whole } = hold
  const free = unbooked(sides)
  // Whatever the clocks say, another's credit of the very amount leaves a doubt.
  const like = free.filter((credit) => credit.points === points)
  const later = free.filter(({ at }) => at >= requestedAt - SKEW)
  const inTime = like.filter(({ at }) => at >= requestedAt - SKEW && at <= requestedAt + PROCESSING + SKEW)
  const isAbsent = like.length === 0 && (!whole || later.length === 0)
  // Where others credited the same amount, which of the entries is booked is a matter of opinion.
  const isFound = like.length === 1 && inTime.length === 1 && !sides.elsewhere.includes(points)
  return isAbsent || isFound
    ? differs(
        "held",
        `credit ${creditId} of ${redemptionId} stays held, though it ${isFound ? "happened" : "did not happen"}`
      )
    : []
}

const laws = ({ events, tellings }: Ended): ReadonlyArray<Difference> => {
  const named = new Set(
    tellings.filter(({ credit }) => credit.lots !== undefined).map(({ credit }) => credit.redemption.redemptionId)
  )
  return Array.from(events.values()).flatMap((stored) =>
    AccountLaws.breaches(
      stored.map(({ fact }) => fact),
      named
    ).map((problem): Difference => ({ kind: "law", problem }))
  )
}

/** Failures after which the credit id is as if nobody had ever asked: a rule refused it, for good. */
const REFUSED: ReadonlySet<string> = new Set([
  "AlreadyFullyCredited",
  "CreditBeforeRedemption",
  "CreditWindowClosed",
  "ExceedsRedeemed",
  "ExceedsRemaining",
  "ExpiredLotsRefused",
  "LotNotOutstanding",
  "LotNamedTwice",
  "LotsDoNotSum",
  "RedemptionTypeNotCreditable",
  "UnknownRedemption"
])

const eventsOf = ({ credit }: Telling, { events }: Ended): ReadonlyArray<RedemptionEvent.RedemptionEvent> =>
  (events.get(credit.redemption.account) ?? [])
    .map(({ fact }: EventStore.StoredEvent) => fact.event)
    .filter(
      (event): event is RedemptionEvent.RedemptionEvent => "creditId" in event && event.creditId === credit.creditId
    )

const compareTelling = (telling: Telling, ended: Ended): ReadonlyArray<Difference> => {
  const { answer, credit } = telling
  const events = eventsOf(telling, ended)
  const wrong = (what: string): ReadonlyArray<Difference> => {
    const tags = events.map(({ _tag }) => _tag).join(", ") || "none"
    return differs("told", `credit ${credit.creditId}: ${what}, and its events are ${tags}`)
  }
  switch (answer._tag) {
    case "Nothing":
      return []
    case "Failure":
      return REFUSED.has(answer.tag) && events.length > 0 ? wrong(`refused with ${answer.tag}`) : []
    case "Outcome":
      return agrees(answer.outcome, events) ? [] : wrong(`told ${answer.outcome.outcome}`)
  }
}

const agrees = (outcome: CreditOutcome, events: ReadonlyArray<RedemptionEvent.RedemptionEvent>): boolean => {
  switch (outcome.outcome) {
    case "PartiallyCredited":
    case "FullyCredited": {
      const booked = events.find(isBooked)
      return (
        booked?._tag === outcome.outcome &&
        booked.points === outcome.points &&
        booked.remaining === outcome.remaining &&
        textOf(booked.restorations) === textOf(outcome.restorations) &&
        outcome.live + outcome.expired === outcome.points
      )
    }
    case "CreditDeclined":
      return events.at(-1)?._tag === "CreditDeclined"
    case "CreditOutcomeUnknown":
      return events.some(({ _tag }) => _tag === "CreditRequested")
  }
}

const textOf = (restorations: Booked["restorations"]): string =>
  restorations.map(({ fate, lotId, points }) => `${lotId} ${Points.toString(points)} ${fate}`).join()

/** L8: whoever asks for the same is told the same, once it is known. */
const compareAnswers = (tellings: ReadonlyArray<Telling>): ReadonlyArray<Difference> => {
  const known = new Map<string, string>()
  return tellings.flatMap(({ answer, credit }): ReadonlyArray<Difference> => {
    const told = settledAnswer(answer)
    if (told === undefined) return []
    const key = `${credit.redemption.account} ${credit.creditId}`
    const before = known.get(key) ?? told
    known.set(key, before)
    return before === told
      ? []
      : [{ kind: "told", problem: `L8: credit ${credit.creditId}: one was told ${before}, another ${told}` }]
  })
}

const settledAnswer = (answer: Telling["answer"]): string | undefined => {
  if (answer._tag !== "Outcome" || answer.outcome.outcome === "CreditOutcomeUnknown") return undefined
  const { outcome, points } = answer.outcome
  return `${outcome} ${Points.toString(points)}`
}
