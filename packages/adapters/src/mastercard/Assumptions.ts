/**
 * What Mastercard's public material leaves open about Digital Redemptions, each point as one named setting.
 *
 * Nothing here is a fact about Mastercard. Whoever has the API reference of a program corrects a setting and nothing
 * else. The sandbox reads the same settings, so that both sides of a call follow a correction.
 */

/** The open points of the API. */
export interface Assumptions {
  /** Query parameter of `GET /redemptions` that carries the account. */
  readonly historyUserIdParameter: string
  /** Query parameter of `GET /redemptions` that carries the type of the account's number. */
  readonly historyUserIdTypeParameter: string
  /** Query parameter of `GET /redemptions` with the first entry of a page, counted from 0. */
  readonly historyOffsetParameter: string
  /** Query parameter of `GET /redemptions` with the number of entries of a page. */
  readonly historyLimitParameter: string
  /** Entries asked for at once. Fewer may come: only an empty page is taken for the end. */
  readonly historyPageSize: number
  /**
   * Whole days that a question about the history is widened by on both sides: `from_date` and `to_date` are taken to be
   * calendar dates, and which time zone they mean is open.
   */
  readonly historyMarginDays: number
  /** Member of the answer of `GET /redemptions` that lists the entries. */
  readonly historyEntries: string
  /** Member of an entry: the id of the redemption, or of the credit. */
  readonly entryId: string
  /** Member of an entry that says whether it is a redemption or a credit redemption. */
  readonly entryKind: string
  /** Value of the kind of a redemption. */
  readonly entryKindRedemption: string
  /** Value of the kind of a credit redemption. */
  readonly entryKindCredit: string
  /** Member of an entry: its points, without a sign. */
  readonly entryPoints: string
  /** Member of an entry: when it happened, an ISO 8601 instant. */
  readonly entryAt: string
  /** Member of an entry: its redemptionType. */
  readonly entryRedemptionType: string
  /** Member of a credit redemption's entry that names the redemption it gives back, if there is one at all. */
  readonly entryCreditOf: string
  /** Member of the request of `POST /redemptions` that sizes it by points. */
  readonly redeemPoints: string
  /** Member of the request of `POST /redemptions` that sizes it by cash, in the program's currency. */
  readonly redeemCash: string
  /** Member of the requests of `POST /redemptions` and of `POST /redeemers/search` that names the reward item. */
  readonly redeemItemId: string
  /** Member of the request of `POST /redemptions` that names a shipping address. */
  readonly redeemShippingAddressId: string
  /** Member of the answer of `POST /redemptions` with the id of the redemption. */
  readonly redeemedId: string
  /** Member of the answer of `POST /redemptions` with the points that were redeemed, if there is one at all. */
  readonly redeemedPoints: string
  /** Member of the answer of `POST /redemptions` and of `GET /redeemers/{user_id}` with the balance. */
  readonly balance: string
  /** Member of the answer of `GET /redeemers/{user_id}` with the name of the program. */
  readonly programName: string
  /** What the `id` in the answer of a credit names: the redemption that was asked for, or the credit itself. */
  readonly creditAnswerId: "redemption" | "credit"
  /** Under which number a credit of an account whose number was replaced is asked for: the present one, or the one given. */
  readonly creditNumber: "present" | "given"
  /** How `backOrderDate` of `PUT /redemptions` is written: `2026-02-01`, or `2026-02-01T00:00:00Z`. */
  readonly backOrderDateFormat: "date" | "instant"
  /** Member of the answer of `PUT /redemptions` with words for people. */
  readonly fulfilmentMessage: string
  /** Query parameter of `GET /redemptions/addresses` with the first date. */
  readonly addressFromParameter: string
  /** Query parameter of `GET /redemptions/addresses` with the last date. */
  readonly addressToParameter: string
  /** Member of the answer of `GET /redemptions/addresses` that lists the addresses. */
  readonly addresses: string
  /** Member of an address: its first line. */
  readonly addressLine1: string
  /** Member of an address: its second line. */
  readonly addressLine2: string
  /** Member of an address: the postal code. */
  readonly addressPostalCode: string
  /** Member of an address: state, province or region. */
  readonly addressState: string
  /** Member of an encrypted body that carries the token: `encryptedData`, or `encryptedPayload`. */
  readonly encryptedMember: string
  /** Whether the answer of `POST /redeemers/search` is encrypted like its request. */
  readonly searchAnswerEncrypted: boolean
  /** Member of the answer about a redeemer with the account, a RANAC. */
  readonly redeemerUserId: string
  /** Member of the answer about a redeemer with the points of the household. */
  readonly householdBalance: string
  /** Member of the answer about a redeemer with the part that the customer has in the household. */
  readonly householdRole: string
  /** Member of the answer about a redeemer with what a point is worth. */
  readonly conversionFactors: string
}

/** The settings as long as nobody knows better. */
export const defaults: Assumptions = {
  historyUserIdParameter: "user_id",
  historyUserIdTypeParameter: "user_id_type",
  historyOffsetParameter: "offset",
  historyLimitParameter: "limit",
  historyPageSize: 50,
  historyMarginDays: 1,
  historyEntries: "redemptions",
  entryId: "id",
  entryKind: "transactionType",
  entryKindRedemption: "REDEMPTION",
  entryKindCredit: "CREDIT",
  entryPoints: "points",
  entryAt: "transactionDate",
  entryRedemptionType: "redemptionType",
  entryCreditOf: "originalRedemptionId",
  redeemPoints: "points",
  redeemCash: "cashAmount",
  redeemItemId: "redemptionItemId",
  redeemShippingAddressId: "shippingAddressId",
  redeemedId: "redemptionId",
  redeemedPoints: "points",
  balance: "pointBalance",
  programName: "programName",
  creditAnswerId: "redemption",
  creditNumber: "present",
  backOrderDateFormat: "date",
  fulfilmentMessage: "message",
  addressFromParameter: "from_date",
  addressToParameter: "to_date",
  addresses: "shippingAddresses",
  addressLine1: "addressLine1",
  addressLine2: "addressLine2",
  addressPostalCode: "postalCode",
  addressState: "state",
  encryptedMember: "encryptedData",
  searchAnswerEncrypted: true,
  redeemerUserId: "userId",
  householdBalance: "householdPointBalance",
  householdRole: "householdRole",
  conversionFactors: "conversionFactors"
}
