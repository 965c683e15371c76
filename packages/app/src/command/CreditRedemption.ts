/**
 * Points of a redemption are given back, exactly once, over an API without idempotency keys.
 *
 * The intent is stored before anybody is called; nothing is called inside a transaction; a certain refusal releases
 * what is held, and everything uncertain keeps it.
 *
 * @see semantics, section 7
 */
import {
  CurrentTransaction,
  type DatabaseError,
  type EventStore,
  Mastercard,
  type MastercardNotSent,
  type MastercardRefused
} from "@pointback/adapters"
import {
  Account,
  type Decide,
  type Draw,
  Fact,
  type Ids,
  Instant,
  Points,
  Redemption,
  type RedemptionCommand,
  type RedemptionEvent,
  type Refusal
} from "@pointback/domain"
import { Effect, Schedule } from "effect"
import * as Content from "./Content.ts"
import * as CreditOutcome from "./CreditOutcome.ts"
import { after, type Caller, type Executed, type Execution, type ExecutionError, type Target } from "./Command.ts"
import { execute } from "./Execution.ts"
import { now } from "./Now.ts"
import { lotContent } from "./RedeemPoints.ts"
import * as Streams from "./Streams.ts"

export interface CreditRedemption extends Target {
  readonly redemptionId: Ids.RedemptionId
  /** The credit id is the key. */
  readonly creditId: Ids.CreditId
  /** All that remains where neither points nor lots are given. */
  readonly points?: Points.Points | undefined
  readonly lots?: ReadonlyArray<Draw.LotPoints> | undefined
  readonly occurredAt: Instant.Instant
  /** Whether `occurredAt` was given by the caller, and so is part of the command's content. */
  readonly dated: boolean
}

/** The content that the credit id remembers as its key. */
export const content = (credit: Omit<CreditRedemption, "program" | "account">): string =>
  Content.canonical({
    redemption: credit.redemptionId,
    points: credit.points === undefined ? undefined : Points.toString(credit.points),
    lots: lotContent(credit.lots),
    occurredAt: credit.dated ? Instant.toString(credit.occurredAt) : undefined
  })

