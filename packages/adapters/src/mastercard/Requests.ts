/** What is sent to Mastercard: the calls of the API as method, path, query and body, before they are signed. */
import { Civil, Instant, Points, Text, Zone } from "@pointback/domain"
import { Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "./Assumptions.ts"
import { maskAccount } from "./Masking.ts"
import { percentEncode } from "./OAuth1.ts"

/** The kinds of redemptions. The credits call takes MERCHANDISE and TRAVEL. */
export type RedemptionType = "CASHBACK" | "MERCHANDISE" | "TRAVEL"

/** A credit of a redemption. */
export interface CreditRequest {
  readonly redemptionId: string
  /** The id that Mastercard gave the merchant. */
  readonly processedBy: string
  readonly redemptionType: RedemptionType
  /** The account, a RANAC. */
  readonly userId: string
  /** Ten-thousandths of a point to give back; undefined for all that was redeemed. */
  readonly points: Points.Points | undefined
}

/** A redemption that is sized by points. */
export interface RedeemRequest {
  readonly processedBy: string
  readonly redemptionType: RedemptionType
  readonly userId: string
  /** Ten-thousandths of a point. */
  readonly points: Points.Points
}

/** A question for the redemptions and credits of an account. */
export interface HistoryRequest {
  readonly userId: string
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** A question for the balance of an account. */
export interface RedeemerRequest {
  readonly userId: string
  readonly redemptionType: RedemptionType
}

/** A call, ready to be signed. */
export interface Prepared {
  readonly method: "GET" | "POST"
  /** Below the base URL, with the query, percent-encoded. */
  readonly path: string
  readonly body: Json.Json | undefined
  /** How errors and spans name the call: without an account number. */
  readonly name: string
  readonly account: string
}

/** The only type of account number that the credits call takes. */
const USER_ID_TYPE = "RANAC"

const isIdentifier = Schema.is(Text.Identifier)

/** The fields of a request that no call may be made with. A dot as a path segment would address another resource. */
const invalidFields = (identifiers: Record<string, string>, points?: Points.Points): ReadonlyArray<string> => [
  ...Object.entries(identifiers).flatMap(([name, value]) =>
    isIdentifier(value) && value !== "." && value !== ".." ? [] : [name]
  ),
  ...(points === undefined || (points > 0n && Points.fitsSize(points)) ? [] : ["points"])
]

const prepare = (invalid: ReadonlyArray<string>, make: () => Omit<Prepared, "name">, name: string) =>
  invalid.length > 0 ? Result.fail(invalid.join(", ")) : Result.succeed({ ...make(), name })

const pointsNumber = (points: Points.Points): Json.JsonNumber => Json.number(Points.toString(points))

/** `POST /redemptions/{id}/credits`. Fails with the names of the fields that are invalid. */
export const credit = (request: CreditRequest): Result.Result<Prepared, string> => {
  const { points, processedBy, redemptionId, redemptionType, userId } = request
  return prepare(
    invalidFields({ redemptionId, processedBy, userId }, points),
    () => ({
      method: "POST",
      path: `/redemptions/${percentEncode(redemptionId)}/credits`,
      body: {
        processedBy,
        redemptionType,
        userId,
        userIdType: USER_ID_TYPE,
        partialCreditPoints: points === undefined ? undefined : pointsNumber(points)
      },
      account: userId
    }),
    `POST /redemptions/${redemptionId}/credits`
  )
}

/** `POST /redemptions`. */
export const redeem = (request: RedeemRequest, names: Assumptions): Result.Result<Prepared, string> => {
  const { points, processedBy, redemptionType, userId } = request
  return prepare(
    invalidFields({ processedBy, userId }, points),
    () => ({
      method: "POST",
      path: "/redemptions",
      body: {
        processedBy,
        redemptionType,
        userId,
        userIdType: USER_ID_TYPE,
        [names.redeemPoints]: pointsNumber(points)
      },
      account: userId
    }),
    "POST /redemptions"
  )
}

/** One page of `GET /redemptions`, from the entry `offset` on. */
export const history = (
  request: HistoryRequest,
  offset: number,
  names: Assumptions
): Result.Result<Prepared, string> => {
  const margin = BigInt(names.historyMarginDays) * Instant.MICROS_PER_DAY
  const query = () =>
    queryString({
      [names.historyUserIdParameter]: request.userId,
      [names.historyUserIdTypeParameter]: USER_ID_TYPE,
      from_date: Civil.toString(Zone.dateOf(Zone.UTC, request.from - margin)),
      to_date: Civil.toString(Zone.dateOf(Zone.UTC, request.to + margin)),
      [names.historyOffsetParameter]: offset.toString(),
      [names.historyLimitParameter]: names.historyPageSize.toString()
    })
  return prepare(
    invalidFields({ userId: request.userId }),
    () => ({ method: "GET", path: `/redemptions?${query()}`, body: undefined, account: request.userId }),
    "GET /redemptions"
  )
}

/** `GET /redeemers/{user_id}`. */
export const redeemer = ({ redemptionType, userId }: RedeemerRequest): Result.Result<Prepared, string> =>
  prepare(
    invalidFields({ userId }),
    () => ({
      method: "GET",
      path: `/redeemers/${percentEncode(userId)}?${queryString({ user_id_type: USER_ID_TYPE, redemptionType })}`,
      body: undefined,
      account: userId
    }),
    `GET /redeemers/${maskAccount(userId)}`
  )

const queryString = (parameters: Record<string, string>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join("&")
