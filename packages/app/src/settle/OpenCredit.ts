/** A credit in flight with what its redemption's stream says of it and of the credits beside it. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Fact, type Ids, Redemption, type RedemptionEvent, type Verdict } from "@pointback/domain"
import { Effect, Stream } from "effect"
import { type AskedCredit, namesAmount } from "../command/CreditCall.ts"
import * as Streams from "../command/Streams.ts"

/** What settling looks at. */
export interface OpenCredit extends AskedCredit {
  readonly creditId: Ids.CreditId
  readonly state: Extract<Redemption.RedemptionState, { readonly _tag: "CreditPending" | "CreditUnknown" }>
  readonly sought: Verdict.Sought
  readonly booked: ReadonlyArray<Verdict.Booked>
}

type Event = RedemptionEvent.RedemptionEvent

/** Reads it from the redemption's stream; null where the credit is in flight no more. */
export const read = Effect.fnUntraced(function* (
  credit: Pick<EventStore.InFlight, "account" | "number" | "redemptionId" | "creditId">
): Effect.fn.Return<OpenCredit | null, DatabaseError, EventStore.EventStore> {
  const { account, creditId, number, redemptionId } = credit
  const events = yield* Streams.readWhole(account, Fact.redemptionStream(redemptionId))
  const state = stateOf(events)
  const request = requestOf(events, creditId)
  if (request === undefined || !Redemption.inFlight(state, creditId)) return null
  return {
    program: account.program,
    account: number,
    number,
    redemption: state.redemption,
    request,
    creditId,
    state,
    sought: {
      redemptionId,
      creditId,
      points: state.request.points,
      // What was credited when it was asked for; Mastercard may have credited more since.
      named: namesAmount(state.request.mode, { ...state.redemption, credited: creditedBefore(events, request) }),
      requestedAt: request.recordedAt
    },
    booked: bookedOf(events, redemptionId)
  }
})

const stateOf = (events: ReadonlyArray<EventStore.StoredEvent>): Redemption.RedemptionState =>
  events.reduce((state, { fact }) => Redemption.evolve(state, fact.event as Event, fact.occurredAt), Redemption.none)

const requestOf = (events: ReadonlyArray<EventStore.StoredEvent>, creditId: Ids.CreditId) =>
  events.findLast(({ fact }) => fact.event._tag === "CreditRequested" && fact.event.creditId === creditId)

const creditedBefore = (events: ReadonlyArray<EventStore.StoredEvent>, request: EventStore.StoredEvent): bigint => {
  const state = stateOf(events.slice(0, events.indexOf(request)))
  return state._tag === "None" ? 0n : state.redemption.credited
}

/** The credits that are booked, with when Mastercard can have made them. */
export const bookedOf = (
  events: ReadonlyArray<EventStore.StoredEvent>,
  redemptionId: Ids.RedemptionId
): ReadonlyArray<Verdict.Booked> =>
  events.flatMap((stored) => {
    const event = stored.fact.event
    if (event._tag !== "PartiallyCredited" && event._tag !== "FullyCredited") return []
    const { creditId, mastercard, points, settlement } = event
    const request = requestOf(events, creditId)
    const at = stored.fact.occurredAt
    return [
      {
        redemptionId,
        points,
        references: [settlement?.reference, mastercard?.id].filter((id) => id !== undefined && id !== null),
        from: request?.recordedAt ?? at,
        until: request === undefined ? at : stored.recordedAt,
        certain: mastercard !== null || settlement !== undefined
      }
    ]
  })

/** The credits that are booked of all redemptions of an account. */
export const bookedOfAccount = Effect.fnUntraced(function* (
  account: EventStore.AccountRef
): Effect.fn.Return<ReadonlyArray<Verdict.Booked>, DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const streams = new Map<Ids.RedemptionId, Array<EventStore.StoredEvent>>()
  yield* Stream.runForEach(store.readAccount(account), (stored) =>
    Effect.sync(() => {
      const { event, stream } = stored.fact
      if (stream._tag === "Account" || event._tag === "Redeemed") return
      streams.set(stream.redemptionId, [...(streams.get(stream.redemptionId) ?? []), stored])
    })
  )
  return Array.from(streams).flatMap(([redemptionId, events]) => bookedOf(events, redemptionId))
})
