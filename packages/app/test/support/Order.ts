/** Commands that can be handed to another process, and what their callers are told. */
import type { DatabaseError, EventStore, Mastercard } from "@pointback/adapters"
import {
  type CreditOutcome,
  type ExecutionError,
  adjustPoints,
  creditRedemption,
  earnPoints,
  recordCredit,
  redeemPoints,
  sweepExpired
} from "@pointback/app"
import { Ids, Refusal } from "@pointback/domain"
import { Cause, Effect, Exit, Schema } from "effect"
import * as Examples from "./Commands.ts"

/** An account, with its program. */
export interface OfAccount {
  readonly program: string
  readonly account: string
}

/** A command as plain text: points are decimal strings, instants are what `Examples.at` reads. */
export type Order =
  | (OfAccount & {
      readonly kind: "earn"
      readonly lot: string
      readonly points: string
      readonly earnedAt: string
      readonly expiresAt: string | null
    })
  | (OfAccount & {
      readonly kind: "redeem"
      readonly redemption: string
      readonly points: string
      readonly at: string
    })
  | (OfAccount & {
      readonly kind: "credit"
      readonly redemption: string
      readonly credit: string
      /** Null for all that remains. */
      readonly points: string | null
      readonly at: string
      readonly over: "local" | "mastercard"
    })
  | (OfAccount & {
      readonly kind: "adjust"
      readonly key: string
      readonly lot: string
      readonly points: string
      readonly at: string
    })
  /** The sweep has no key and no account; it books nothing twice by itself. */
  | { readonly kind: "sweep"; readonly program: string; readonly at: string }

/** A command that has an idempotency key. */
export type KeyedOrder = Exclude<Order, { readonly kind: "sweep" }>

/** What tells a command from all others: its kind, its account and its key. */
export const keyOf = (order: KeyedOrder): string => `${order.kind} ${order.program} ${order.account} ${idOf(order)}`

const idOf = (order: KeyedOrder): string => {
  switch (order.kind) {
    case "earn":
      return order.lot
    case "redeem":
      return order.redemption
    case "credit":
      return order.credit
    case "adjust":
      return order.key
  }
}

type Failure = ExecutionError | DatabaseError
type Stores = EventStore.EventStore | Mastercard

/** Carries an order out, as a host of the library would. */
export const perform = (order: Order): Effect.Effect<object, Failure, Stores> => {
  const program = Ids.ProgramId.make(order.program)
  if (order.kind === "sweep") return sweepExpired({ program, asOf: Examples.at(order.at) })
  const account = Ids.AccountNumber.make(order.account)
  switch (order.kind) {
    case "earn": {
      const { earnedAt, expiresAt, lot, points } = order
      return earnPoints({ ...Examples.earn(account, lot, points, earnedAt, expiresAt), program })
    }
    case "redeem":
      return redeemPoints({ ...Examples.redeem(account, order.redemption, order.points, order.at), program })
    case "credit": {
      const { at, credit, over, points, redemption } = order
      const command = { ...Examples.credit(account, redemption, credit, at, points ?? undefined), program }
      return over === "local" ? recordCredit(command) : creditRedemption(command)
    }
    case "adjust":
      return adjustPoints({ ...Examples.adjust(account, order.key, order.lot, order.points, order.at), program })
  }
}

/** What a caller is told. */
export type Answer =
  /** It is done. `outcome` is canonical text without what may change later; of an open one all may change. */
  | { readonly told: "done"; readonly replayed: boolean; readonly open: boolean; readonly outcome: string }
  /** A rule of the domain refuses it; that is remembered under its key. */
  | { readonly told: "refused"; readonly tag: string; readonly outcome: string }
  /** It failed with nothing recorded, and its key is free. */
  | { readonly told: "failed"; readonly tag: string; readonly detail: string }
  /** Nobody knows whether it is done. */
  | { readonly told: "lost" }
  /** An error that is not in the type of the use case. */
  | { readonly told: "defect"; readonly detail: string }

/** Carries an order out and answers what its caller is told, whatever that is. */
export const answer = (order: Order): Effect.Effect<Answer, never, Stores> =>
  Effect.map(
    Effect.exit(perform(order)),
    Exit.match({ onSuccess: answerOfSuccess, onFailure: (cause) => answerOfFailure(order, cause) })
  )

const answerOfSuccess = (outcome: Partial<CreditOutcome> & { readonly balance?: bigint }): Answer => {
  // The balance after a redemption is what is known now; a later fact of an earlier instant changes it.
  const { balance: _balance, replayed = false, ...lasting } = outcome
  const open = outcome.outcome === "CreditOutcomeUnknown"
  return { told: "done", replayed, open, outcome: canonical(lasting) }
}

const isRefusal = Schema.is(Refusal.Refusal)

const answerOfFailure = (order: Order, cause: Cause.Cause<Failure>): Answer => {
  const failed = cause.reasons.find(Cause.isFailReason)
  if (failed === undefined) return { told: "defect", detail: Cause.pretty(cause) }
  const { error } = failed
  if (isRefusal(error)) {
    const outcome = canonical(Refusal.encode(error))
    return Refusal.leavesKeyFree(error)
      ? { told: "failed", tag: error._tag, detail: outcome }
      : { told: "refused", tag: error._tag, outcome }
  }
  if (error._tag !== "DatabaseError") return { told: "failed", tag: error._tag, detail: error.message }
  const { reason } = error
  // Behind a credit's first transaction there is Mastercard, and a second one: that the last of it had no effect says
  // nothing about the whole.
  const whole = !(order.kind === "credit" && order.over === "mastercard")
  return reason._tag === "Unreachable" && (reason.outcomeUnknown || !whole)
    ? { told: "lost" }
    : { told: "failed", tag: reason._tag, detail: `${JSON.stringify(reason)} ${error.message}` }
}

/** The same value gives the same text, in whatever order its fields came. */
const canonical = (value: object): string =>
  JSON.stringify(value, (_name, field: unknown) => {
    if (typeof field === "bigint") return String(field)
    if (typeof field !== "object" || field === null || Array.isArray(field)) return field
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => Ids.compare(a, b)))
  })