/** Records a credit without a call: for imports, tests and other backends. */
export const recordCredit = Effect.fn("recordCredit")(function* (
  credit: CreditRedemption,
  caller: Caller = {}
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore> {
  const command = { _tag: "RecordCredit", ...asked(credit), origin: "ours", mastercard: null } as const
  return yield* outcomeOf(yield* execute(execution(credit, caller, command)), credit)
})

// The request that is stored before the call could be undone after it.
const IN_TRANSACTION = "creditRedemption calls Mastercard, and must not run inside a transaction; recordCredit may"

/** Asks Mastercard for a credit and records the outcome. Safe to repeat with the same credit id: never calls twice. */
export const creditRedemption = Effect.fn("creditRedemption")(function* (
  credit: CreditRedemption,
  caller: Caller = {}
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore | Mastercard> {
  if ((yield* CurrentTransaction) !== undefined) return yield* Effect.die(new Error(IN_TRANSACTION))
  const command = { _tag: "RequestCredit", ...asked(credit) } as const
  const requested = yield* execute(execution(credit, caller, command))
  if (requested._tag === "Replayed") return yield* outcomeOf(requested, credit)
  const outcome = yield* callMastercard(credit, requested)
  // The call may have had its effect: what it said is written down even if nobody waits for us any more.
  return yield* Effect.uninterruptible(recordOutcome(credit, caller, requested, outcome))
})

/** How long a database that cannot be reached is waited for with what Mastercard answered: a failover takes seconds. */
const RECORD_PATIENCE = "30 seconds"

const RECORD_SCHEDULE = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(
  Schedule.upTo({ duration: RECORD_PATIENCE })
)

/**
 * Records what came of the call. Nobody else knows it, so a lost connection is not the end: it is recorded again, and
 * where the first attempt had got through after all, what is there is the answer.
 */
const recordOutcome = Effect.fnUntraced(function* (
  credit: CreditRedemption,
  caller: Caller,
  requested: Extract<Executed, { _tag: "Appended" }>,
  outcome: Called
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore> {
  // Nothing else happens to most accounts meanwhile, and where it does, the version tells.
  const recording = { ...execution(credit, follower(caller, requested), outcome, null), known: after(requested) }
  const recorded = execute(recording).pipe(
    Effect.retry({ while: isUnreachable, schedule: RECORD_SCHEDULE })
  )
  const request = execution(credit, caller, { _tag: "RequestCredit", ...asked(credit) })
  return yield* Effect.matchEffect(recorded, {
    onSuccess: (executed) => outcomeOf(executed, credit),
    onFailure: (error) =>
      error._tag === "CreditNotInFlight"
        ? execute(request).pipe(
            Effect.flatMap((executed) => outcomeOf(executed, credit)),
            Effect.flatMap((present) => alreadyRecorded(present, outcome, error))
          )
        : Effect.fail(error)
  })
})

const isUnreachable = (error: ExecutionError): boolean =>
  error._tag === "DatabaseError" && error.reason._tag === "Unreachable"

/** What is there, where it is what the call came to; somebody who decided otherwise meanwhile is not passed over. */
const alreadyRecorded = (
  present: CreditOutcome.CreditOutcome,
  called: Called,
  error: Refusal.CreditNotInFlight
): Effect.Effect<CreditOutcome.CreditOutcome, Refusal.CreditNotInFlight> => {
  const declined = present.outcome === "CreditDeclined"
  return declined === (called._tag === "DeclineCredit")
    ? Effect.succeed({ ...present, replayed: false })
    : Effect.fail(error)
}

/** What is recorded after the call follows from the request. */
const follower = (caller: Caller, { events }: Extract<Executed, { _tag: "Appended" }>): Caller => {
  const request = events[0] as EventStore.StoredEvent
  return { ...caller, correlationId: request.correlationId, causationId: request.eventId }
}

const asked = ({ creditId, lots, occurredAt, points, redemptionId }: CreditRedemption) => ({
  redemptionId,
  creditId,
  points,
  lots,
  occurredAt
})

const execution = (
  credit: CreditRedemption,
  caller: Caller,
  command: Decide.Command,
  key: Execution["key"] = { kind: "credit", key: credit.creditId, content: content(credit) }
): Execution => ({
  target: credit,
  caller,
  command,
  key,
  lots: [{ _tag: "DrawnBy", redemptionId: credit.redemptionId }],
  horizon: credit.occurredAt,
  redemptions: [credit.redemptionId]
})

/** What was just recorded follows from what was loaded; what was there before is read from the redemption's stream. */
const outcomeOf = Effect.fnUntraced(function* (
  executed: Executed,
  { creditId, redemptionId }: CreditRedemption
): Effect.fn.Return<CreditOutcome.CreditOutcome, DatabaseError, EventStore.EventStore> {
  const { loaded } = executed
  if (executed._tag === "Appended" && executed.events.length > 0) {
    const before = Account.redemption(loaded.state, redemptionId)
    return CreditOutcome.present(before, executed.events, redemptionId, creditId, false)
  }
  const account = loaded.account as EventStore.AccountRef
  const stream = yield* Streams.readWhole(account, Fact.redemptionStream(redemptionId))
  return CreditOutcome.present(Redemption.none, stream, redemptionId, creditId, executed._tag === "Replayed")
})

type Called = RedemptionCommand.ConfirmCredit | RedemptionCommand.DeclineCredit | RedemptionCommand.MarkCreditUnknown

const callMastercard = Effect.fnUntraced(function* (
  credit: CreditRedemption,
  { events, loaded }: Extract<Executed, { _tag: "Appended" }>
): Effect.fn.Return<Called, never, Mastercard> {
  const mastercard = yield* Mastercard
  const request = requestOf(events)
  const redemption = redemptionOf(loaded, credit.redemptionId)
  const answered = yield* Effect.result(
    mastercard.credit({
      redemptionId: credit.redemptionId,
      userId: credit.account,
      redemptionType: redemption.redemptionType,
      processedBy: redemption.processedBy,
      points: wirePoints(request, redemption)
    })
  )
  const occurredAt = yield* now
  const { creditId, redemptionId } = credit
  if (answered._tag === "Success") {
    const { id, pointBalance, programName, remaining } = answered.success
    const answer = { pointBalance, remaining: remaining ?? null, programName: storable(programName), id }
    return { _tag: "ConfirmCredit", redemptionId, creditId, mastercard: answer }
  }
  const failure = answered.failure
  switch (failure._tag) {
    case "MastercardRefused":
      return { _tag: "DeclineCredit", redemptionId, creditId, reasons: reasonsOf(failure), occurredAt }
    case "MastercardNotSent":
      return { _tag: "DeclineCredit", redemptionId, creditId, reasons: [notSent(failure)], occurredAt }
    case "MastercardOutcomeUnknown":
      return { _tag: "MarkCreditUnknown", redemptionId, creditId, cause: failure.cause, occurredAt }
  }
})

type Requested = Extract<RedemptionEvent.RedemptionEvent, { _tag: "CreditRequested" }>

const requestOf = (events: ReadonlyArray<EventStore.StoredEvent>): Requested =>
  events.map(({ fact }) => fact.event).find((event) => event._tag === "CreditRequested") as Requested

const redemptionOf = ({ state }: EventStore.Loaded, redemptionId: Ids.RedemptionId): Redemption.Redemption => {
  const situation = Account.redemption(state, redemptionId)
  if (situation._tag === "None") throw new Error(`redemption ${redemptionId} was credited and has no event`)
  return situation.redemption
}

// A full credit omits the amount while nothing was credited, and asks for exactly what remains otherwise.
const wirePoints = ({ mode, points }: Requested, redemption: Redemption.Redemption): Points.Points | undefined =>
  mode === "full" && redemption.credited === 0n ? undefined : points

const reasonsOf = (refused: MastercardRefused): ReadonlyArray<RedemptionEvent.DeclineReason> =>
  refused.reasons.length > 0
    ? refused.reasons.map(({ description, reasonCode, source }) => ({
        source: storable(source),
        reasonCode: storable(reasonCode),
        description: storable(description)
      }))
    : [
        {
          source: "",
          reasonCode: String(refused.status),
          description: storable(refused.body ?? "no reason was given")
        }
      ]

// Texts from outside may have U+0000 or half a surrogate pair. PostgreSQL refuses both in JSON, and what Mastercard did
// must be recorded whatever it said about it.
const storable = (text: string): string => text.replace(/[\p{Cc}\p{Cs}]/gu, "\ufffd")

/** The reason of a decline whose call never left; tells it apart from a refusal of Mastercard's. */
export const NOT_SENT_SOURCE = "pointback"

const notSent = (failure: MastercardNotSent): RedemptionEvent.DeclineReason => ({
  source: NOT_SENT_SOURCE,
  reasonCode: failure.cause,
  description: failure.message
})
