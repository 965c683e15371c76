/**
 * `POST /redeemers/search`: finds the account that a card, a bank's number or a RANAC belongs to. What is asked and
 * what is answered are encrypted.
 *
 * @see mastercard, Payload encryption
 */
import type { Result } from "effect"
import type { Assumptions } from "./Assumptions.ts"
import { invalidIdentifiers, prepare, type Prepared } from "./Prepared.ts"
import { joined, type RedemptionType } from "./Requests.ts"

/**
 * Types of numbers: a bank's account (BAN) or customer (BCN), Mastercard's random account (RANAC) or customer (RANCU).
 */
export type UserIdType = "BAN" | "BCN" | "RANAC" | "RANCU"

/** A number to be found. */
export interface RedeemerSearch {
  readonly userId: string
  readonly userIdType: UserIdType
  readonly redemptionType: RedemptionType
  /** With it the answer carries conversion factors. */
  readonly redemptionItemId?: string | undefined
  /** Attributes that are not in the answer by default, such as `preferences`. */
  readonly includes?: ReadonlyArray<string> | undefined
  /** Where one number belongs to several programs. */
  readonly programId?: string | undefined
}

const TYPES: ReadonlyArray<string> = ["BAN", "BCN", "RANAC", "RANCU"]

/** The call, its body still in plain. Fails with the names of the fields that are invalid. */
export const search = (request: RedeemerSearch, names: Assumptions): Result.Result<Prepared, string> => {
  const { includes, programId, redemptionItemId, redemptionType, userId, userIdType } = request
  return prepare(
    [
      ...invalidIdentifiers({ userId, redemptionItemId, programId, includes: joined(includes) }),
      ...(TYPES.includes(userIdType) ? [] : ["userIdType"])
    ],
    () => ({
      method: "POST",
      path: "/redeemers/search",
      body: {
        userId,
        userIdType,
        redemptionType,
        [names.redeemItemId]: redemptionItemId,
        includes: joined(includes),
        programId
      },
      route: "POST /redeemers/search",
      account: userId
    })
  )
}
