/** What a verification finds. */
import type { Finding } from "./AccountAudit.ts"

/** Differences that are named at most; a database with more has one cause, and the others are counted. */
export const MAXIMUM_DIFFERENCES = 1000

/** Something that is not as it must be. The account is its opaque key; null for the log itself. */
export interface Difference extends Omit<Finding, "check"> {
  /** `log`: the events' order, completeness and hashes. `heads`: the log against heads that were kept elsewhere. */
  readonly check: Finding["check"] | "log" | "heads"
  readonly program: string | null
  readonly account: string | null
}
