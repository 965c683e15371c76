/** Inputs of use cases in the words of an example: dates, decimal strings, plain names. */
import type { EventStore } from "@pointback/adapters"
import { Ids, type Instant, Points, Zone } from "@pointback/domain"
import { Effect, Option, Result } from "effect"
import type { AdjustPoints } from "../../src/command/AdjustPoints.ts"
import type { CreditRedemption } from "../../src/command/CreditRedemption.ts"
import { type EarnPoints, earnPoints } from "../../src/command/EarnPoints.ts"
import type { ExecutionError } from "../../src/command/Command.ts"
import { type PointsRedeemed, type RedeemPoints, redeemPoints } from "../../src/command/RedeemPoints.ts"

export const program = Ids.ProgramId.make("program")
export const processedBy = Ids.ProcessedBy.make("E078562")

export const points = (text: string): Points.Points => Result.getOrThrow(Points.fromString(text))

/** An instant, or the first instant of a date in UTC. */
export const at = (text: string): Instant.Instant => Option.getOrThrow(Zone.instantFromString(Zone.UTC, text))

let accounts = 0

/** An account number that no test of this file has used. */
export const newAccount = (): Ids.AccountNumber =>
  Ids.AccountNumber.make(`220094110178641288073796${String(accounts++).padStart(6, "0")}`)

export const lot = (id: string): Ids.LotId => Ids.LotId.make(id)
export const redemption = (id: string): Ids.RedemptionId => Ids.RedemptionId.make(id)
export const creditId = (id: string): Ids.CreditId => Ids.CreditId.make(id)

export const earn = (
  account: Ids.AccountNumber,
  lotId: string,
  amount: string,
  earnedAt: string,
  expiresAt: string | null = null
): EarnPoints => ({
  program,
  account,
  lotId: lot(lotId),
  points: points(amount),
  earnedAt: at(earnedAt),
  expiresAt: expiresAt === null ? null : at(expiresAt)
})

export const adjust = (
  account: Ids.AccountNumber,
  key: string,
  lotId: string,
  amount: string,
  when: string
): AdjustPoints => ({
  program,
  account,
  key,
  lotId: lot(lotId),
  points: points(amount),
  reason: "by hand",
  occurredAt: at(when),
  dated: true
})

export const redeem = (account: Ids.AccountNumber, id: string, amount: string, when: string): RedeemPoints => ({
  program,
  account,
  redemptionId: redemption(id),
  points: points(amount),
  redemptionType: "MERCHANDISE",
  processedBy,
  occurredAt: at(when),
  dated: true
})

/** A credit of all that remains where no amount is given. */
export const credit = (
  account: Ids.AccountNumber,
  redemptionId: string,
  id: string,
  when: string,
  amount?: string
): CreditRedemption => ({
  program,
  account,
  redemptionId: redemption(redemptionId),
  creditId: creditId(id),
  points: amount === undefined ? undefined : points(amount),
  occurredAt: at(when),
  dated: true
})

/** The reference scenario of the semantics up to its redemption R1 of 150 points: A 100, B 50. */
export const redeemed = (
  account: Ids.AccountNumber
): Effect.Effect<PointsRedeemed, ExecutionError, EventStore.EventStore> =>
  Effect.gen(function* () {
    yield* earnPoints(earn(account, "A", "100", "2025-01-10", "2026-01-10"))
    yield* earnPoints(earn(account, "B", "100", "2025-03-10", "2026-03-10"))
    return yield* redeemPoints(redeem(account, "R1", "150", "2025-12-01"))
  })
