/** The history of one account: the timeline of a lot, the timeline of a redemption, what it held over time. */
import type { EventLog } from "@pointback/adapters"
import { EventStore, type PolicyStore } from "@pointback/adapters"
import {
  Aging,
  Fact,
  type Ids,
  type Instant,
  LotTimeline,
  type Policy,
  RedemptionTimeline,
  Series
} from "@pointback/domain"
import { Effect, Stream } from "effect"
import { LotNotFound, RedemptionNotFound } from "../error/AppError.ts"
import * as Streams from "../command/Streams.ts"
import * as Known from "./Known.ts"

/** Whose history, and what is known of it (law L11). */
interface OfAccount {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
  /** What was recorded by then; null for all that is recorded, which makes the answer provisional. */
  readonly knownAt: Instant.Instant | null
}

/** A timeline tells what was true by `asOf`. */
interface AsOf extends OfAccount {
  readonly asOf: Instant.Instant
}

/** What became of this lot? */
export interface LotQuestion extends AsOf {
  readonly lotId: Ids.LotId
}

/** What became of this redemption? */
export interface RedemptionQuestion extends AsOf {
  readonly redemptionId: Ids.RedemptionId
}

/** What did the account hold at each of these instants? */
export interface SeriesQuestion extends OfAccount {
  readonly basis: Aging.Basis
  /** Ascending. */
  readonly instants: ReadonlyArray<Instant.Instant>
}

/** What the account held at one instant. */
export interface SeriesPoint extends Aging.Aging {
  readonly at: Instant.Instant
}

/** What the account held, instant by instant, in the order of the question. */
export interface SeriesAnswer extends Omit<SeriesQuestion, "instants"> {
  readonly points: ReadonlyArray<SeriesPoint>
}

type Needs = EventStore.EventStore | EventLog | PolicyStore

/** The timeline of a lot. Of the account's history, only what moves the lot is kept. */
export const lotTimeline = Effect.fn("lotTimeline")(function* (
  question: LotQuestion
): Effect.fn.Return<LotTimeline.LotTimeline, LotNotFound | Known.QuestionError, Needs> {
  const { lotId } = question
  const { ref } = yield* find(question)
  const facts = yield* (yield* EventStore.EventStore).readAccount(ref).pipe(
    Stream.filter(({ fact }) => LotTimeline.concerns(lotId, fact)),
    Stream.runCollect
  )
  return (
    LotTimeline.lotTimeline(lotId, facts, question) ?? (yield* new LotNotFound({ lot: lotId, asOf: question.asOf }))
  )
})

/** The timeline of a redemption, from its own stream alone. */
export const redemptionTimeline = Effect.fn("redemptionTimeline")(function* (
  question: RedemptionQuestion
): Effect.fn.Return<RedemptionTimeline.RedemptionTimeline, RedemptionNotFound | Known.QuestionError, Needs> {
  const { redemptionId } = question
  const { ref } = yield* find(question)
  const facts = yield* Streams.readWhole(ref, Fact.redemptionStream(redemptionId))
  const timeline = RedemptionTimeline.redemptionTimeline(redemptionId, facts, question)
  return timeline ?? (yield* new RedemptionNotFound({ redemption: redemptionId, asOf: question.asOf }))
})

/** The account's aging at each of some instants; its history is read once. */
export const accountSeries = Effect.fn("accountSeries")(function* (
  question: SeriesQuestion
): Effect.fn.Return<SeriesAnswer, Known.QuestionError, Needs> {
  const { instants, ...asked } = question
  const { policy, ref } = yield* find(question)
  const facts = yield* Stream.runCollect((yield* EventStore.EventStore).readAccount(ref))
  const held = Series.heldAt(ref.key, facts, instants, question.knownAt)
  return {
    ...asked,
    points: held.map(({ at, lots }) => ({ at, ...Aging.bucketed(lots, at, question.basis, policy) }))
  }
})

const find = Effect.fnUntraced(function* (
  question: OfAccount
): Effect.fn.Return<
  { readonly ref: EventStore.AccountRef; readonly policy: Policy.Policy },
  Known.QuestionError,
  Needs
> {
  const policy = yield* Known.policy(question)
  return { policy, ref: yield* Known.account(question.program, question.account) }
})
