/**
 * The rules of an account: earning, adjusting, expiring.
 *
 * @see semantics, sections 3, 4 (L2, L7) and 6
 */
import { steps } from "../command/Steps.ts"
import { Option, Result } from "effect"
import type { Fact } from "../event/Fact.ts"
import { accountStream } from "../event/Fact.ts"
import * as Checks from "../command/Checks.ts"
import * as Drawing from "../lot/Drawing.ts"
import * as Lots from "../lot/Lots.ts"
import * as Points from "../points/Points.ts"
import type { Policy } from "../program/Policy.ts"
import type { InvalidPoints, Refusal } from "../refusal/Refusal.ts"
import { ExpiredDiffers, InvalidDates, LotExists, LotExpired, NotExpired } from "../refusal/Refusal.ts"
import * as Instant from "../time/Instant.ts"
import type { Account } from "./Account.ts"
import type { AccountCommand, Adjust, AliasAccount, Earn, RecordExpired } from "./AccountCommand.ts"
import type { AccountEvent } from "./AccountEvent.ts"

type Decision = Result.Result<ReadonlyArray<Fact>, Refusal>

/** Decides a command on an account. The policy gives the scale. */
export const decide = (command: AccountCommand, account: Account, policy: Policy): Decision => {
  switch (command._tag) {
    case "Earn":
      return earn(command, account, policy)
    case "Adjust":
      return adjust(command, account, policy)
    case "SweepExpired":
      return Result.succeed(sweep(account, command.asOf))
    case "RecordExpired":
      return recordExpired(command, account)
    case "AliasAccount":
      return alias(command)
  }
}

const earn: (command: Earn, account: Account, policy: Policy) => Decision = steps(function* (command, account, policy) {
  const { earnedAt, expiresAt, lotId, occurredAt, points, source } = command
  yield* Checks.amount("points", points, policy)
  yield* Checks.instant("occurredAt", occurredAt)
  yield* Checks.instant("earnedAt", earnedAt)
  if (earnedAt > occurredAt) {
    return yield* invalidDates("earnedAt", "points cannot be earned after the event that grants them")
  }
  if (expiresAt !== null) yield* expiry(expiresAt, occurredAt)
  if (Option.isSome(Lots.get(account.lots, lotId))) return yield* Result.fail(new LotExists({ lotId }))
  return [fact({ _tag: "PointsEarned", lotId, points, earnedAt, expiresAt, source }, occurredAt)]
})

const expiry = (expiresAt: Instant.Instant, occurredAt: Instant.Instant): Result.Result<void, InvalidDates> => {
  if (expiresAt <= occurredAt) return invalidDates("expiresAt", "points must expire after they come to be")
  return expiresAt < Instant.END ? Result.succeed(undefined) : invalidDates("expiresAt", "the year must be 1 to 9999")
}

const adjust: (command: Adjust, account: Account, policy: Policy) => Decision = steps(
  function* (command, account, policy) {
    const { actor, lotId, occurredAt, points, reason } = command
    yield* Checks.signedAmount("points", points, policy)
    yield* Checks.instant("occurredAt", occurredAt)
    const lot = yield* Drawing.lotOf(account.lots, lotId)
    // Also where it was earned earlier: a point exists from its event's instant, and a lot's first event opens it.
    if (occurredAt < lot.openedAt) {
      return yield* invalidDates("occurredAt", "a lot cannot be adjusted before it came to be")
    }
    if (points < 0n) yield* Drawing.canLeave(lot, -points, occurredAt)
    else yield* canEnter(lot, points, occurredAt)
    return [fact({ _tag: "PointsAdjusted", lotId, points, reason, actor }, occurredAt)]
  }
)

// What a lot was granted bounds every amount that is ever written of it, its expiry included.
const canEnter = (
  lot: Lots.Lot,
  points: Points.Points,
  at: Instant.Instant
): Result.Result<void, LotExpired | InvalidPoints> => {
  if (lot.expiresAt !== null && !Lots.isLive(lot, at)) {
    return Result.fail(new LotExpired({ lotId: lot.lotId, expiresAt: lot.expiresAt, at }))
  }
  return Points.fitsSize(lot.granted + points) ? Result.succeed(undefined) : Checks.tooLarge("points", points)
}

const alias = ({ alias, occurredAt }: AliasAccount): Decision =>
  Result.map(Checks.instant("occurredAt", occurredAt), () => [fact({ _tag: "AccountAliased", alias }, occurredAt)])

const sweep = (account: Account, asOf: Instant.Instant): ReadonlyArray<Fact> =>
  Lots.inDrawOrder(account.lots).flatMap((lot) =>
    lot.expiresAt !== null && lot.expiresAt <= asOf ? bookExpiry(lot, lot.expiresAt) : []
  )

/** The booking that brings a lot's booked expiry up to what it held just before; nothing where they agree. */
export const bookExpiry = (lot: Lots.Lot, expiresAt: Instant.Instant): ReadonlyArray<Fact> => {
  const points = Lots.unbooked(lot)
  return points === 0n ? [] : [fact({ _tag: "PointsExpired", lotId: lot.lotId, points }, expiresAt)]
}

const recordExpired: (command: RecordExpired, account: Account) => Decision = steps(function* (
  { asOf, lotId, points },
  account
) {
  const lot = yield* Drawing.lotOf(account.lots, lotId)
  if (lot.expiresAt === null || lot.expiresAt > asOf) return yield* Result.fail(new NotExpired({ lotId }))
  if (points !== lot.total) return yield* Result.fail(new ExpiredDiffers({ lotId, points, held: lot.total }))
  return bookExpiry(lot, lot.expiresAt)
})

const invalidDates = (field: string, problem: string) => Result.fail(new InvalidDates({ field, problem }))

const fact = (event: AccountEvent, occurredAt: Instant.Instant): Fact => ({ stream: accountStream, occurredAt, event })
