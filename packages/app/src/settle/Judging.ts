/** Looks credits in flight of one account up at Mastercard, and judges each by the whole of what is known of the account. */
import { type DatabaseError, EventStore, type Mastercard, type MastercardError } from "@pointback/adapters"
import { type Instant, Verdict } from "@pointback/domain"
import { Effect, Result } from "effect"
import * as Listing from "./Listing.ts"
import * as OpenCredit from "./OpenCredit.ts"
import * as SettleSettings from "./SettleSettings.ts"

/** A verdict on each credit, or why the listing could not be read. */
export type Judge = Result.Result<(credit: OpenCredit.OpenCredit) => Verdict.Verdict, MastercardError>

/**
 * Reads the listing of an account under all its numbers. `open` are all credits in flight of the account, one at least; an
 * entry that names no redemption may be any of theirs.
 */
export const look = Effect.fnUntraced(function* (
  open: ReadonlyArray<OpenCredit.OpenCredit>,
  settings: SettleSettings.SettleSettings
): Effect.fn.Return<Judge, DatabaseError, EventStore.EventStore | Mastercard> {
  const store = yield* EventStore.EventStore
  const { account } = (open[0] as OpenCredit.OpenCredit).request
  const numbers = yield* store.numbersOf(account)
  const listing = yield* Effect.result(Listing.read(numbers, earliest(open)))
  if (Result.isFailure(listing)) return Result.fail(listing.failure)
  const beside = { booked: yield* bookedBeside(open, listing.success), inFlight: open.map(({ sought }) => sought) }
  const limits = SettleSettings.limits(settings)
  return Result.succeed((credit) => Verdict.judge(credit.sought, beside, listing.success, limits))
})

/** An entry that names no redemption may be a credit of any redemption of the account, so all of them are looked at. */
const bookedBeside = (
  open: ReadonlyArray<OpenCredit.OpenCredit>,
  { credits }: Verdict.Listing
): Effect.Effect<ReadonlyArray<Verdict.Booked>, DatabaseError, EventStore.EventStore> =>
  credits.some(({ redemptionId }) => redemptionId === null)
    ? OpenCredit.bookedOfAccount((open[0] as OpenCredit.OpenCredit).request.account)
    : Effect.succeed(open.flatMap(({ booked }) => booked))

const earliest = (open: ReadonlyArray<OpenCredit.OpenCredit>): Instant.Instant =>
  open.reduce(
    (least, { redemption }) => (redemption.redeemedAt < least ? redemption.redeemedAt : least),
    (open[0] as OpenCredit.OpenCredit).redemption.redeemedAt
  )
