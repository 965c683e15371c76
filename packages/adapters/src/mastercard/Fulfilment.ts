/**
 * `PUT /redemptions`: how far the fulfilment of a redemption is, told by who delivers.
 *
 * @see mastercard, Base and calls
 */
import { Zone } from "@pointback/domain"
import { Option, Result, Schema } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "./Assumptions.ts"
import { invalidIdentifiers, prepare, type Prepared } from "./Prepared.ts"

/**
 * Back order (B), invoice received (I), order sent (N), order placed (O), shipping date (S), or whatever else was
 * agreed on with Mastercard: its page calls these five the typical ones.
 */
export type FulfilmentStatus = "B" | "I" | "N" | "O" | "S" | (string & {})

/** A status of a redemption. */
export interface FulfilmentRequest {
  readonly redemptionId: string
  readonly statusCode: FulfilmentStatus
  /** Until when it is on back order, such as `2026-02-01`: exactly when the status is B. */
  readonly backOrderDate?: string | undefined
}

/** Characters of a status code at most: Mastercard's have one. */
const MAXIMUM_STATUS_LENGTH = 16

const isDate = (text: string | undefined): boolean => text !== undefined && Option.isSome(Zone.dateFromString(text))

/** The call. Fails with the names of the fields that are invalid. */
export const update = (request: FulfilmentRequest, names: Assumptions): Result.Result<Prepared, string> => {
  const { backOrderDate, redemptionId, statusCode } = request
  const isDateRight = statusCode === "B" ? isDate(backOrderDate) : backOrderDate === undefined
  return prepare(
    [
      ...invalidIdentifiers({ redemptionId, statusCode }),
      ...(statusCode.length > MAXIMUM_STATUS_LENGTH ? ["statusCode"] : []),
      ...(isDateRight ? [] : ["backOrderDate"])
    ],
    () => ({
      method: "PUT",
      path: "/redemptions",
      body: {
        redemptionId,
        statusCode,
        backOrderDate:
          backOrderDate !== undefined && names.backOrderDateFormat === "instant"
            ? `${backOrderDate}T00:00:00Z`
            : backOrderDate
      },
      route: "PUT /redemptions",
      account: undefined
    })
  )
}

/** The answer: what Mastercard says about it, if anything. */
export interface FulfilmentAnswer {
  readonly message: string | undefined
}

// A text from outside is bounded.
const isMessage = Schema.is(Schema.String.check(Schema.isMaxLength(1000)))

/** Reads the answer. A 2xx says it all, so a body of another shape does not make it unknown. */
export const readUpdated =
  (names: Assumptions) =>
  (body: Json.Json): Result.Result<FulfilmentAnswer, string> => {
    const message = Json.isObject(body) ? body[names.fulfilmentMessage] : undefined
    return Result.succeed({ message: isMessage(message) ? message : undefined })
  }
