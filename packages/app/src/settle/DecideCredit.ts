/** A person says what became of a credit that settling could not be certain of. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { type Ids, Instant, type RedemptionEvent } from "@pointback/domain"
import { Effect, Schema } from "effect"
import type { Caller, ExecutionError, Target } from "../command/Command.ts"
import { OUR_SOURCE, SETTLED_CODES } from "../command/CreditCall.ts"
import * as CreditOutcome from "../command/CreditOutcome.ts"
import { now } from "../command/Now.ts"
import { UnknownAccount } from "../error/AppError.ts"
import * as Decisions from "./Decisions.ts"
import * as OpenCredit from "./OpenCredit.ts"
import { DEFAULT_OLDER_THAN } from "./SettleCredits.ts"
import { micros } from "./SettleSettings.ts"

export interface DecideCredit extends Target {
  readonly creditId: Ids.CreditId
  readonly decision: "confirm" | "release"
  /** Who decides. */
  readonly actor: Ids.Actor
  /** Why; kept for ever. */
  readonly reason: string
}

/** No credit of this id is in flight: nothing is left to be decided. */
export class NothingToDecide extends Schema.TaggedError<NothingToDecide>()("NothingToDecide", {
  creditId: Schema.String
}) {
  override get message() {
    return `no credit ${this.creditId} of this account is in flight; \`credit\` with its id tells what became of it`
  }
}

/** The credit was only just asked for, and its call may be under way: what it holds must not be released under it. */
export class CallMayBeUnderWay extends Schema.TaggedError<CallMayBeUnderWay>()("CallMayBeUnderWay", {
  creditId: Schema.String,
  until: Instant.Instant
}) {
  override get message() {
    return `the call of credit ${this.creditId} may still be under way; decide again after ${Instant.toString(this.until)}`
  }
}

/**
 * Confirms a credit that is in flight, or releases what it holds, by a person's name and reason. Fails with
 * `NothingToDecide`, with `CallMayBeUnderWay` where it was asked for less than two minutes ago, and with `KeyConflict`
 * where somebody decided otherwise at the same time.
 */
export const decideCredit = Effect.fn("decideCredit")(function* (
  { account, actor, creditId, decision, program, reason }: DecideCredit,
  caller: Caller = {}
): Effect.fn.Return<
  CreditOutcome.CreditOutcome,
  ExecutionError | NothingToDecide | CallMayBeUnderWay,
  EventStore.EventStore
> {
  const credit = yield* find({ program, account }, creditId)
  const until = credit.sought.requestedAt + micros(DEFAULT_OLDER_THAN)
  if ((yield* now) < until) return yield* new CallMayBeUnderWay({ creditId, until })
  const by = { ...caller, actor }
  const executed =
    decision === "confirm"
      ? yield* Decisions.confirm(credit, { by: "person", reference: null, reason }, by)
      : yield* Decisions.release(credit, releasedFor(reason), by)
  const { redemptionId } = credit.redemption
  return executed._tag === "Appended"
    ? CreditOutcome.present(credit.state, executed.events, redemptionId, creditId, false)
    : yield* new NothingToDecide({ creditId })
})

const releasedFor = (reason: string): RedemptionEvent.DeclineReason => ({
  source: OUR_SOURCE,
  reasonCode: SETTLED_CODES.released,
  description: reason
})

const find = Effect.fnUntraced(function* (
  { account, program }: Target,
  creditId: Ids.CreditId
): Effect.fn.Return<OpenCredit.OpenCredit, DatabaseError | UnknownAccount | NothingToDecide, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const ref = yield* store.find(program, account)
  if (ref === null) return yield* new UnknownAccount({ program, account })
  const inFlight = yield* store.inFlightOf(ref)
  const credit = inFlight.find((one) => one.creditId === creditId)
  const open = credit === undefined ? null : yield* OpenCredit.read(credit)
  return open ?? (yield* new NothingToDecide({ creditId }))
})
