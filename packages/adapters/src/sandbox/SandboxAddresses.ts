/** `GET` and `POST /redemptions/addresses`: the addresses of customers, and which redemptions used them when. */
import { Instant, Zone } from "@pointback/domain"
import { Option, Result } from "effect"
import type * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Requests from "./SandboxRequests.ts"

/** An address of a customer. */
interface Address {
  readonly customer: string
  readonly content: Json.JsonObject
  /** When the last redemption used it. */
  lastUsedAt: Instant.Instant | undefined
}

/** Addresses by id. */
export type Addresses = Map<string, Address>

/** Mastercard lists an address only where a redemption of so many days used it. */
const LISTED_DAYS = 160n

/** Addresses that are kept at most. */
const MAXIMUM_ADDRESSES = 10_000

const REQUIRED = ["phoneNumber", "countryCode", "shippingName", "city"]

/** Makes an address known. */
export const add = (
  addresses: Addresses,
  body: Json.JsonObject,
  knowsCustomer: (rancu: string) => boolean
): Answers.Reply => {
  const customer = Result.gen(function* () {
    const customer = yield* Requests.text(body, "userId")
    yield* Requests.oneOf(body, "userIdType", ["RANCU"])
    for (const field of REQUIRED) yield* Requests.text(body, field)
    return customer
  })
  if (Result.isFailure(customer)) return Answers.refused(customer.failure)
  if (!knowsCustomer(customer.success)) return Answers.refused(Codes.unknownUser)
  if (addresses.size >= MAXIMUM_ADDRESSES) return Answers.refused(Codes.tooLarge)
  const shippingAddressId = String(addresses.size + 1)
  const { userId: _, userIdType: __, ...content } = body
  addresses.set(shippingAddressId, { customer: customer.success, content, lastUsedAt: undefined })
  return { status: 200, body: { shippingAddressId } }
}

/** Notes that a redemption used an address. */
export const use = (addresses: Addresses, shippingAddressId: string, at: Instant.Instant): void => {
  const address = addresses.get(shippingAddressId)
  if (address !== undefined) address.lastUsedAt = at
}

/** Lists the addresses of a customer that were used from one date to another. */
export const list = (
  addresses: Addresses,
  query: URLSearchParams,
  now: Instant.Instant,
  { assumptions: names }: Answers.Manner
): Answers.Reply => {
  const object: Json.JsonObject = Object.fromEntries(query)
  const question = Result.gen(function* () {
    const customer = yield* Requests.text(object, "user_id")
    yield* Requests.oneOf(object, "user_id_type", ["RANCU"])
    const from = yield* dateOf(object, names.addressFromParameter)
    const to = yield* dateOf(object, names.addressToParameter)
    return { customer, from: from ?? 0n, before: to === undefined ? Instant.END : to + Instant.MICROS_PER_DAY }
  })
  if (Result.isFailure(question)) return Answers.refused(question.failure)
  const { before, customer, from } = question.success
  const oldest = now - LISTED_DAYS * Instant.MICROS_PER_DAY
  const listed = [...addresses].flatMap(([shippingAddressId, { content, customer: owner, lastUsedAt: at }]) =>
    owner === customer && at !== undefined && at >= oldest && at >= from && at < before
      ? [{ shippingAddressId, ...content }]
      : []
  )
  return { status: 200, body: { [names.addresses]: listed } }
}

const dateOf = (object: Json.JsonObject, field: string): Result.Result<Instant.Instant | undefined, Codes.Refusal> => {
  if (object[field] === undefined) return Result.succeed(undefined)
  return Result.flatMap(Requests.text(object, field), (text) =>
    Option.match(Zone.dateFromString(text), {
      onNone: () => Result.fail(Codes.invalid(field, "a date such as 2026-01-20")),
      onSome: (date) => Result.succeed(Zone.startOfDate(Zone.UTC, date))
    })
  )
}
