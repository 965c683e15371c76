/** Points are spent: a redemption is recorded with its draws. */
import { EventStore } from "@pointback/adapters"
import { Account, type Draw, Fact, type Ids, Instant, Lots, Points, type RedemptionEvent } from "@pointback/domain"
import { Effect } from "effect"
import * as Content from "./Content.ts"
import type { Caller, Executed, ExecutionError, Target } from "./Command.ts"
import { execute } from "./Execution.ts"

export interface RedeemPoints extends Target {
  /** The redemption is the key. */
  readonly redemptionId: Ids.RedemptionId
  readonly points: Points.Points
  readonly redemptionType: RedemptionEvent.RedemptionType
  readonly processedBy: Ids.ProcessedBy
  readonly occurredAt: Instant.Instant
  /** Whether `occurredAt` was given by the caller, and so is part of the command's content. */
  readonly dated: boolean
  /** Chosen by policy where they are not given. */
  readonly draws?: ReadonlyArray<Draw.LotPoints> | undefined
}

/** A redemption that is recorded, with the lots that its points came from. */
export interface PointsRedeemed {
  readonly redemptionId: Ids.RedemptionId
  readonly points: Points.Points
  readonly occurredAt: Instant.Instant
  readonly draws: ReadonlyArray<Draw.Draw>
  /** The live points of the account just after the redemption. */
  readonly balance: Points.Points
  readonly replayed: boolean
}

/** Lots with their points, as contents of commands carry them. */
export const lotContent = (lots: ReadonlyArray<Draw.LotPoints> | undefined) =>
  lots?.map(({ lotId, points }) => [lotId, Points.toString(points)] as const)

/** The content that the redemption remembers as its key. */
export const content = (redeem: Omit<RedeemPoints, "program" | "account">): string =>
  Content.canonical({
    points: Points.toString(redeem.points),
    redemptionType: redeem.redemptionType,
    processedBy: redeem.processedBy,
    occurredAt: redeem.dated ? Instant.toString(redeem.occurredAt) : undefined,
    draws: lotContent(redeem.draws)
  })

/** Records a redemption. */
export const redeemPoints = Effect.fn("redeemPoints")(function* (
  redeem: RedeemPoints,
  caller: Caller = {}
): Effect.fn.Return<PointsRedeemed, ExecutionError, EventStore.EventStore> {
  const { draws, occurredAt, points, processedBy, redemptionId, redemptionType } = redeem
  const executed = yield* execute({
    target: redeem,
    caller,
    command: { _tag: "Redeem", redemptionId, points, draws, redemptionType, processedBy, occurredAt },
    key: { kind: "redeem", key: redemptionId, content: content(redeem) },
    lots: [
      { _tag: "Spendable", at: occurredAt },
      { _tag: "Named", lotIds: draws?.map(({ lotId }) => lotId) ?? [] }
    ],
    horizon: occurredAt,
    redemptions: [redemptionId]
  })
  return executed._tag === "Appended" ? appended(executed) : yield* replayed(executed.loaded, redeem)
})

type Redeemed = Extract<RedemptionEvent.RedemptionEvent, { _tag: "Redeemed" }>

const appended = ({ events, loaded }: Extract<Executed, { _tag: "Appended" }>): PointsRedeemed => {
  const stored = redeemedOf(events)
  const after = Account.evolveAll(
    loaded.state,
    events.map(({ fact }) => fact)
  )
  return { ...stored, balance: Lots.balanceAt(after.lots, stored.occurredAt), replayed: false }
}

// The balance of then, by what is known now: lots are loaded again, since the first look was at another instant.
const replayed = Effect.fnUntraced(function* (
  loaded: EventStore.Loaded,
  { account, program, redemptionId }: RedeemPoints
) {
  const store = yield* EventStore.EventStore
  const ref = loaded.account as EventStore.AccountRef
  const stored = redeemedOf(
    yield* store.readStream({ account: ref, stream: Fact.redemptionStream(redemptionId), limit: 1 })
  )
  const again = yield* store.load({
    program,
    account,
    lots: [{ _tag: "All" }],
    horizon: stored.occurredAt,
    redemptions: [],
    keys: []
  })
  return { ...stored, balance: Lots.balanceAt(again.state.lots, stored.occurredAt), replayed: true }
})

const redeemedOf = (events: ReadonlyArray<EventStore.StoredEvent>) => {
  const stored = events.find(({ fact }) => fact.event._tag === "Redeemed") as EventStore.StoredEvent
  const { draws, points, redemptionId } = stored.fact.event as Redeemed
  return { redemptionId, points, draws, occurredAt: stored.fact.occurredAt }
}
