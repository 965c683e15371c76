/**
 * The call of a credit that is stored as requested, and what is recorded of it: the part of the protocol between the two
 * transactions. Whoever comes here holds the credit's points already.
 *
 * @see semantics, section 7 steps 2 and 3
 */
import type { CreditAnswer, EventStore, MastercardError } from "@pointback/adapters"
import { Mastercard, type MastercardNotSent, type MastercardRefused } from "@pointback/adapters"
import {
  Account,
  Fact,
  type Ids,
  Instant,
  Points,
  Redemption,
  type RedemptionCommand,
  type RedemptionEvent
} from "@pointback/domain"
import { Context, Duration, Effect, Option, Result, Schedule } from "effect"
import type { Caller, Executed, ExecutionError, Target } from "./Command.ts"
import * as CreditOutcome from "./CreditOutcome.ts"
import { execute } from "./Execution.ts"
import { now } from "./Now.ts"
import * as Streams from "./Streams.ts"

/** A credit as it was stored: what Mastercard is to be asked for. */
export interface AskedCredit extends Target {
  /** The account's present number, which is another one than `account` where that was replaced. */
  readonly number: Ids.AccountNumber
  readonly redemption: Redemption.Redemption
  /** Its `CreditRequested`. */
  readonly request: EventStore.StoredEvent
  /** What the account was when the request was stored, so that its outcome can be decided without loading. */
  readonly known?: EventStore.Loaded | undefined
}

type Requested = Extract<RedemptionEvent.RedemptionEvent, { _tag: "CreditRequested" }>

/** The credit that was just requested. */
export const asked = (
  { account, program, redemptionId }: Target & { readonly redemptionId: Ids.RedemptionId },
  { events, loaded }: Extract<Executed, { _tag: "Appended" }>
): AskedCredit => {
  const situation = Account.redemption(loaded.state, redemptionId)
  const request = events.find(({ fact }) => fact.event._tag === "CreditRequested")
  if (situation._tag === "None" || request === undefined) {
    throw new Error(`a credit of redemption ${redemptionId} was requested and has no event`)
  }
  return { program, account, number: loaded.number, redemption: situation.redemption, request }
}

/**
 * A request that was stored longer ago than this is not sent any more: whoever settles it may have found by then that it
 * never happened, as after a process that stood still. It must be well below the longest processing time.
 */
export const SEND_LIMIT = Duration.seconds(30)

const SEND_LIMIT_MICROS = Instant.MICROS_PER_MILLI * BigInt(Duration.toMillis(SEND_LIMIT))

/** Why a call that was to be made is not made. Then the credit is declined, with this reason. */
export interface NotBegun {
  readonly _tag: "NotBegun"
  readonly reason: RedemptionEvent.DeclineReason
}

/** A call is not made, for a reason of ours. */
export const notBegun = (reasonCode: string, description: string): NotBegun => ({
  _tag: "NotBegun",
  reason: { source: OUR_SOURCE, reasonCode, description: storable(description) }
})

/** What whoever makes many calls does around each. */
export interface AroundCall {
  /** Waits for the call's turn, or calls it off. Its points are held meanwhile. */
  readonly before: Effect.Effect<void, NotBegun>
  /** Run when Mastercard has answered, or cannot be asked, before that is recorded. */
  readonly answered: Effect.Effect<void>
}

/** Nothing, unless whoever makes many calls says so. */
export const CurrentAroundCall = Context.Reference<AroundCall>("@pointback/app/CurrentAroundCall", {
  defaultValue: () => ({ before: Effect.void, answered: Effect.void })
})

