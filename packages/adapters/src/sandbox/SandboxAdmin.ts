/** The sandbox's own side, below `/sandbox`: set-up, faults, and what truly happened. Unsigned, this machine only. */
import { Instant } from "@pointback/domain"
import { Option, Result } from "effect"
import * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import type { SandboxBook } from "./SandboxBook.ts"
import * as Codes from "./SandboxCodes.ts"
import { FaultPlan } from "./SandboxFaultPlan.ts"
import * as Faults from "./SandboxFaults.ts"
import * as FaultText from "./SandboxFaultText.ts"
import type { SignedRequest } from "./SandboxGateway.ts"
import * as Requests from "./SandboxRequests.ts"
import * as Rules from "./SandboxRules.ts"
import type { SandboxRules } from "./SandboxRules.ts"
import * as Truth from "./SandboxTruth.ts"

/** Holds the plan of faults; setting another begins its counting anew. */
export interface FaultControl {
  plan: FaultPlan
}

/** What the sandbox's own side works with. */
export interface AdminParts {
  readonly book: SandboxBook
  /** Moves a clock of the sandbox's own; undefined where it follows another. */
  readonly advance: ((to: Instant.Instant) => void) | undefined
  readonly faults: FaultControl
  readonly manner: Answers.Manner
}

/** Answers a request below the prefix. */
export const answer = (
  parts: AdminParts,
  { body, method }: SignedRequest,
  path: ReadonlyArray<string>
): Answers.Reply => {
  const [first, id = "", ...rest] = path
  if (rest.length > 0) return Answers.refused(Codes.notFound)
  switch (`${method} ${first}${path.length > 1 ? " *" : ""}`) {
    case "GET log":
      return log(parts.book)
    case "GET faults":
      return faults(parts.faults)
    case "PUT faults":
      return setFaults(parts.faults, FaultText.parse(new TextDecoder().decode(body)))
    case "DELETE faults":
      return setFaults(parts.faults, Result.succeed(Faults.none))
    case "GET truth":
      return ok({ redemptions: parts.book.truth().map(Truth.redemptionToJson) })
    case "GET truth *":
      return Option.match(parts.book.truthOf(id), {
        onNone: () => Answers.refused(Codes.unknownRedemption),
        onSome: (truth) => ok(Truth.redemptionToJson(truth))
      })
    case "GET rules":
      return ok(Answers.rules(parts.book.rules()))
    case "PUT rules":
      return setRules(parts, Rules.parse(new TextDecoder().decode(body)))
    case "GET clock":
      return clock(parts.book)
    case "POST clock":
      return advance(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.clock(object, parts.book.now()))
      )
    case "GET accounts *":
      return Option.match(parts.book.account(id), {
        onNone: () => Answers.refused(Codes.unknownUser),
        onSome: (account) => ok(Truth.accountToJson(account))
      })
    case "PUT replacements *":
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.replaceAccount(id, object))
      )
    case "PUT accounts *":
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.putAccount(id, object))
      )
    case "PUT redemptions *": {
      const now = parts.book.now()
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.putRedemption(id, object, now))
      )
    }
    default:
      return Answers.refused(Codes.notFound)
  }
}

const ok = (body: Json.Json): Answers.Reply => ({ status: 200, body })

const run = (parts: AdminParts, command: Result.Result<SandboxCommand, Codes.Refusal>): Answers.Reply =>
  Result.match(command, {
    onFailure: Answers.refused,
    onSuccess: (command) => Answers.reply(command, parts.book.run(command), parts.manner)
  })

const log = (book: SandboxBook): Answers.Reply => {
  const { dropped, entries } = book.log()
  return ok({ entries, dropped: Json.number(dropped.toString()) })
}

const setFaults = (
  control: FaultControl,
  read: Result.Result<Faults.Specification, Faults.SandboxFaultsInvalid>
): Answers.Reply => {
  if (Result.isFailure(read)) return Answers.refused(Codes.faultsInvalid(read.failure.message))
  control.plan = new FaultPlan(read.success)
  return faults(control)
}

const setRules = (parts: AdminParts, read: Result.Result<SandboxRules, Rules.SandboxRulesInvalid>): Answers.Reply =>
  Result.isFailure(read)
    ? Answers.refused(Codes.rulesInvalid(read.failure.message))
    : run(parts, Result.succeed({ _tag: "PutRules", rules: read.success }))

const clock = (book: SandboxBook): Answers.Reply => ok({ now: Instant.toString(book.now()) })

const advance = ({ advance, book }: AdminParts, read: Result.Result<Instant.Instant, Codes.Refusal>): Answers.Reply => {
  if (Result.isFailure(read)) return Answers.refused(read.failure)
  if (advance === undefined) return Answers.refused(Codes.noClock)
  advance(read.success)
  return clock(book)
}

const faults = ({ plan }: FaultControl): Answers.Reply =>
  // Its numbers are rates and counts, which a double holds; amounts are texts in it.
  ok(Faults.toInput(plan.specification) as unknown as Json.Json)
