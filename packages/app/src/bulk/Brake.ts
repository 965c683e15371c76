/**
 * Stops a run of credits when Mastercard or the database is down as a whole. Each credit that is begun all the same would
 * be declined for good or hold its redemption, and a file has a million of them.
 */
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import { Schema } from "effect"
import { type CreditResult, isNotSent } from "./CreditResult.ts"

/** Credits in a row that did not reach Mastercard's API, after which no more are begun. Each needs a new credit id then. */
export const MAXIMUM_TURNED_AWAY_IN_A_ROW = 3

/**
 * Credits in a row without a certain outcome, after which no more are begun: a slow minute has some, and each holds its
 * redemption until it is settled.
 */
export const MAXIMUM_UNCERTAIN_IN_A_ROW = 10

const HOW_TO_GO_ON = {
  mastercardNotReached:
    "they were declined without having been sent, and need new credit ids; " +
    "when Mastercard can be reached again, run the same file for all others",
  turnedAway:
    "they are declined, and need new credit ids; " +
    "look at the consumer key and the signing key, then run the same file for all others",
  outcomesUnknown:
    "their points stay held until `pointback settle` has looked at Mastercard; " +
    "when it answers again, run the same file for all others",
  databaseUnreachable:
    "what was in flight is known when the same file is run again, as soon as the database can be reached"
}

/** No further credits are begun. Those that were in flight have ended by then, and are among the results. */
export class CreditsStopped extends Schema.TaggedError<CreditsStopped>()("CreditsStopped", {
  cause: Schema.Literals(["mastercardNotReached", "turnedAway", "outcomesUnknown", "databaseUnreachable"]),
  /** Credits in a row to which it happened before no more were begun. */
  inARow: Schema.Natural,
  /** What the last of them was told. */
  detail: Schema.String
}) {
  override get message() {
    const happened = {
      mastercardNotReached: `Mastercard could not be reached ${this.inARow} times in a row`,
      turnedAway: `Mastercard's gateway turned ${this.inARow} credits in a row away`,
      outcomesUnknown: `nobody knows what became of ${this.inARow} credits in a row`,
      databaseUnreachable: "the database could not be reached"
    }[this.cause]
    return `stopped: ${happened} (${this.detail}); ${HOW_TO_GO_ON[this.cause]}`
  }
}

/** The source of reasons that stand before the API itself: signatures, keys, limits. They say nothing about a credit. */
const GATEWAY_SOURCE = "Gateway"

/** Reason codes of our own that concern one credit alone. */
const OF_ONE_CREDIT = new Set(["invalidRequest", "storedTooLongAgo"])

export class Brake {
  /** Why no further credits are begun; undefined while they are. */
  stopped: CreditsStopped | undefined
  #inARow = { mastercardNotReached: 0, turnedAway: 0, outcomesUnknown: 0 }

  /** Notes what became of a credit; answers whether Mastercard's API answered it just now. */
  note(result: CreditResult): boolean {
    if (result._tag === "Failed") {
      const { error } = result
      if (error._tag === "DatabaseError" && (error.reason._tag === "Unreachable" || error.reason._tag === "Closed"))
        this.#stop("databaseUnreachable", 1, error.message)
      return false
    }
    const { outcome } = result
    // What was known already was not asked for now, and what was recorded alone asked nobody.
    if (outcome.replayed) return false
    const trouble = troubleOf(outcome)
    if (trouble === "its own") return false
    if (trouble === "none") {
      this.#inARow = { mastercardNotReached: 0, turnedAway: 0, outcomesUnknown: 0 }
      return true
    }
    this.#inARow[trouble]++
    const { mastercardNotReached, outcomesUnknown, turnedAway } = this.#inARow
    const away = mastercardNotReached + turnedAway
    if (away >= MAXIMUM_TURNED_AWAY_IN_A_ROW || away + outcomesUnknown >= MAXIMUM_UNCERTAIN_IN_A_ROW)
      this.#stop(trouble, away + outcomesUnknown, detailOf(outcome))
    return false
  }

  #stop(cause: CreditsStopped["cause"], inARow: number, detail: string): void {
    this.stopped ??= new CreditsStopped({ cause, inARow, detail })
  }
}

type Trouble = Exclude<CreditsStopped["cause"], "databaseUnreachable">

const troubleOf = (outcome: CreditOutcome): Trouble | "its own" | "none" => {
  if (outcome.outcome === "CreditOutcomeUnknown") return "outcomesUnknown"
  if (isNotSent(outcome)) {
    return OF_ONE_CREDIT.has(outcome.reasons[0]?.reasonCode ?? "") ? "its own" : "mastercardNotReached"
  }
  return outcome.reasons.some(({ source }) => source === GATEWAY_SOURCE) ? "turnedAway" : "none"
}

const detailOf = ({ cause, reasons }: CreditOutcome): string =>
  cause ?? reasons.map(({ description, reasonCode }) => `${reasonCode}: ${description}`).join("; ")
