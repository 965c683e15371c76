/** A call as method, path, query and body, before it is signed. */
import { Points, Text } from "@pointback/domain"
import { Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import { percentEncode } from "./OAuth1.ts"

/** A call, ready to be signed. */
export interface Prepared {
  readonly method: "GET" | "POST" | "PUT"
  /** Below the base URL, with the query, percent-encoded. */
  readonly path: string
  readonly body: Json.Json | undefined
  /** How errors name the call: without an account number. */
  readonly name: string
  /** How spans and metrics name it: the same for all calls of its kind. */
  readonly route: Route
  /** The number that must not appear in errors. */
  readonly account: string | undefined
}

/** The calls of the API. */
export type Route =
  | "POST /redemptions/{id}/credits"
  | "POST /redemptions"
  | "GET /redemptions"
  | "PUT /redemptions"
  | "GET /redemptions/addresses"
  | "POST /redemptions/addresses"
  | "GET /redeemers/{user_id}"
  | "POST /redeemers/search"

/** Whether a call changes nothing, however often it is made. */
export const isReading = (route: Route): boolean => route.startsWith("GET ") || route === "POST /redeemers/search"

const isIdentifier = Schema.is(Text.Identifier)

/** The names of the texts that no call may be made with. A dot as a path segment would address another resource. */
export const invalidIdentifiers = (identifiers: Record<string, string | undefined>): ReadonlyArray<string> =>
  Object.entries(identifiers).flatMap(([name, value]) =>
    value === undefined || (isIdentifier(value) && value !== "." && value !== "..") ? [] : [name]
  )

/**
 * The names of the amounts that no call may be made with: they must be above zero and have 15 integer digits at most.
 */
export const invalidAmounts = (amounts: Record<string, Points.Points | undefined>): ReadonlyArray<string> =>
  Object.entries(amounts).flatMap(([name, value]) =>
    value === undefined || (value > 0n && Points.fitsSize(value)) ? [] : [name]
  )

/** A call, or the names of its invalid fields. */
export const prepare = (
  invalid: ReadonlyArray<string>,
  make: () => Omit<Prepared, "name"> & { readonly name?: string }
): Result.Result<Prepared, string> => {
  if (invalid.length > 0) return Result.fail(invalid.join(", "))
  const call = make()
  return Result.succeed({ ...call, name: call.name ?? call.route })
}

/** An amount of ten-thousandths as a JSON number, exact at any size. */
export const amountNumber = (amount: bigint): Json.JsonNumber => Json.number(Points.toString(amount))

/** A query, percent-encoded; parameters that are undefined are left out. */
export const queryString = (parameters: Record<string, string | undefined>): string =>
  Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${percentEncode(name)}=${percentEncode(value)}`]))
    .join("&")
