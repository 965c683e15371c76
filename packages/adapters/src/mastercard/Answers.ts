/** What Mastercard answers, decoded: amounts as exact decimals, unknown members ignored. */
import { Text } from "@pointback/domain"
import { Result, Schema } from "effect"
import type * as Decimal from "../json/Decimal.ts"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "./Assumptions.ts"
import { decoder } from "./Outcome.ts"

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
}

const RedeemBody = Schema.Struct({
  redemptionId: Id,
  pointBalance: Schema.UndefinedOr(Json.DecimalFromAnything)
})

/** Reads the answer of a redemption. */
export const redeem = (names: Assumptions): Reader<RedeemAnswer> => {
  const decode = decoder(RedeemBody)
  return (body) => decode(pick(body, { redemptionId: names.redeemedId, pointBalance: names.balance }))
}

/** The answer of `GET /redeemers/{user_id}`. */
export interface Redeemer {
  readonly pointBalance: Decimal.Decimal
  readonly programName: string | undefined
}

const RedeemerBody = Schema.Struct({ pointBalance: Json.DecimalFromAnything, programName: Schema.UndefinedOr(Name) })

/** Reads the answer about a redeemer. */
export const redeemer = (names: Assumptions): Reader<Redeemer> => {
  const decode = decoder(RedeemerBody)
  return (body) => decode(pick(body, { pointBalance: names.balance, programName: names.programName }))
}

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

/** Takes members by their assumed names; null and a missing member mean the same. */
const pick = (body: Json.Json, names: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(names).map(([name, wire]) => [name, Json.isObject(body) ? (body[wire] ?? undefined) : undefined])
  )
