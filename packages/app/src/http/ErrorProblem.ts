/** Which problem an error of a use case is. */
import type { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { ExitCode, isWalled, ofTag } from "../cli/ExitCode.ts"
import { InvalidInput } from "../cli/Input.ts"
import * as Output from "../cli/Output.ts"
import { FILE_BYTES } from "./Limits.ts"
import * as Problem from "./Problem.ts"

const NOT_FOUND = new Set([
  "UnknownProgram",
  "UnknownAccount",
  "UnknownLot",
  "UnknownRedemption",
  "UnknownBreak",
  "LotNotFound",
  "RedemptionNotFound"
])

/** What contradicts something that is recorded, or is under way. */
const CONFLICTS = new Set([
  "KeyConflict",
  "NumberTaken",
  "LotExists",
  "RedemptionExists",
  "CreditExists",
  "CreditInFlight",
  "CreditNotInFlight",
  "NothingToDecide",
  "CallMayBeUnderWay",
  "ScaleFixed",
  "RunMismatch",
  "RunTaken"
])

/** The status of an error by its tag. What is not named here has the status of its exit code on the command line. */
export const statusOf = (tag: string): Problem.Status => {
  if (NOT_FOUND.has(tag)) return 404
  if (CONFLICTS.has(tag)) return 409
  switch (ofTag(tag)) {
    case ExitCode.wrongUse:
      return 400
    case ExitCode.unreachable:
      return 503
    default:
      return 422
  }
}

const TOO_LARGE = Problem.make(413, "TooLarge", `an uploaded file may have ${FILE_BYTES} bytes; split it`)

/** The problem of a tagged error; where the input is wrong, `part` says in which part of the request. */
export const of = (error: unknown, part = "body"): Problem.Problem => {
  if (Problem.is(error)) return error
  if (HttpApiError.HttpApiPayloadTooLarge.is(error)) return TOO_LARGE
  if (error instanceof InvalidInput) return invalid([{ path: [part, error.flag], message: error.problem }])
  const json = Output.errorJson(error) as Record<string, Schema.Json> & { readonly _tag: string; message: string }
  const status = statusOf(json._tag)
  if (isWalled(error)) return Problem.make(403, "Walled", json.message, { error: { _tag: json._tag } })
  // What the database says of itself is for the log: addresses, names of tables, values of rows.
  if (json._tag === "DatabaseError") {
    return Problem.make(status, json._tag, "the database could not be reached or did not answer; try again", {
      error: { _tag: json._tag }
    })
  }
  return Problem.make(status, json._tag, json.message, { error: json })
}

/** The problem of a request with invalid fields. */
export const invalid = (errors: ReadonlyArray<Problem.Field>): Problem.Problem =>
  Problem.make(400, "InvalidRequest", errors.map(({ message, path }) => `${path.join(".")}: ${message}`).join("; "), {
    errors
  })