/** Calls Mastercard once and records the outcome. `began` is an instant before the request was stored. */
export const sendAndRecord = Effect.fnUntraced(function* (
  credit: AskedCredit,
  caller: Caller,
  began: Instant.Instant
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore | Mastercard> {
  const around = yield* CurrentAroundCall
  const called = yield* call(credit, began, around)
  // The call may have had its effect: what it said is written down even if nobody waits for us any more.
  return yield* Effect.uninterruptible(Effect.andThen(around.answered, record(credit, caller, called)))
})

type Called = RedemptionCommand.ConfirmCredit | RedemptionCommand.DeclineCredit | RedemptionCommand.MarkCreditUnknown

const requestOf = ({ request }: AskedCredit): Requested => request.fact.event as Requested

const call = Effect.fnUntraced(function* (
  credit: AskedCredit,
  began: Instant.Instant,
  { before }: AroundCall
): Effect.fn.Return<Called, never, Mastercard> {
  const { redemptionId } = credit.redemption
  const { creditId } = requestOf(credit)
  const mastercard = yield* Mastercard
  const send = Effect.flatMap(now, (present): Effect.Effect<CreditAnswer, MastercardError | NotBegun> =>
    present - began > SEND_LIMIT_MICROS ? Effect.fail(TOO_LATE) : mastercard.credit(wireRequest(credit))
  )
  const answered = yield* Effect.result(Effect.andThen(before, send))
  const occurredAt = yield* now
  if (Result.isSuccess(answered)) return accepted(credit, answered.success, occurredAt)
  const failure = answered.failure
  switch (failure._tag) {
    case "NotBegun":
      return { _tag: "DeclineCredit", redemptionId, creditId, reasons: [failure.reason], occurredAt }
    case "MastercardRefused":
      return { _tag: "DeclineCredit", redemptionId, creditId, reasons: reasonsOf(failure), occurredAt }
    case "MastercardNotSent":
      return { _tag: "DeclineCredit", redemptionId, creditId, reasons: [notSent(failure)], occurredAt }
    case "MastercardOutcomeUnknown":
      return { _tag: "MarkCreditUnknown", redemptionId, creditId, cause: failure.cause, occurredAt }
  }
})

// A full credit omits the amount while nothing was credited, and asks for exactly what remains otherwise.
const wireRequest = (credit: AskedCredit) => {
  const { account, number, redemption } = credit
  const { mode, points } = requestOf(credit)
  return {
    redemptionId: redemption.redemptionId,
    userId: account,
    replacedBy: number === account ? undefined : number,
    redemptionType: redemption.redemptionType,
    processedBy: redemption.processedBy,
    points: namesAmount(mode, redemption) ? points : undefined
  }
}

/** Whether the call of a credit says how many points it asks for, given what was credited before. */
export const namesAmount = (mode: RedemptionEvent.CreditMode, { credited }: Redemption.Redemption): boolean =>
  mode === "partial" || credited > 0n

const accepted = (credit: AskedCredit, answer: CreditAnswer, occurredAt: Instant.Instant): Called => {
  const { redemptionId } = credit.redemption
  const { creditId } = requestOf(credit)
  const { id, pointBalance, programName, remaining } = answer
  const mastercard = { pointBalance, remaining: remaining ?? null, programName: storable(programName), id }
  return contradicts(credit, answer)
    ? { _tag: "MarkCreditUnknown", redemptionId, creditId, cause: "contradiction", mastercard, occurredAt }
    : { _tag: "ConfirmCredit", redemptionId, creditId, mastercard }
}

/**
 * Whether a success cannot be one: where more remains at Mastercard than the redemption can have without these points.
 * Where less remains than we count, somebody else credited some, which is stored and is a break.
 */
const contradicts = (credit: AskedCredit, { remaining }: CreditAnswer): boolean => {
  if (remaining === undefined) return false
  const left = Result.getSuccess(Points.fromString(remaining))
  return Option.isSome(left) && left.value > credit.redemption.points - requestOf(credit).points
}

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

/** The source of reasons that are ours: the call never left, or it certainly had no effect. */
export const OUR_SOURCE = "pointback"

const notSent = (failure: MastercardNotSent): RedemptionEvent.DeclineReason => ({
  source: OUR_SOURCE,
  reasonCode: failure.cause,
  description: failure.message
})

/** Reason codes of ours that say what became known later; all others of ours say that the call never left. */
export const SETTLED_CODES = { absent: "absent", released: "released" } as const

/** Whether a credit was declined because its call never left, so that Mastercard itself said nothing. */
export const wasNotSent = ({ reasonCode, source }: RedemptionEvent.DeclineReason): boolean =>
  source === OUR_SOURCE && !Object.values<string>(SETTLED_CODES).includes(reasonCode)

const TOO_LATE = notBegun(
  "storedTooLongAgo",
  `the request was stored more than ${Duration.toSeconds(SEND_LIMIT)} seconds before it could be sent; nothing was sent`
)

/** How long a database that cannot be reached is waited for with what Mastercard answered: a failover takes seconds. */
const RECORD_PATIENCE = "30 seconds"

const RECORD_SCHEDULE = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(
  Schedule.upTo({ duration: RECORD_PATIENCE })
)

/**
 * Records what came of the call. Nobody else knows it, so a lost connection is not the end: it is recorded again, and
 * where the first attempt had got through after all, what is there is the answer. Where the database stays away, the
 * points stay held, and nobody is told more than that.
 */
const record = Effect.fnUntraced(function* (
  credit: AskedCredit,
  caller: Caller,
  called: Called
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore> {
  const recorded = Effect.flatMap(write(credit, caller, called), (executed) => outcomeOf(credit, executed))
  return yield* recorded.pipe(
    Effect.retry({ while: isUnreachable, schedule: RECORD_SCHEDULE }),
    Effect.catchTag("CreditNotInFlight", (error) =>
      Effect.flatMap(present(credit), (outcome) => decidedMeanwhile(credit, caller, called, outcome, error))
    ),
    Effect.catchIf(isUnreachable, (error) =>
      Effect.as(Effect.logWarning(`${NOT_RECORDED}: ${error.message}`), stillInFlight(credit))
    )
  )
})

const NOT_RECORDED = "what Mastercard answered to a credit could not be recorded; its points stay held, settle it"

const isUnreachable = (error: ExecutionError): boolean =>
  error._tag === "DatabaseError" && error.reason._tag === "Unreachable"

const write = (credit: AskedCredit, caller: Caller, command: Called | RedemptionCommand.RecordCredit) => {
  const { account, known, program, redemption, request } = credit
  const { redemptionId } = redemption
  return execute({
    target: { program, account },
    // What is recorded after the call follows from the request.
    caller: { ...caller, correlationId: request.correlationId, causationId: request.eventId },
    command,
    key: null,
    lots: [{ _tag: "DrawnBy", redemptionId }],
    horizon: request.fact.occurredAt,
    redemptions: [redemptionId],
    known
  })
}

/** Somebody settled the credit while its call was under way. A success of Mastercard's is booked in any case. */
const decidedMeanwhile = (
  credit: AskedCredit,
  caller: Caller,
  called: Called,
  outcome: CreditOutcome.CreditOutcome,
  error: ExecutionError
): Effect.Effect<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore> => {
  const declined = outcome.outcome === "CreditDeclined"
  switch (called._tag) {
    case "ConfirmCredit": {
      if (!declined) return Effect.succeed(outcome)
      const { points } = requestOf(credit)
      const occurredAt = credit.request.fact.occurredAt
      const command = { ...called, _tag: "RecordCredit", origin: "mastercard", points, occurredAt } as const
      return Effect.flatMap(write(credit, caller, command), (executed) => outcomeOf(credit, executed))
    }
    case "DeclineCredit":
      return declined ? Effect.succeed(outcome) : Effect.fail(error)
    case "MarkCreditUnknown":
      return Effect.succeed(outcome)
  }
}

const outcomeOf = (credit: AskedCredit, executed: Executed) => {
  const { redemptionId } = credit.redemption
  return executed._tag === "Appended" && executed.events.length > 0
    ? Effect.succeed(
        CreditOutcome.present(
          Account.redemption(executed.loaded.state, redemptionId),
          executed.events,
          redemptionId,
          requestOf(credit).creditId,
          false
        )
      )
    : present(credit)
}

/** What the stream says of the credit now. */
const present = (credit: AskedCredit) => {
  const { redemptionId } = credit.redemption
  return Effect.map(Streams.readWhole(credit.request.account, Fact.redemptionStream(redemptionId)), (events) =>
    CreditOutcome.present(Redemption.none, events, redemptionId, requestOf(credit).creditId, false)
  )
}

const stillInFlight = (credit: AskedCredit): CreditOutcome.CreditOutcome =>
  CreditOutcome.present(
    { _tag: "Outstanding", redemption: credit.redemption },
    [credit.request],
    credit.redemption.redemptionId,
    requestOf(credit).creditId,
    false
  )
