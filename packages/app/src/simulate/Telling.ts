/** What those who asked for a credit were told. */
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import type { PlannedCredit } from "./HistoryPlan.ts"

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
