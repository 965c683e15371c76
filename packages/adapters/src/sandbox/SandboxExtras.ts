/**
 * What the sandbox does beside the bank's own business: tokens, searches, addresses, fulfilment, and redemptions that
 * are sized by cash. It is kept in memory only.
 */
import type { Instant } from "@pointback/domain"
import { type Option, Result } from "effect"
import * as Json from "../json/Json.ts"
import * as Addresses from "./SandboxAddresses.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Cash from "./SandboxCash.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Fulfilment from "./SandboxFulfilment.ts"
import * as Gateway from "./SandboxGateway.ts"
import * as OAuth2 from "./SandboxOAuth2.ts"
import * as Requests from "./SandboxRequests.ts"
import * as Search from "./SandboxSearch.ts"

/** The state of it. */
export interface Extras {
  readonly oauth2: OAuth2.OAuth2Gateway
  readonly search: Search.Search
  readonly addresses: Addresses.Addresses
  readonly fulfilments: Fulfilment.Fulfilments
  /** Points that one unit of the program's currency costs. */
  readonly pointsPerCash: bigint
}

/** What is asked of the bank. */
export interface Bank {
  readonly now: () => Instant.Instant
  readonly balance: (userId: string) => Option.Option<bigint>
  readonly knowsRedemption: (redemptionId: string) => boolean
}

/** A reply to the token endpoint; undefined for all other requests. */
export const token = (extras: Extras, request: Gateway.SignedRequest, now: number): Answers.Reply | undefined =>
  request.url.pathname === OAuth2.TOKEN_PATH ? OAuth2.token(extras.oauth2, request, now) : undefined

/** Why a request to the API is turned away; undefined where it is let in, by OAuth 2.0 or OAuth 1.0a. */
export const check = (
  extras: Extras,
  gateway: Gateway.Gateway,
  request: Gateway.SignedRequest,
  now: number
): Answers.Reply | undefined => {
  if (/^DPoP /i.test(request.authorization ?? "")) return OAuth2.check(extras.oauth2, request, now)
  const refusal = Gateway.check(gateway, request, now)
  return refusal === undefined ? undefined : Answers.refused(refusal)
}

const withBody = (bytes: Uint8Array, reply: (body: Json.JsonObject) => Answers.Reply): Answers.Reply =>
  Result.match(Requests.body(bytes), { onFailure: Answers.refused, onSuccess: reply })

/** The calls of the API that the bank does not have. */
export const api = (
  extras: Extras,
  bank: Bank,
  { body, method, url }: Gateway.SignedRequest,
  path: ReadonlyArray<string>,
  manner: Answers.Manner
): Answers.Reply => {
  switch (`${method} ${path.join("/")}`) {
    case "PUT redemptions":
      return withBody(body, (object) => Fulfilment.update(extras.fulfilments, object, bank.knowsRedemption, manner))
    case "GET redemptions/addresses":
      return Addresses.list(extras.addresses, url.searchParams, bank.now(), manner)
    case "POST redemptions/addresses":
      return withBody(body, (object) =>
        Addresses.add(extras.addresses, object, (rancu) => Search.knowsCustomer(extras.search, rancu))
      )
    case "POST redeemers/search":
      return withBody(body, (object) => Search.find(extras.search, object, bank.balance, manner))
    default:
      return Answers.refused(Codes.notFound)
  }
}

/** The sandbox's own paths that are about the extras; undefined for all others. */
export const admin = (
  extras: Extras,
  { body, method }: Gateway.SignedRequest,
  path: ReadonlyArray<string>
): Answers.Reply | undefined => {
  const [first = "", second = "", third = ""] = path
  switch (`${method} ${first} ${path.length}`) {
    case "PUT identifiers 3":
      return withBody(body, (object) => Search.put(extras.search, second, third, object))
    case "GET encryption-key 1": {
      const pem = extras.search.keys().publicKey.export({ type: "spki", format: "pem" })
      return { status: 200, body: { publicKey: pem.toString() } }
    }
    case "GET fulfilments 2":
      return Fulfilment.look(extras.fulfilments, second)
    default:
      return undefined
  }
}

/** `POST /redemptions`: sizes it by points where it was sized by cash, and notes what address it used. */
export const redeem = (
  { addresses, pointsPerCash }: Extras,
  bank: Bank,
  bytes: Uint8Array,
  { assumptions: names }: Answers.Manner,
  carryOut: (body: Json.JsonObject) => Answers.Reply
): Answers.Reply =>
  withBody(bytes, (asked) => {
    const addressId = asked[names.redeemShippingAddressId]
    if (addressId !== undefined && (typeof addressId !== "string" || !addresses.has(addressId))) {
      return Answers.refused(Codes.invalid(names.redeemShippingAddressId, "an address that is known"))
    }
    const sized = Cash.sized(asked, names, pointsPerCash)
    if (Result.isFailure(sized)) return Answers.refused(sized.failure)
    const reply = carryOut(sized.success)
    if (reply.status !== 200 || !Json.isObject(reply.body)) return reply
    if (typeof addressId === "string") Addresses.use(addresses, addressId, bank.now())
    return asked[names.redeemCash] === undefined
      ? reply
      : { ...reply, body: { ...reply.body, [names.redeemedPoints]: sized.success[names.redeemPoints] } }
  })

/** The headers of every answer of the API. */
export const headers = (extras: Extras, request: Gateway.SignedRequest, now: number): Record<string, string> =>
  /^DPoP /i.test(request.authorization ?? "") ? OAuth2.nonceHeaders(extras.oauth2, now) : {}
