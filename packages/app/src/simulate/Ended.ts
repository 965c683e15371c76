/** A history as it ended, with what those who asked were told: all that a comparison looks at. */
import type { EventStore, RedemptionTruth } from "@pointback/adapters"
import type { Ids, Points } from "@pointback/domain"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import type { PlannedAccount, PlannedCredit } from "./HistoryPlan.ts"

/** An answer: an outcome, an error, or nothing, since the process died or nobody waited any more. */
export type Answer =
  | { readonly _tag: "Outcome"; readonly outcome: CreditOutcome }
  | { readonly _tag: "Failure"; readonly tag: string; readonly message: string }
  | { readonly _tag: "Nothing" }

/** A request and its answer. */
export interface Telling {
  readonly credit: PlannedCredit
  readonly answer: Answer
}

/** A history when nothing is under way any more. */
export interface Ended {
  readonly accounts: ReadonlyArray<PlannedAccount>
  /** The events of each account, in the order of the log. */
  readonly events: ReadonlyMap<Ids.AccountNumber, ReadonlyArray<EventStore.StoredEvent>>
  /** What Mastercard truly has. */
  readonly truth: ReadonlyArray<RedemptionTruth>
  /** Points that others credited there, by redemption. */
  readonly elsewhere: ReadonlyMap<string, ReadonlyArray<Points.Points>>
  readonly tellings: ReadonlyArray<Telling>
}
