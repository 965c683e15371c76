/** What the console says: of what went wrong and what to do then, of states, remedies and columns. */
import type { CreditInFlight, RedemptionSummary } from "./Answers.ts"
import type { Trouble } from "./Server.ts"

/** What happened, and what whoever reads it can do. */
export interface Said {
  readonly what: string
  readonly remedy: string
}

const BY_KIND: Readonly<Record<string, Said>> = {
  unreachable: {
    what: "The server cannot be reached.",
    remedy: "Look whether you are connected, then try again. Nothing was changed by asking."
  },
  unauthorized: {
    what: "The server does not know this key.",
    remedy: "Sign in with a key from whoever runs the server."
  },
  "unknown-program": {
    what: "There is no such program.",
    remedy: "Look at how it is written: capital letters count."
  },
  "unknown-account": {
    what: "Nothing was ever recorded of this account in this program.",
    remedy:
      "Look at the number and at the program. A number that was replaced is found too; one that was erased is not."
  },
  "known-at-not-safe": {
    what: "What was known at that instant can still change.",
    remedy:
      "Take an earlier “as known at”; the instant below is the last one that is safe. Without any, the answer is provisional."
  },
  "redemption-not-found": {
    what: "There was no such redemption by then.",
    remedy: "Leave “as of” and “as known at” empty for the present, or look at the redemption’s id."
  },
  "lot-not-found": {
    what: "There was no such lot by then.",
    remedy: "Leave “as of” and “as known at” empty for the present, or look at the lot’s name."
  },
  "too-many-requests": { what: "This key has asked too much within a minute.", remedy: "Wait, then try again." },
  "question-too-long": { what: "The answer took too long.", remedy: "Ask for less at once, such as fewer months." },
  "call-may-be-under-way": {
    what: "The call of this credit may still be under way.",
    remedy: "Decide again after the instant below."
  },
  "nothing-to-decide": {
    what: "Nobody needs to decide about this credit any more.",
    remedy: "Load the page again: somebody, or settling, was first."
  },
  "key-conflict": {
    what: "Somebody decided otherwise at the same time.",
    remedy: "Load the page again, and look at what became of it."
  },
  "unknown-break": {
    what: "No open break has this id.",
    remedy: "Load the list again: it may have been closed or accepted meanwhile."
  }
}

const byStatus = (status: number): Said => {
  if (status === 403)
    return {
      what: "This key may not do that.",
      remedy: "Ask whoever runs the server for a key with the scope, or for the program."
    }
  if (status === 400)
    return { what: "The server does not take what was asked for.", remedy: "Mend the field that is named below." }
  if (status === 404) return { what: "It is not there.", remedy: "Look at what you asked for." }
  if (status === 503)
    return { what: "The server is busy, or cannot reach its database or Mastercard.", remedy: "Try again in a moment." }
  if (status >= 500)
    return { what: "Something went wrong on the server.", remedy: "Tell whoever runs it the request’s number below." }
  return { what: "It was refused.", remedy: "The reason is below." }
}

/** Whether the same question can have another answer in a moment. */
export const isPassing = ({ status }: Trouble): boolean => status === 0 || status === 429 || status >= 500

/** What a trouble means. */
export const said = ({ kind, status }: Trouble): Said => BY_KIND[kind] ?? byStatus(status)

export const STATES: Readonly<Record<RedemptionSummary["state"], string>> = {
  outstanding: "outstanding",
  creditInFlight: "credit in flight",
  creditUnknown: "outcome unknown",
  fullyCredited: "fully credited"
}

export const IN_FLIGHT: Readonly<Record<CreditInFlight["state"], string>> = {
  inFlight: "in flight: its call may be under way",
  unknown: "of unknown outcome: nobody knows whether it happened"
}

/** Steps of a redemption. */
export const STEPS: Readonly<Record<string, string>> = {
  Redeemed: "Redeemed",
  CreditRequested: "Credit requested",
  PartiallyCredited: "Partially credited",
  FullyCredited: "Fully credited",
  CreditDeclined: "Credit declined",
  CreditOutcomeUnknown: "Outcome unknown",
  earned: "Earned",
  adjusted: "Adjusted",
  drawn: "Drawn",
  restored: "Restored",
  expired: "Expired"
}

/** What kept us from knowing what became of a credit. */
export const CAUSES: Readonly<Record<string, string>> = {
  timeout: "Mastercard did not answer in time",
  connectionLost: "the connection was lost before the answer",
  serverError: "Mastercard answered with an error of its own",
  unreadableAnswer: "Mastercard’s answer could not be read",
  contradiction: "Mastercard’s answer contradicts our numbers",
  crash: "our process ended before the answer was recorded"
}

export const BREAKS: Readonly<Record<string, string>> = {
  missingHere: "Missing here",
  missingThere: "Missing there",
  amountMismatch: "Other points",
  remainingMismatch: "Other points remain",
  duplicateHere: "Twice here",
  duplicateThere: "Twice there",
  stateMismatch: "Ended on one side",
  unknownOutcome: "Outcome unknown",
  overCredited: "Credited too much",
  ambiguous: "Ambiguous",
  late: "At another time",
  agingMismatch: "Other lots or expiry"
}

/** What to do about a break. */
export const REMEDIES: Readonly<Record<string, string>> = {
  confirm: "It happened: settling, or a reconciliation with --apply, confirms it.",
  record: "It is there and not here: a reconciliation with --apply records it.",
  release: "It never happened: settling releases its points, where Mastercard’s listing proves it.",
  wait: "Wait: its outcome can still arrive. A later run looks again.",
  none: "Nothing has to be done; accept it, or leave it.",
  person: "Somebody has to look at both sides, and then record what is missing, or accept the break by name and reason."
}

/** The same in a word. */
export const BRIEFLY: Readonly<Record<string, string>> = {
  confirm: "confirm",
  record: "record it",
  release: "release",
  wait: "wait",
  none: "nothing",
  person: "look at both"
}
