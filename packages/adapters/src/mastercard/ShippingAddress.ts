/**
 * `GET` and `POST /redemptions/addresses`: where merchandise is sent.
 *
 * Mastercard lists an address only where a redemption of the last 160 days used it. The customer is named by a RANCU.
 *
 * @see mastercard, Base and calls
 */
import { Text, Zone } from "@pointback/domain"
import { Option, Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "./Assumptions.ts"
import { decoder, pick } from "./Decoding.ts"
import { invalidIdentifiers, prepare, type Prepared, queryString } from "./Prepared.ts"

/** An address. The first four fields must be there. */
export interface ShippingAddress {
  /** A name for the address. */
  readonly shippingName: string
  /** The cardholder's home phone number. */
  readonly phoneNumber: string
  readonly city: string
  readonly countryCode: string
  readonly line1?: string | undefined
  readonly line2?: string | undefined
  readonly postalCode?: string | undefined
  readonly state?: string | undefined
}

/** An address to be made known for a customer. */
export interface AddShippingAddress extends ShippingAddress {
  /** The customer, a RANCU. */
  readonly userId: string
}

/** A question for the addresses of a customer. */
export interface ShippingAddressesRequest {
  /** The customer, a RANCU. */
  readonly userId: string
  /** Dates such as `2026-01-20`; without them all of the last 160 days. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** An address that Mastercard knows. */
export interface KnownShippingAddress extends ShippingAddress {
  readonly shippingAddressId: string
}

const USER_ID_TYPE = "RANCU"

const isDate = (text: string): boolean => Option.isSome(Zone.dateFromString(text))

const members = (names: Assumptions): Record<keyof ShippingAddress, string> => ({
  shippingName: "shippingName",
  phoneNumber: "phoneNumber",
  city: "city",
  countryCode: "countryCode",
  line1: names.addressLine1,
  line2: names.addressLine2,
  postalCode: names.addressPostalCode,
  state: names.addressState
})

/** `POST /redemptions/addresses`. Fails with the names of the fields that are invalid. */
export const add = (request: AddShippingAddress, names: Assumptions): Result.Result<Prepared, string> => {
  const { userId, ...address } = request
  const fields = Object.entries(members(names)) as ReadonlyArray<[keyof ShippingAddress, string]>
  return prepare(invalidIdentifiers({ userId, ...address }), () => ({
    method: "POST",
    path: "/redemptions/addresses",
    body: {
      userId,
      userIdType: USER_ID_TYPE,
      ...Object.fromEntries(fields.map(([field, member]) => [member, address[field]]))
    },
    route: "POST /redemptions/addresses",
    account: userId
  }))
}

const AddedBody = Schema.Struct({ shippingAddressId: Json.TextFromAnything.pipe(Schema.decodeTo(Text.Identifier)) })

/** Reads the answer about an address that was made. */
export const readAdded: (body: Json.Json) => Result.Result<{ readonly shippingAddressId: string }, string> =
  decoder(AddedBody)

/** `GET /redemptions/addresses`. */
export const list = (request: ShippingAddressesRequest, names: Assumptions): Result.Result<Prepared, string> => {
  const { from, to, userId } = request
  const dates = Object.entries({ from, to }).filter(([, date]) => date !== undefined && !isDate(date))
  const query = () =>
    queryString({
      user_id: userId,
      user_id_type: USER_ID_TYPE,
      [names.addressFromParameter]: from,
      [names.addressToParameter]: to
    })
  return prepare([...invalidIdentifiers({ userId }), ...dates.map(([name]) => name)], () => ({
    method: "GET",
    path: `/redemptions/addresses?${query()}`,
    body: undefined,
    route: "GET /redemptions/addresses",
    account: userId
  }))
}

// Text from outside may have any characters; it is bounded.
const Line = Schema.UndefinedOr(Schema.String.check(Schema.isMaxLength(1000)))

const ListBody = Schema.Array(
  Schema.Struct({
    ...AddedBody.fields,
    shippingName: Schema.String.check(Schema.isMaxLength(1000)),
    phoneNumber: Json.TextFromAnything,
    city: Schema.String.check(Schema.isMaxLength(1000)),
    countryCode: Schema.String.check(Schema.isMaxLength(1000)),
    line1: Line,
    line2: Line,
    postalCode: Line,
    state: Line
  })
)

const decodeList = decoder(ListBody)

/** Reads the addresses of a customer. */
export const readList =
  (names: Assumptions) =>
  (body: Json.Json): Result.Result<ReadonlyArray<KnownShippingAddress>, string> => {
    const entries = Json.isObject(body) ? body[names.addresses] : undefined
    return Array.isArray(entries)
      ? decodeList(
          entries.map((entry: Json.Json) => pick(entry, { shippingAddressId: "shippingAddressId", ...members(names) }))
        )
      : Result.fail(`missing or wrong: ${names.addresses}`)
  }
