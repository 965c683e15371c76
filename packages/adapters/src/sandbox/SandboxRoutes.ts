/** From a request to a reply: the API of Mastercard below `/loyalty`, signed; the sandbox's own below `/sandbox`. */
import { Option, Result } from "effect"
import * as Answers from "./SandboxAnswers.ts"
import * as Admin from "./SandboxAdmin.ts"
import type { SandboxAnswer, SandboxCommand } from "./SandboxBank.ts"
import type { SandboxBook } from "./SandboxBook.ts"
import * as Calls from "./SandboxCalls.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Extras from "./SandboxExtras.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type * as Gateway from "./SandboxGateway.ts"
import * as Mishap from "./SandboxMishap.ts"
import * as Requests from "./SandboxRequests.ts"

/** Where the API stands, as at Mastercard. */
export const API_PREFIX = "/loyalty"

/** Where the sandbox is set up and looked into. */
export const ADMIN_PREFIX = "/sandbox"

/** What a reply is made from. */
export interface SandboxParts extends Admin.AdminParts {
  readonly gateway: Gateway.Gateway
  readonly extras: Extras.Extras
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
  if (path.startsWith(`${ADMIN_PREFIX}/`)) return plain(admin(parts, request, segments(path, ADMIN_PREFIX)))
  const seconds = parts.seconds()
  const token = Extras.token(parts.extras, request, seconds)
  if (token !== undefined) return plain(token)
  if (!path.startsWith(`${API_PREFIX}/`)) return plain(Answers.refused(Codes.notFound))
  const refusal = Extras.check(parts.extras, parts.gateway, request, seconds)
  if (refusal !== undefined) return plain(refusal)
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

const admin = (parts: SandboxParts, request: Gateway.SignedRequest, path: ReadonlyArray<string>): Answers.Reply =>
  Extras.admin(parts.extras, request, path) ?? Admin.answer(parts, request, path)

const bankOf = (book: SandboxBook): Extras.Bank => ({
  now: () => book.now(),
  balance: (userId) => book.balance(userId),
  knowsRedemption: (redemptionId) => Option.isSome(book.truthOf(redemptionId))
})

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

/** The reply of the API, with the headers that every reply of it has. */
const api = (parts: ApiParts, request: Gateway.SignedRequest, path: ReadonlyArray<string>): Answers.Reply => {
  const reply = called(parts, request, path)
  return { ...reply, headers: { ...reply.headers, ...Extras.headers(parts.extras, request, parts.seconds()) } }
}

const called = (parts: ApiParts, request: Gateway.SignedRequest, path: ReadonlyArray<string>): Answers.Reply => {
  const { body, method, url } = request
  const [, id = ""] = path
  switch (shapeOf(method, path)) {
    case "POST redemptions * credits":
      return run(
        parts,
        Result.flatMap(Requests.body(body), (object) => Requests.credit(id, object))
      )
    case "POST redemptions":
      return Extras.redeem(parts.extras, bankOf(parts.book), body, parts.manner, (object) =>
        run(parts, Requests.redeem(object, parts.manner.assumptions))
      )
    case "GET redemptions":
      return history(parts, url.searchParams)
    case "GET redeemers *":
      return redeemer(parts, id, url.searchParams)
    default:
      return Extras.api(parts.extras, bankOf(parts.book), request, path, parts.manner)
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
