/** Reads corrections of assumptions from JSON, and says by name what is wrong with them. */
import { Result, Schema } from "effect"
import { type Assumptions, defaults } from "./Assumptions.ts"
import { decoder } from "./Decoding.ts"

/** Names of members and parameters as they can stand in JSON and in a query. */
const Name = Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,64}$/))

const count = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const SETTINGS = {
  historyUserIdParameter: Name,
  historyUserIdTypeParameter: Name,
  historyOffsetParameter: Name,
  historyLimitParameter: Name,
  // More entries at once than a page of a thousand, or more days than a year around a question, were never meant.
  historyPageSize: count(1, 1000),
  historyMarginDays: count(0, 366),
  historyEntries: Name,
  entryId: Name,
  entryKind: Name,
  entryKindRedemption: Name,
  entryKindCredit: Name,
  entryPoints: Name,
  entryAt: Name,
  entryRedemptionType: Name,
  entryCreditOf: Name,
  redeemPoints: Name,
  redeemCash: Name,
  redeemItemId: Name,
  redeemShippingAddressId: Name,
  redeemedId: Name,
  redeemedPoints: Name,
  balance: Name,
  programName: Name,
  creditAnswerId: Schema.Literals(["redemption", "credit"]),
  creditNumber: Schema.Literals(["present", "given"]),
  backOrderDateFormat: Schema.Literals(["date", "instant"]),
  fulfilmentMessage: Name,
  addressFromParameter: Name,
  addressToParameter: Name,
  addresses: Name,
  addressLine1: Name,
  addressLine2: Name,
  addressPostalCode: Name,
  addressState: Name,
  encryptedMember: Name,
  searchAnswerEncrypted: Schema.Boolean,
  redeemerUserId: Name,
  householdBalance: Name,
  householdRole: Name,
  conversionFactors: Name
} satisfies Record<keyof Assumptions, Schema.Constraint>

const decode = decoder(Schema.Struct(SETTINGS))

/** Fails with the names of the settings that have no such value. */
export const validate = (assumptions: Assumptions): Result.Result<Assumptions, string> => {
  const unknown = Object.keys(assumptions).filter((name) => !(name in SETTINGS))
  if (unknown.length > 0) return Result.fail(`there is no assumption named ${unknown.join(", ")}`)
  return Result.mapError(decode(assumptions), (problem) => `${problem}; see the table of docs/mastercard.md`)
}

/** The defaults with the corrections of a JSON object: `{"entryCreditOf":"redemptionId"}`. */
export const fromJson = (json: string): Result.Result<Assumptions, string> => {
  let corrections: unknown
  try {
    corrections = JSON.parse(json)
  } catch {
    return Result.fail("a JSON object of settings is expected")
  }
  return typeof corrections === "object" && corrections !== null && !Array.isArray(corrections)
    ? validate({ ...defaults, ...corrections })
    : Result.fail("a JSON object of settings is expected")
}
