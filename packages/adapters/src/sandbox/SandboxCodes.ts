/**
 * How the sandbox says no.
 *
 * Mastercard publishes no list of reason codes for Digital Redemptions. Only the first three codes below are known to
 * come from its gateway (the status of `INVALID_OAUTH_SBS` is assumed); all others are the sandbox's own and merely
 * follow the style of sibling APIs. Nothing may be decided by them.
 *
 * @see mastercard, Errors
 */
import type * as Json from "../json/Json.ts"

/** A refusal in Mastercard's error structure. */
export interface Refusal {
  readonly status: number
  readonly source: "Gateway" | "digital-redemptions-api"
  readonly reasonCode: string
  readonly description: string
}

const gateway =
  (status: number, reasonCode: string) =>
  (description: string): Refusal => ({
    status,
    source: "Gateway",
    reasonCode,
    description
  })

const api = (status: number, reasonCode: string, description: string): Refusal => ({
  status,
  source: "digital-redemptions-api",
  reasonCode,
  description
})

/** The body is not the one that was signed. */
export const bodyHash = gateway(400, "INVALID_BODY_HASH")("The body does not have the hash that oauth_body_hash says.")

/** Signed with the right key, but over another base string. */
export const baseString = gateway(400, "INVALID_OAUTH_SBS")("The signature belongs to another signature base string.")

/** Who calls is not known, or not now. */
export const authentication = gateway(401, "AUTHENTICATION_FAILED")

/** A path or method that the sandbox does not have. */
export const notFound = api(404, "RESOURCE_NOT_FOUND", "There is no such resource.")

/** A body of more bytes than the sandbox reads. */
export const tooLarge = api(413, "REQUEST_TOO_LARGE", "The request has too many bytes.")

/** A body that is not a JSON object. */
export const notJson = api(400, "INVALID_REQUEST_FORMAT", "The request must be a JSON object.")

/** A field that must be there. */
export const missing = (field: string): Refusal =>
  api(400, `MISSING_REQUIRED_FIELD_${field.toUpperCase()}`, `${field} is missing.`)

/** A field that has no such value. */
export const invalid = (field: string, expected: string): Refusal =>
  api(400, `INVALID_FIELD_VALUE_${field.toUpperCase()}`, `${field} must be ${expected}.`)

/** An account that is not known. */
export const unknownUser = api(404, "USER_NOT_FOUND", "There is no such account.")

/** A redemption that is not known. */
export const unknownRedemption = api(404, "REDEMPTION_NOT_FOUND", "There is no such redemption.")

/** A redemption of another account. */
export const otherUser = api(403, "AUTHORIZATION_ERROR", "The redemption belongs to another account.")

/** A redemption of another type. */
export const otherType = api(400, "REDEMPTION_TYPE_MISMATCH", "The redemption has another redemptionType.")

/** More points than the account has. */
export const insufficient = api(400, "INSUFFICIENT_POINTS", "The account does not have that many points.")

/** More points than the redemption ever had. */
export const aboveRedeemed = api(
  400,
  "PARTIAL_CREDIT_EXCEEDS_REDEEMED",
  "partialCreditPoints is greater than the points of the redemption."
)

/** More points than the redemption has left. */
export const aboveRemaining = api(
  400,
  "PARTIAL_CREDIT_EXCEEDS_REMAINING",
  "partialCreditPoints is greater than the points of the redemption that are not credited yet."
)

/** Nothing is left to give back. */
export const fullyCredited = api(409, "REDEMPTION_ALREADY_CREDITED", "The redemption is fully credited already.")

/** The same amount of the same redemption a moment ago, under a rule that refuses it. */
export const duplicate = api(409, "DUPLICATE_CREDIT", "The same credit was made a moment ago.")

/** No amount after partial credits, under a rule that refuses it. */
export const fullAfterPartial = api(
  400,
  "FULL_CREDIT_AFTER_PARTIAL",
  "The redemption was credited in part: partialCreditPoints is needed."
)

/** A lot that has expired, under a rule that refuses it. */
export const expiredLot = api(400, "POINTS_EXPIRED", "Points of the redemption have expired.")

/** What is put is known already and has another content. */
export const conflict = (what: string): Refusal =>
  api(409, "ALREADY_KNOWN", `${what} is known already and has another content.`)

/** What a fault has set, and may have left to these functions. */
interface FaultSettings {
  readonly status?: number
  readonly reasonCode?: string
}

/** Refused by a fault. */
export const byFault = ({ reasonCode = "REFUSED_BY_FAULT", status = 400 }: FaultSettings): Refusal =>
  api(status, reasonCode, "The sandbox was told to refuse this call.")

/** Turned away at the gateway by a fault. */
export const byFaultAtGateway = ({ reasonCode = "TOO_MANY_REQUESTS", status = 429 }: FaultSettings): Refusal =>
  gateway(status, reasonCode)("The sandbox was told to turn this call away.")

/** A failure of the server by a fault. */
export const serverError = ({ reasonCode = "SYSTEM_ERROR", status = 500 }: FaultSettings): Refusal =>
  api(status, reasonCode, "The sandbox was told to fail.")

/** Rules that cannot be used. */
export const rulesInvalid = (description: string): Refusal => api(400, "INVALID_RULES", description)

/** The clock cannot be moved. */
export const noClock = api(
  409,
  "NO_CLOCK_OF_ITS_OWN",
  "The sandbox follows another clock; start it with one of its own."
)

/** The clock cannot be moved back. */
export const clockBack = api(409, "CLOCK_BACK", "The clock of the sandbox cannot go back.")

/** What was about to happen could not be kept, and did not happen. */
export const notKept = (description: string): Refusal => api(500, "STATE_NOT_WRITTEN", description)

/** Faults that cannot be used. */
export const faultsInvalid = (description: string): Refusal => api(400, "INVALID_FAULTS", description)

/** The body of a refusal. */
export const toBody = ({ description, reasonCode, source }: Refusal): Json.Json => ({
  Errors: {
    Error: [{ Source: source, ReasonCode: reasonCode, Description: description, Recoverable: "false", Details: "null" }]
  }
})
