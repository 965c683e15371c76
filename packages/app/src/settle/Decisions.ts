/**
 * What is recorded of a credit in flight once it is known what became of it. Each request is decided once: its event is the
 * key, so that of two who settle it at the same time, on whatever they looked at, one decides and the other learns of it.
 */
import type { EventStore } from "@pointback/adapters"
import type { Decide, RedemptionEvent } from "@pointback/domain"
import { Effect } from "effect"
import type { Caller, Executed, ExecutionError } from "../command/Command.ts"
import * as Content from "../command/Content.ts"
import { OUR_SOURCE, SETTLED_CODES } from "../command/CreditCall.ts"
import { execute } from "../command/Execution.ts"
import { now } from "../command/Now.ts"
import type { OpenCredit } from "./OpenCredit.ts"

/** What can be decided. */
export type Decision = "confirm" | "release" | "repeat"

const idsOf = ({ creditId, redemption }: OpenCredit) => ({ redemptionId: redemption.redemptionId, creditId })

const decide = (credit: OpenCredit, caller: Caller, command: Decide.Command, decision: Decision | null) => {
  const { account, program, redemption, request } = credit
  return execute({
    target: { program, account },
    caller: { ...caller, correlationId: request.correlationId, causationId: caller.causationId ?? request.eventId },
    command,
    key: decision === null ? null : { kind: "settle", key: request.eventId, content: Content.canonical({ decision }) },
    lots: [{ _tag: "DrawnBy", redemptionId: redemption.redemptionId }],
    horizon: request.fact.occurredAt,
    redemptions: [redemption.redemptionId]
  })
}

type Decided = Effect.Effect<Executed, ExecutionError, EventStore.EventStore>

/** It happened: the credit is booked as it was planned. */
export const confirm = (credit: OpenCredit, settlement: RedemptionEvent.Settlement, caller: Caller): Decided =>
  decide(credit, caller, { _tag: "ConfirmCredit", ...idsOf(credit), mastercard: null, settlement }, "confirm")

/** It never happened: what it holds is released. */
export const release = (credit: OpenCredit, reason: RedemptionEvent.DeclineReason, caller: Caller): Decided =>
  Effect.flatMap(now, (occurredAt) =>
    decide(credit, caller, { _tag: "DeclineCredit", ...idsOf(credit), reasons: [reason], occurredAt }, "release")
  )

/** It never happened and is to be asked for once more: what it holds stays held. It must be known to be unknown. */
export const repeat = (credit: OpenCredit, caller: Caller): Decided =>
  Effect.flatMap(now, (occurredAt) =>
    decide(credit, caller, { _tag: "RepeatCredit", ...idsOf(credit), reasons: [ABSENT], occurredAt }, "repeat")
  )

/** Nobody records an outcome any more: whoever asked for it died. */
export const markCrashed = (credit: OpenCredit, caller: Caller): Decided =>
  Effect.flatMap(now, (occurredAt) =>
    decide(credit, caller, { _tag: "MarkCreditUnknown", ...idsOf(credit), cause: "crash", occurredAt }, null)
  )

/** The reason of a release that Mastercard's listing gives. */
export const ABSENT: RedemptionEvent.DeclineReason = {
  source: OUR_SOURCE,
  reasonCode: SETTLED_CODES.absent,
  description: "a complete listing, later than the credit can have taken, does not show it"
}
