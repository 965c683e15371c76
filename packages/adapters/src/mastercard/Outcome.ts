/** What an answer, or its absence, says about the effect of a call. */
import { Result } from "effect"
import * as Json from "../json/Json.ts"
import { hideSecrets } from "./Masking.ts"
import {
  type MastercardError,
  MastercardNotSent,
  MastercardOutcomeUnknown,
  MastercardRefused,
  type NotSentCause,
  type UnknownCause
} from "./MastercardError.ts"
import * as Reason from "./Reason.ts"
import type * as Transport from "./Transport.ts"

/** A call as errors name it, and the account number that must not appear in them. */
export interface Call {
  readonly name: string
  readonly account: string | undefined
  /** What else must not appear in them, although the other side knows it and may quote it. */
  readonly secrets?: ReadonlyArray<string>
}

const REQUEST_TIMEOUT = 408

/**
 * Reads an answer. A 2xx is decoded; any 4xx but 408 is a refusal, whatever became of its body; everything else leaves
 * the outcome unknown.
 */
export const fromAnswer = <A>(
  call: Call,
  answer: Transport.Answer,
  decode: (body: Json.Json) => Result.Result<A, string>
): Result.Result<A, MastercardRefused | MastercardOutcomeUnknown> => {
  const { status } = answer
  if (status >= 200 && status < 300) return readBody(call, answer, decode)
  const text = hideSecrets(answer.body, call.secrets)
  const reasons = Reason.fromBody(text, call.account)
  const body = Reason.tame(text, call.account)
  if (status === REQUEST_TIMEOUT) return Result.fail(unknown(call, "timeout", "", status, reasons))
  if (status >= 400 && status < 500) {
    return Result.fail(
      new MastercardRefused({ call: call.name, status, reasons, body: reasons.length > 0 ? undefined : body })
    )
  }
  return Result.fail(unknown(call, status >= 500 ? "serverError" : "unreadableAnswer", body, status, reasons))
}

const readBody = <A>(
  call: Call,
  { body, flaw, status }: Transport.Answer,
  decode: (body: Json.Json) => Result.Result<A, string>
): Result.Result<A, MastercardOutcomeUnknown> => {
  if (flaw === "tooLong") return Result.fail(unknown(call, "unreadableAnswer", "the answer is too long", status))
  if (flaw !== undefined) return Result.fail(unknown(call, flaw, "the answer is cut off", status))
  const json = Json.parse(body)
  if (Result.isFailure(json)) {
    return Result.fail(
      unknown(
        call,
        "unreadableAnswer",
        `no JSON: ${Reason.tame(hideSecrets(body, call.secrets), call.account)}`,
        status
      )
    )
  }
  return Result.mapError(decode(json.success), (problem) => unknown(call, "unreadableAnswer", problem, status))
}

const unknown = (
  call: Call,
  cause: typeof UnknownCause.Type,
  detail: string,
  status?: number,
  reasons: ReadonlyArray<Reason.Reason> = []
): MastercardOutcomeUnknown => new MastercardOutcomeUnknown({ call: call.name, cause, status, reasons, detail })

/** Reads why there is no answer: without a connection nothing was sent, otherwise nobody knows. */
export const fromNoAnswer = (
  call: Call,
  { connected, error }: Transport.NoAnswer
): MastercardNotSent | MastercardOutcomeUnknown => {
  const code = codeOf(error)
  if (connected) return unknown(call, error === undefined ? "timeout" : "connectionLost", code)
  return notSent(call, error === undefined ? "connectTimeout" : (NOT_CONNECTED[code] ?? "connectFailed"), code)
}

/** A call that must not be sent as it is. */
export const notSent = (call: Call, cause: typeof NotSentCause.Type, detail: string): MastercardNotSent =>
  new MastercardNotSent({ call: call.name, cause, detail })

const NOT_CONNECTED: Record<string, typeof NotSentCause.Type> = {
  ECONNREFUSED: "connectionRefused",
  ENOTFOUND: "hostNotFound",
  EAI_AGAIN: "hostNotFound",
  ETIMEDOUT: "connectTimeout",
  UND_ERR_CONNECT_TIMEOUT: "connectTimeout"
}

/** The code of a failure of the network, and no more: its message may quote the URL. */
export const codeOf = (error: unknown): string => {
  if (error === undefined) return "time limit"
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no code"
}

/** Whether asking again may help. Only for calls that change nothing. */
export const isWorthRepeating = (error: MastercardError): boolean => {
  switch (error._tag) {
    case "MastercardRefused":
      return error.status === 429
    case "MastercardNotSent":
      return PASSING.has(error.cause)
    case "MastercardOutcomeUnknown":
      return error.cause !== "unreadableAnswer"
  }
}

/** What may be over in a moment. A full queue and a pause are there so that nobody presses on. */
const PASSING: ReadonlySet<typeof NotSentCause.Type> = new Set([
  "connectionRefused",
  "hostNotFound",
  "connectTimeout",
  "connectFailed",
  "tokenUnavailable"
])
