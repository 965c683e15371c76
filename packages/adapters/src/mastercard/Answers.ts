/** What Mastercard answers, decoded: amounts as exact decimals, unknown members ignored. */
import { Text } from "@pointback/domain"
import { Result, Schema } from "effect"
import type * as Decimal from "../json/Decimal.ts"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "./Assumptions.ts"
import { decoder, pick } from "./Decoding.ts"

/** Reads a body, or says what is missing. */
export type Reader<A> = (body: Json.Json) => Result.Result<A, string>

const Id = Json.TextFromAnything.pipe(Schema.decodeTo(Text.Identifier))

// A name from outside may have any characters; it is shown and stored, so it is bounded.
const Name = Schema.String.check(Schema.isMaxLength(1000))

/** The answer of `POST /redemptions/{id}/credits`. */
export interface CreditAnswer {
  /** The balance of the account after the credit. */
  readonly pointBalance: Decimal.Decimal
  /** `partialCreditPointBalRemain`: points of the redemption not yet given back. Full credits do not carry it. */
  readonly remaining: Decimal.Decimal | undefined
  readonly programName: string
  readonly id: string
}

const CreditBody = Schema.Struct({
  pointBalance: Json.DecimalFromAnything,
  partialCreditPointBalRemain: Schema.optional(Schema.NullOr(Json.DecimalFromAnything)),
  programName: Name,
  id: Id
})

/** Reads the answer of a credit. */
export const credit: Reader<CreditAnswer> = (body) =>
  Result.map(decodeCredit(body), ({ id, partialCreditPointBalRemain, pointBalance, programName }) => ({
    pointBalance,
    remaining: partialCreditPointBalRemain ?? undefined,
    programName,
    id
  }))

const decodeCredit = decoder(CreditBody)

/** The answer of `POST /redemptions`. */
export interface RedeemAnswer {
  readonly redemptionId: string
  /** The balance of the account after the redemption, where the answer says it. */
  readonly pointBalance: Decimal.Decimal | undefined
  /** The points that were redeemed, where the answer says it: one that was sized by cash does not know them before. */
  readonly points: Decimal.Decimal | undefined
}

const RedeemBody = Schema.Struct({
  redemptionId: Id,
  pointBalance: Schema.UndefinedOr(Json.DecimalFromAnything),
  points: Schema.UndefinedOr(Json.DecimalFromAnything)
})

/** Reads the answer of a redemption. */
export const redeem = (names: Assumptions): Reader<RedeemAnswer> => {
  const decode = decoder(RedeemBody)
  return (body) =>
    decode(pick(body, { redemptionId: names.redeemedId, pointBalance: names.balance, points: names.redeemedPoints }))
}

/** The answer of `GET /redeemers/{user_id}`; `POST /redeemers/search` has the same. */
export interface Redeemer {
  readonly pointBalance: Decimal.Decimal
  readonly programName: string | undefined
  /** The account, a RANAC, where the answer says it. */
  readonly userId: string | undefined
  /** The points of the whole household, where the account belongs to one. */
  readonly householdPointBalance: Decimal.Decimal | undefined
  /** The part that the customer has in the household. */
  readonly householdRole: string | undefined
  /** What a point is worth, as it came: it is there where a redemption item was named. */
  readonly conversionFactors: Json.Json | undefined
}

const RedeemerBody = Schema.Struct({
  pointBalance: Json.DecimalFromAnything,
  programName: Schema.UndefinedOr(Name),
  userId: Schema.UndefinedOr(Id),
  householdPointBalance: Schema.UndefinedOr(Json.DecimalFromAnything),
  householdRole: Schema.UndefinedOr(Name)
})

const decodeRedeemer = decoder(RedeemerBody)

/** Reads the answer about a redeemer. */
export const redeemer =
  (names: Assumptions): Reader<Redeemer> =>
  (body) =>
    Result.map(
      decodeRedeemer(
        pick(body, {
          pointBalance: names.balance,
          programName: names.programName,
          userId: names.redeemerUserId,
          householdPointBalance: names.householdBalance,
          householdRole: names.householdRole
        })
      ),
      (redeemer) => ({
        ...redeemer,
        conversionFactors: (Json.isObject(body) ? body[names.conversionFactors] : undefined) ?? undefined
      })
    )

/** A redeemer that was searched for: the account that all other calls take is known. */
export interface FoundRedeemer extends Redeemer {
  readonly userId: string
}

/** Reads the answer of a search. */
export const foundRedeemer =
  (names: Assumptions): Reader<FoundRedeemer> =>
  (body) =>
    Result.flatMap(redeemer(names)(body), (found) =>
      found.userId === undefined
        ? Result.fail(`missing or wrong: ${names.redeemerUserId}`)
        : Result.succeed({ ...found, userId: found.userId })
    )

/** An entry of the history of an account. */
export interface HistoryEntry {
  readonly kind: "redemption" | "credit"
  /** The id of the redemption, or of the credit. */
  readonly id: string
  readonly points: Decimal.Decimal
  /** When it happened, as Mastercard wrote it. */
  readonly at: string
  readonly redemptionType: string | undefined
  /** The redemption that a credit gives back, where the entry names it. */
  readonly creditOf: string | undefined
}

const EntryBody = Schema.Struct({
  kind: Schema.Literals(["redemption", "credit"]),
  id: Id,
  points: Json.DecimalFromAnything,
  at: Schema.String.check(Schema.isMaxLength(64)),
  redemptionType: Schema.UndefinedOr(Name),
  creditOf: Schema.UndefinedOr(Id)
})

/** Reads a page of the history. An entry of an unknown kind makes the page unreadable: it might be a credit. */
export const history = (names: Assumptions): Reader<ReadonlyArray<HistoryEntry>> => {
  const decode = decoder(Schema.Array(EntryBody))
  return (body) => {
    const entries = Json.isObject(body) ? body[names.historyEntries] : undefined
    return Array.isArray(entries)
      ? decode(entries.map((entry: Json.Json) => pickEntry(entry, names)))
      : Result.fail(`missing or wrong: ${names.historyEntries}`)
  }
}

const pickEntry = (entry: Json.Json, names: Assumptions): Record<string, unknown> => {
  const { kind, ...rest } = pick(entry, {
    kind: names.entryKind,
    id: names.entryId,
    points: names.entryPoints,
    at: names.entryAt,
    redemptionType: names.entryRedemptionType,
    creditOf: names.entryCreditOf
  })
  const kinds: Record<string, string> = { [names.entryKindRedemption]: "redemption", [names.entryKindCredit]: "credit" }
  return { kind: typeof kind === "string" ? kinds[kind] : undefined, ...rest }
}
