/**
 * Compares the three stories of a history that has ended: our events, what Mastercard truly did, and what those who
 * asked were told.
 *
 * @see semantics, section 7
 */
import type { EventStore, RedemptionTruth } from "@pointback/adapters"
import { Fact, Points, type RedemptionEvent } from "@pointback/domain"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import * as AccountLaws from "./AccountLaws.ts"
import type { Difference } from "./Difference.ts"
import type { Ended } from "./History.ts"
import type { Telling } from "./Telling.ts"

type Booked = RedemptionEvent.Credited

/** A credit that is still in flight when a history has ended. */
export interface Hold {
  readonly account: string
  readonly redemptionId: string
  readonly creditId: string
  readonly points: Points.Points
  /** Credits at Mastercard that could be it: of its amount, and booked nowhere. */
  readonly candidates: number
}

/** A redemption on both sides. */
interface Sides {
  readonly account: string
  readonly redemptionId: string
  readonly booked: ReadonlyArray<Booked>
  readonly hold: { readonly creditId: string; readonly points: Points.Points } | undefined
  readonly there: ReadonlyArray<Points.Points>
  /** Of those there, the ones that nobody of ours asked for. */
  readonly elsewhere: ReadonlyArray<Points.Points>
}

/** What is in `all` and not in `some`, each as often as it is there more often. */
const without = (all: ReadonlyArray<bigint>, some: ReadonlyArray<bigint>): ReadonlyArray<bigint> => {
  const left = all.slice()
  for (const points of some) {
    const place = left.indexOf(points)
    if (place !== -1) left.splice(place, 1)
  }
  return left
}

const sidesOf = (ended: Ended): ReadonlyArray<Sides> =>
  ended.accounts.flatMap(({ account, redemptions }) => {
    const events = ended.events.get(account) ?? []
    return redemptions.map(({ redemptionId }): Sides => {
      const truth: RedemptionTruth | undefined = ended.truth.find((one) => one.redemptionId === redemptionId)
      const stream = events.flatMap(({ fact }) =>
        Fact.streamName(fact.stream) === Fact.streamName(Fact.redemptionStream(redemptionId)) ? [fact.event] : []
      )
      return {
        account,
        redemptionId,
        booked: stream.filter(isBooked),
        hold: holdOf(stream),
        there: truth?.credits.map(({ points }) => points) ?? [],
        elsewhere: ended.elsewhere.get(redemptionId) ?? []
      }
    })
  })

const isBooked = (event: Fact.Event): event is Booked =>
  event._tag === "PartiallyCredited" || event._tag === "FullyCredited"

const holdOf = (stream: ReadonlyArray<Fact.Event>): Sides["hold"] => {
  let hold: Sides["hold"]
  for (const event of stream) {
    if (event._tag === "CreditRequested") hold = { creditId: event.creditId, points: event.points }
    else if ("creditId" in event && event.creditId === hold?.creditId && event._tag !== "CreditOutcomeUnknown") {
      hold = undefined
    }
  }
  return hold
}

/** The credits that are still in flight. */
export const holdsOf = (ended: Ended): ReadonlyArray<Hold> =>
  sidesOf(ended).flatMap(({ account, booked, hold, redemptionId, there }) => {
    if (hold === undefined) return []
    const unbooked = without(
      there,
      booked.map(({ points }) => points)
    )
    const candidates = unbooked.filter((points) => points === hold.points).length
    return [{ account, redemptionId, ...hold, candidates }]
  })

/** Whether a credit that is in flight happened, as somebody knows who sees both sides whole. */
export const happened = (ended: Ended, { creditId, points, redemptionId }: Hold): boolean =>
  sidesOf(ended).some(
    (sides) =>
      sides.redemptionId === redemptionId &&
      sides.hold?.creditId === creditId &&
      unexplained(sides).includes(points)
  )

/** Credits there that are neither booked here nor of others. */
const unexplained = ({ booked, elsewhere, there }: Sides): ReadonlyArray<bigint> => {
  const unbooked = without(
    there,
    booked.map(({ points }) => points)
  )
  return without(unbooked, elsewhere)
}

/** All that is not as it must be, where every credit in flight has been settled or left to a person with reason. */
export const compare = (ended: Ended): ReadonlyArray<Difference> => [
  ...sidesOf(ended).flatMap(compareSides),
  ...holdsOf(ended)
    .filter(({ candidates }) => candidates < 2)
    .map(({ candidates, creditId, redemptionId }): Difference => ({
      kind: "held",
      problem: `credit ${creditId} of ${redemptionId} stays held, with ${candidates} credits at Mastercard that could be it`
    })),
  ...ended.tellings.flatMap((telling) => compareTelling(telling, ended)),
  ...compareAnswers(ended.tellings),
  ...laws(ended)
]

const compareSides = (sides: Sides): ReadonlyArray<Difference> => {
  const { booked, hold, redemptionId, there } = sides
  const here = booked.map(({ points }) => points)
  const list = (points: ReadonlyArray<bigint>) => points.map(Points.toString).join(" and ")
  const onlyHere = without(here, there)
  const onlyThere = without(unexplained(sides), hold === undefined ? [] : [hold.points])
  return [
    ...(onlyHere.length > 0
      ? [{ kind: "creditedHereOnly", problem: `${list(onlyHere)} of ${redemptionId}: credited here, not at Mastercard` } as const]
      : []),
    ...(onlyThere.length > 0
      ? [
          {
            kind: "creditedThereOnly",
            problem: `${list(onlyThere)} of ${redemptionId}: credited at Mastercard, neither here nor by others`
          } as const
        ]
      : [])
  ]
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
  const differs = (what: string): ReadonlyArray<Difference> => [
    {
      kind: "told",
      problem: `credit ${credit.creditId}: ${what}, and its events are ${events.map(({ _tag }) => _tag).join(", ") || "none"}`
    }
  ]
  switch (answer._tag) {
    case "Nothing":
      return []
    case "Failure":
      return REFUSED.has(answer.tag) && events.length > 0 ? differs(`refused with ${answer.tag}`) : []
    case "Outcome":
      return agrees(answer.outcome, events) ? [] : differs(`told ${answer.outcome.outcome}`)
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
