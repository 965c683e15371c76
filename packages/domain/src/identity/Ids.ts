/** The identifiers of the domain. Each is a text of its own type, so that one cannot stand where another belongs. */
import { Schema } from "effect"
import { DerivedIdentifier, Identifier } from "./Text.ts"

/** A loyalty program. */
export const ProgramId = Identifier.pipe(Schema.brand("ProgramId"))
export type ProgramId = typeof ProgramId.Type

/** A redeemer's rewards account as the outside world knows it: Mastercard's RANAC. Never a number: it has 30 digits. */
export const AccountNumber = Identifier.pipe(Schema.brand("AccountNumber"))
export type AccountNumber = typeof AccountNumber.Type

/**
 * What events and ledger carry in place of an account number: opaque, so that forgetting the number makes the history
 * anonymous and leaves it verifiable.
 */
export const AccountKey = Identifier.pipe(Schema.brand("AccountKey"))
export type AccountKey = typeof AccountKey.Type

/** Points earned together; unique within an account. */
export const LotId = DerivedIdentifier.pipe(Schema.brand("LotId"))
export type LotId = typeof LotId.Type

/** Lots that a credit under the policy `extend` opens are named with this prefix; nobody else may use it. */
export const EXTENDED_LOT_PREFIX = "extended:"

/** A lot id as a user gives it for points that were earned. */
export const EarnedLotId = Identifier.check(
  Schema.makeFilter((text: string) => !text.startsWith(EXTENDED_LOT_PREFIX), {
    message: `must not begin with "${EXTENDED_LOT_PREFIX}", which names lots that a credit extended`
  })
).pipe(Schema.brand("LotId"))

/** A redemption; unique within an account. */
export const RedemptionId = Identifier.pipe(Schema.brand("RedemptionId"))
export type RedemptionId = typeof RedemptionId.Type

/** A credit of a redemption; unique within an account, since it is the credit's idempotency key. */
export const CreditId = Identifier.pipe(Schema.brand("CreditId"))
export type CreditId = typeof CreditId.Type

/** Who did something: a user, a job, a system. */
export const Actor = Identifier.pipe(Schema.brand("Actor"))
export type Actor = typeof Actor.Type

/** The id that Mastercard gave the merchant when it was onboarded. */
export const ProcessedBy = Identifier.pipe(Schema.brand("ProcessedBy"))
export type ProcessedBy = typeof ProcessedBy.Type

/** The lot that a credit opens for the draw at `position` (from 0) of its redemption; unique since the credit id is. */
export const extendedLotId = (creditId: CreditId, position: number): LotId =>
  LotId.make(`${EXTENDED_LOT_PREFIX}${creditId}:${position + 1}`)

/** Orders identifiers by their code units, the same everywhere and in every locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
