/**
 * Points of a redemption are given back, exactly once, over an API without idempotency keys.
 *
 * The intent is stored before anybody is called; nothing is called inside a transaction; a certain refusal releases
 * what is held, and everything uncertain keeps it.
 *
 * @see semantics, section 7
 */
import { CurrentTransaction, type DatabaseError, type EventStore, type Mastercard } from "@pointback/adapters"
import { Account, type Decide, type Draw, Fact, type Ids, Instant, Points, Redemption } from "@pointback/domain"
import { Effect } from "effect"
import * as Content from "./Content.ts"
import * as CreditCall from "./CreditCall.ts"
import { counted } from "./CreditMetrics.ts"
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
}, counted)

// The request that is stored before the call could be undone after it.
const IN_TRANSACTION = "creditRedemption calls Mastercard, and must not run inside a transaction; recordCredit may"

/** Asks Mastercard for a credit and records the outcome. Safe to repeat with the same credit id: never calls twice. */
export const creditRedemption = Effect.fn("creditRedemption")(function* (
  credit: CreditRedemption,
  caller: Caller = {}
): Effect.fn.Return<CreditOutcome.CreditOutcome, ExecutionError, EventStore.EventStore | Mastercard> {
  if ((yield* CurrentTransaction) !== undefined) return yield* Effect.die(new Error(IN_TRANSACTION))
  const command = { _tag: "RequestCredit", ...asked(credit) } as const
  const began = yield* now
  const requested = yield* execute(execution(credit, caller, command))
  if (requested._tag === "Replayed") return yield* outcomeOf(requested, credit)
  // Nothing else happens to most accounts during the call, and where it does, the version tells.
  const sent = { ...CreditCall.asked(credit, requested), known: after(requested) }
  return yield* CreditCall.sendAndRecord(sent, caller, began)
}, counted)

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
