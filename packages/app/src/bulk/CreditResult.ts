/** What became of one credit among many. */
import type { ExecutionError, Target } from "../command/Command.ts"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import { wasNotSent } from "../command/CreditCall.ts"
import type { CreditRedemption } from "../command/CreditRedemption.ts"
import type { Instant } from "@pointback/domain"

/** One of many credits. */
export interface BatchedCredit extends Target, Pick<CreditRedemption, "redemptionId" | "creditId" | "points" | "lots"> {
  /** Where it is left out: the moment at which the credit is begun. */
  readonly occurredAt?: Instant.Instant | undefined
  readonly actor?: string | undefined
}

/** A credit with its outcome, or with why there is none. */
export type CreditResult<A extends BatchedCredit = BatchedCredit> =
  | { readonly _tag: "Outcome"; readonly credit: A; readonly outcome: CreditOutcome }
  | { readonly _tag: "Failed"; readonly credit: A; readonly error: ExecutionError }

/**
 * The outcome in one word: the event's name where there is one, or
 *
 * - `refused`: by a rule of the domain; nothing was sent, and the credit stays refused;
 * - `waiting`: nothing was recorded, since another credit of the redemption is in flight or others kept the account busy;
 *   it can be repeated;
 * - `failed`: the database failed in the middle; it can be repeated, and then tells what there is.
 */
export type Status = CreditOutcome["outcome"] | "refused" | "waiting" | "failed"

const WAITING = new Set<ExecutionError["_tag"]>(["CreditInFlight", "AccountBusy"])

// Somebody decided otherwise while Mastercard was being asked: nothing that the credit was refused for.
const FAILED = new Set<ExecutionError["_tag"]>(["DatabaseError", "CreditNotInFlight"])

export const statusOf = (result: CreditResult): Status => {
  if (result._tag === "Outcome") return result.outcome.outcome
  if (WAITING.has(result.error._tag)) return "waiting"
  return FAILED.has(result.error._tag) ? "failed" : "refused"
}

/** Whether a credit was declined without having been sent to Mastercard. */
export const isNotSent = ({ outcome, reasons }: CreditOutcome): boolean =>
  outcome === "CreditDeclined" && reasons.some(wasNotSent)
