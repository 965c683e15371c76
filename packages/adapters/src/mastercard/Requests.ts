/** What is sent to Mastercard about redemptions, credits and redeemers. */
import { Civil, Instant, type Points, Zone } from "@pointback/domain"
import type { Result } from "effect"
import type { Assumptions } from "./Assumptions.ts"
import { maskAccount } from "./Masking.ts"
import { percentEncode } from "./OAuth1.ts"
import { amountNumber, invalidAmounts, invalidIdentifiers, prepare, type Prepared, queryString } from "./Prepared.ts"

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
  /** The number that took over from `userId`, where it was replaced. */
  readonly replacedBy?: string | undefined
}

/** A redemption, sized by points, by cash, or by both: at least one of them is given. */
export interface RedeemRequest {
  readonly processedBy: string
  readonly redemptionType: RedemptionType
  readonly userId: string
  /** Ten-thousandths of a point. */
  readonly points?: Points.Points | undefined
  /** Ten-thousandths of the program's currency unit: `125_000n` is 12.50. */
  readonly cash?: bigint | undefined
  /** The reward item that was agreed on with Mastercard. */
  readonly redemptionItemId?: string | undefined
  /** An address that `addShippingAddress` made. */
  readonly shippingAddressId?: string | undefined
}

/** A question for the redemptions and credits of an account. */
export interface HistoryRequest {
  readonly userId: string
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** A question for the profile and balance of an account. */
export interface RedeemerRequest {
  readonly userId: string
  readonly redemptionType: RedemptionType
  /** With it the answer carries conversion factors. */
  readonly redemptionItemId?: string | undefined
  /** Attributes that are not in the answer by default, such as `preferences`. */
  readonly includes?: ReadonlyArray<string> | undefined
}

/** The only type of account number that these calls take. */
const USER_ID_TYPE = "RANAC"

/** `POST /redemptions/{id}/credits`. Fails with the names of the fields that are invalid, like all requests here. */
export const credit = (request: CreditRequest, names: Assumptions): Result.Result<Prepared, string> => {
  const { points, processedBy, redemptionId, redemptionType, replacedBy } = request
  const userId = names.creditNumber === "present" ? (replacedBy ?? request.userId) : request.userId
  return prepare([...invalidIdentifiers({ redemptionId, processedBy, userId }), ...invalidAmounts({ points })], () => ({
    method: "POST",
    path: `/redemptions/${percentEncode(redemptionId)}/credits`,
    body: {
      processedBy,
      redemptionType,
      userId,
      userIdType: USER_ID_TYPE,
      partialCreditPoints: points === undefined ? undefined : amountNumber(points)
    },
    name: `POST /redemptions/${redemptionId}/credits`,
    route: "POST /redemptions/{id}/credits",
    account: userId
  }))
}

/** `POST /redemptions`. */
export const redeem = (request: RedeemRequest, names: Assumptions): Result.Result<Prepared, string> => {
  const { cash, points, processedBy, redemptionItemId, redemptionType, shippingAddressId, userId } = request
  return prepare(
    [
      ...invalidIdentifiers({ processedBy, userId, redemptionItemId, shippingAddressId }),
      ...invalidAmounts({ points, cash }),
      ...(points === undefined && cash === undefined ? ["points or cash"] : [])
    ],
    () => ({
      method: "POST",
      path: "/redemptions",
      body: {
        processedBy,
        redemptionType,
        userId,
        userIdType: USER_ID_TYPE,
        [names.redeemPoints]: points === undefined ? undefined : amountNumber(points),
        [names.redeemCash]: cash === undefined ? undefined : amountNumber(cash),
        [names.redeemItemId]: redemptionItemId,
        [names.redeemShippingAddressId]: shippingAddressId
      },
      route: "POST /redemptions",
      account: userId
    })
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
  return prepare(invalidIdentifiers({ userId: request.userId }), () => ({
    method: "GET",
    path: `/redemptions?${query()}`,
    body: undefined,
    route: "GET /redemptions",
    account: request.userId
  }))
}

/** `GET /redeemers/{user_id}`. */
export const redeemer = (request: RedeemerRequest): Result.Result<Prepared, string> => {
  const { includes, redemptionItemId, redemptionType, userId } = request
  const query = () =>
    queryString({
      user_id_type: USER_ID_TYPE,
      redemptionType,
      redemption_item_id: redemptionItemId,
      includes: joined(includes)
    })
  return prepare(invalidIdentifiers({ userId, redemptionItemId, includes: joined(includes) }), () => ({
    method: "GET",
    path: `/redeemers/${percentEncode(userId)}?${query()}`,
    body: undefined,
    name: `GET /redeemers/${maskAccount(userId)}`,
    route: "GET /redeemers/{user_id}",
    account: userId
  }))
}

/** Several attributes as one text; none where there are none. */
export const joined = (includes: ReadonlyArray<string> | undefined): string | undefined =>
  includes === undefined || includes.length === 0 ? undefined : includes.join(",")
