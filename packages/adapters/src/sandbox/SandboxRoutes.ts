/** From a request to a reply: the API of Mastercard below `/loyalty`, signed; the sandbox's own below `/sandbox`. */
import { Option, Result } from "effect"
import * as Answers from "./SandboxAnswers.ts"
import * as Admin from "./SandboxAdmin.ts"
import type { SandboxAnswer, SandboxCommand } from "./SandboxBank.ts"
import * as Calls from "./SandboxCalls.ts"
import * as Codes from "./SandboxCodes.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import * as Gateway from "./SandboxGateway.ts"
import * as Mishap from "./SandboxMishap.ts"
import * as Requests from "./SandboxRequests.ts"

/** Where the API stands, as at Mastercard. */
export const API_PREFIX = "/loyalty"

/** Where the sandbox is set up and looked into. */
export const ADMIN_PREFIX = "/sandbox"

/** What a reply is made from. */
export interface SandboxParts extends Admin.AdminParts {
  readonly gateway: Gateway.Gateway
  /** Seconds since 1970 by the real clock, which signatures are checked against. */
  readonly seconds: () => number
}

/** A request that was let in: what becomes of it is not decided before `perform`. */
export interface Admitted {
  readonly subject: CallSubject
  /** Milliseconds that the bank takes for it first. */
  readonly millis: number
  readonly perform: () => Mishap.Delivered
}

/** Answers a request, or lets it in to be performed, under a fault where the plan has one for it. */
export const answer = (parts: SandboxParts, request: Gateway.SignedRequest): Mishap.Delivered | Admitted => {
  const path = request.url.pathname
  if (path.startsWith(`${ADMIN_PREFIX}/`)) return plain(Admin.answer(parts, request, segments(path, ADMIN_PREFIX)))
  if (!path.startsWith(`${API_PREFIX}/`)) return plain(Answers.refused(Codes.notFound))
  const refusal = Gateway.check(parts.gateway, request, parts.seconds())
  if (refusal !== undefined) return plain(Answers.refused(refusal))
  const below = segments(path, API_PREFIX)
  const subject = Calls.subjectOf(request, below, parts.manner.assumptions)
  if (subject === undefined) return plain(api({ ...parts, run: (command) => parts.book.run(command) }, request, below))
  const perform = () => {
    const chosen = parts.faults.plan.next(subject)
    const { book, manner } = parts
    return Mishap.carryOut(book, manner.assumptions, subject, chosen, (run) => api({ ...parts, run }, request, below))
  }
  const millis = request.method === "GET" ? 0 : parts.book.rules().processingTime
  return { subject, millis, perform }
}

const plain = (reply: Answers.Reply): Mishap.Delivered => ({ delivery: { _tag: "Answer", reply } })

/** What the API works with: a call changes the bank through `run` alone, which knows of the call's fault. */
interface ApiParts extends SandboxParts {
  readonly run: (command: SandboxCommand) => SandboxAnswer
}

const segments = (path: string, prefix: string): ReadonlyArray<string> =>
  path
    .slice(prefix.length + 1)
    .split("/")
    .map((segment) => {
      try {
        return decodeURIComponent(segment)
      } catch {
        return segment
      }
    })

/** A path below its prefix with `*` in place of an id, such as `POST redemptions * credits`. */
const shapeOf = (method: string, [first, second, ...rest]: ReadonlyArray<string>): string =>
  [method, first, ...(second === undefined ? [] : ["*"]), ...rest].join(" ")

const api = (
  parts: ApiParts,
  { body, method, url }: Gateway.SignedRequest,
  path: ReadonlyArray<string>
): Answers.Reply => {
  const [, id = ""] = path
  switch (shapeOf(method, path)) {
    case "POST redemptions * credits":
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.credit(id, object))
      )
    case "POST redemptions":
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.redeem(object, parts.manner.assumptions))
      )
    case "GET redemptions":
      return history(parts, url.searchParams)
    case "GET redeemers *":
      return redeemer(parts, id, url.searchParams)
    default:
      return Answers.refused(Codes.notFound)
  }
}

const run = (parts: ApiParts, command: Result.Result<SandboxCommand, Codes.Refusal>): Answers.Reply =>
  Result.match(command, {
    onFailure: Answers.refused,
    onSuccess: (command) => Answers.reply(command, parts.run(command), parts.manner)
  })

const history = ({ book, faults, manner }: SandboxParts, query: URLSearchParams): Answers.Reply =>
  Result.match(Requests.history(query, manner.assumptions), {
    onFailure: Answers.refused,
    onSuccess: (question) =>
      Option.match(book.history(question, faults.plan.specification.historyLag), {
        onNone: () => Answers.refused(Codes.unknownUser),
        onSome: (entries) => Answers.history(entries, manner, book.rules())
      })
  })

const redeemer = ({ book, manner }: SandboxParts, userId: string, query: URLSearchParams): Answers.Reply =>
  Result.match(Requests.redeemer(query), {
    onFailure: Answers.refused,
    onSuccess: () =>
      Option.match(book.balance(userId), {
        onNone: () => Answers.refused(Codes.unknownUser),
        onSome: (balance) => Answers.redeemer(balance, manner)
      })
  })
