/** From a request to a reply: the API of Mastercard below `/loyalty`, signed; the sandbox's own below `/sandbox`. */
import { Option, Result } from "effect"
import * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import type { SandboxBook } from "./SandboxBook.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Extras from "./SandboxExtras.ts"
import type * as Gateway from "./SandboxGateway.ts"
import * as Requests from "./SandboxRequests.ts"

/** Where the API stands, as at Mastercard. */
export const API_PREFIX = "/loyalty"

/** Where the sandbox is set up and looked into. */
export const ADMIN_PREFIX = "/sandbox"

/** What a reply is made from. */
export interface SandboxParts {
  readonly book: SandboxBook
  readonly gateway: Gateway.Gateway
  readonly extras: Extras.Extras
  readonly manner: Answers.Manner
  /** Seconds since 1970 by the real clock, which signatures are checked against. */
  readonly seconds: () => number
}

/** Answers a request. */
export const answer = (parts: SandboxParts, request: Gateway.SignedRequest): Answers.Reply => {
  const path = request.url.pathname
  if (path.startsWith(`${ADMIN_PREFIX}/`)) return admin(parts, request, segments(path, ADMIN_PREFIX))
  const seconds = parts.seconds()
  const token = Extras.token(parts.extras, request, seconds)
  if (token !== undefined) return token
  if (!path.startsWith(`${API_PREFIX}/`)) return Answers.refused(Codes.notFound)
  const refusal = Extras.check(parts.extras, parts.gateway, request, seconds)
  if (refusal !== undefined) return refusal
  const reply = api(parts, request, segments(path, API_PREFIX))
  return { ...reply, headers: { ...reply.headers, ...Extras.headers(parts.extras, request, seconds) } }
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

const bankOf = (book: SandboxBook): Extras.Bank => ({
  now: () => book.now(),
  balance: (userId) => book.balance(userId),
  knowsRedemption: (redemptionId) => book.knowsRedemption(redemptionId)
})

const api = (parts: SandboxParts, request: Gateway.SignedRequest, path: ReadonlyArray<string>): Answers.Reply => {
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

const admin = (parts: SandboxParts, request: Gateway.SignedRequest, path: ReadonlyArray<string>): Answers.Reply => {
  const { body, method } = request
  const [, id = ""] = path
  switch (shapeOf(method, path)) {
    case "GET log":
      return log(parts.book)
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
      return Extras.admin(parts.extras, request, path)
  }
}

const run = (parts: SandboxParts, command: Result.Result<SandboxCommand, Codes.Refusal>): Answers.Reply =>
  Result.match(command, {
    onFailure: Answers.refused,
    onSuccess: (command) => Answers.reply(command, parts.book.run(command), parts.manner)
  })

const history = ({ book, manner }: SandboxParts, query: URLSearchParams): Answers.Reply =>
  Result.match(Requests.history(query, manner.assumptions), {
    onFailure: Answers.refused,
    onSuccess: (question) =>
      Option.match(book.history(question), {
        onNone: () => Answers.refused(Codes.unknownUser),
        onSome: (entries) => Answers.history(entries, manner)
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

const log = (book: SandboxBook): Answers.Reply => {
  const { dropped, entries } = book.log()
  return { status: 200, body: { entries, dropped: Json.number(dropped.toString()) } }
}
