/**
 * How a call can fail, by what is known about its effect. The credit protocol needs exactly this: a credit is not
 * idempotent, so whether it may have happened decides everything that follows.
 *
 * @see semantics, section 7 step 3
 */
import { Schema } from "effect"
import * as Reason from "./Reason.ts"

/** Mastercard said no: the call certainly had no effect. Any 4xx answer but 408. */
export class MastercardRefused extends Schema.TaggedError<MastercardRefused>()("MastercardRefused", {
  /** The call, without an account number: `POST /redemptions/5134720/credits`. */
  call: Schema.String,
  status: Schema.Int,
  reasons: Schema.Array(Reason.Reason),
  /** The answer as it came, masked and cut, where it has not the documented structure. */
  body: Schema.UndefinedOr(Schema.String)
}) {
  override get message(): string {
    const why = this.reasons.map(Reason.describe).join("; ")
    return `Mastercard refused ${this.call} with ${this.status}: ${why || this.body || "no reason was given"}`
  }
}

/** What kept a call from being sent. */
export const NotSentCause = Schema.Literals([
  "connectionRefused",
  "hostNotFound",
  "connectTimeout",
  "connectFailed",
  "invalidRequest",
  "notConfigured",
  "queueFull",
  "notInTime",
  "circuitOpen",
  "tokenRefused",
  "tokenUnavailable"
])

/** The call failed before a byte of it left: it certainly had no effect and may be sent again. */
export class MastercardNotSent extends Schema.TaggedError<MastercardNotSent>()("MastercardNotSent", {
  call: Schema.String,
  cause: NotSentCause,
  /** A system's error code or the invalid field. */
  detail: Schema.String
}) {
  override get message(): string {
    const what = NOT_SENT[this.cause]
    return `${this.call} was not sent, nothing has changed: ${what} (${this.detail}). ${NOT_SENT_ADVICE[this.cause]}`
  }
}

const NOT_SENT: Record<typeof NotSentCause.Type, string> = {
  connectionRefused: "the connection was refused",
  hostNotFound: "the host has no address",
  connectTimeout: "no connection within the time limit",
  connectFailed: "the connection could not be made",
  invalidRequest: "the request is invalid",
  notConfigured: "a setting is missing",
  queueFull: "too many calls wait already",
  notInTime: "its turn did not come in time",
  circuitOpen: "Mastercard failed again and again, and is left alone for a while",
  tokenRefused: "no access token was given",
  tokenUnavailable: "no access token could be got"
}

const REACH = "Check POINTBACK_MASTERCARD_URL and the network, then send it again."

const NOT_SENT_ADVICE: Record<typeof NotSentCause.Type, string> = {
  connectionRefused: REACH,
  hostNotFound: REACH,
  connectTimeout: REACH,
  connectFailed: REACH,
  invalidRequest: "Correct it, then send it again.",
  notConfigured: "Set it, then send it again.",
  queueFull: "Send it again later, or with less at once.",
  notInTime: "Send it again later, or with less at once.",
  circuitOpen: "Send it again later.",
  tokenRefused: "Check client id, key id, key and scopes, then send it again.",
  tokenUnavailable: "Check POINTBACK_MASTERCARD_TOKEN_URL and the network, then send it again."
}

/** Why the outcome of a call is unknown. */
export const UnknownCause = Schema.Literals(["timeout", "connectionLost", "serverError", "unreadableAnswer"])

/**
 * The call may have had its effect or not: bytes may have left, and no answer says what became of them. A credit must
 * be settled by looking at the history, never sent again. A call that only reads may simply be repeated.
 */
export class MastercardOutcomeUnknown extends Schema.TaggedError<MastercardOutcomeUnknown>()(
  "MastercardOutcomeUnknown",
  {
    call: Schema.String,
    cause: UnknownCause,
    /** The status of the answer, where there was one. */
    status: Schema.UndefinedOr(Schema.Int),
    reasons: Schema.Array(Reason.Reason),
    /** A system's error code, the field that cannot be read, or the start of the answer, masked. */
    detail: Schema.String
  }
) {
  override get message(): string {
    const status = this.status === undefined ? "" : ` with status ${this.status}`
    const why = this.reasons.map(Reason.describe).join("; ") || this.detail
    return `No certain answer to ${this.call}: ${UNKNOWN[this.cause]}${status} (${why}). ${unknownAdvice(this.call)}`
  }
}

const unknownAdvice = (call: string): string => {
  if (call.startsWith("GET ") || call === "POST /redeemers/search") return "Ask again."
  if (call === "PUT /redemptions" || call === "POST /redemptions/addresses") {
    return "It may have taken effect: no points depend on it, so it may be sent again where a second one does no harm."
  }
  return "It may have taken effect: do not send it again, settle it by the history."
}

const UNKNOWN: Record<typeof UnknownCause.Type, string> = {
  timeout: "the time limit passed",
  connectionLost: "the connection was lost",
  serverError: "the server failed",
  unreadableAnswer: "the answer cannot be read"
}

/** How any call can fail. */
export type MastercardError = MastercardRefused | MastercardNotSent | MastercardOutcomeUnknown
