/**
 * The one entry to the rules: a command and an account's state in, facts or a refusal out. Reads no clock, no random
 * numbers and no environment.
 */
import { Option, Result } from "effect"
import type { AccountCommand } from "../account/AccountCommand.ts"
import type { Account } from "../account/Account.ts"
import * as AccountState from "../account/Account.ts"
import * as AccountDecider from "../account/AccountDecider.ts"
import type { Fact } from "../event/Fact.ts"
import type { LotId } from "../identity/Ids.ts"
import * as Lots from "../lot/Lots.ts"
import type { Policy } from "../program/Policy.ts"
import * as RedemptionDecider from "../redemption/RedemptionDecider.ts"
import type { RedemptionCommand } from "../redemption/RedemptionCommand.ts"
import type { Refusal } from "../refusal/Refusal.ts"

/** Everything that can be asked. */
export type Command = AccountCommand | RedemptionCommand

/**
 * Decides a command. The facts are in the order in which they are to be appended, and applying them to the account
 * gives the next state.
 *
 * An append that changes what a swept lot held before it expired books the difference itself, so that the books never
 * wait for the next sweep (semantics, section 6).
 */
export const decide = (
  command: Command,
  account: Account,
  policy: Policy
): Result.Result<ReadonlyArray<Fact>, Refusal> =>
  Result.map(decideAlone(command, account, policy), (facts) => [...facts, ...rebook(account, facts)])

const decideAlone = (command: Command, account: Account, policy: Policy) => {
  switch (command._tag) {
    case "Earn":
    case "Adjust":
    case "SweepExpired":
    case "RecordExpired":
    case "AliasAccount":
      return AccountDecider.decide(command, account, policy)
    default:
      return RedemptionDecider.decide(command, AccountState.redemption(account, command.redemptionId), account, policy)
  }
}

const rebook = (account: Account, facts: ReadonlyArray<Fact>): ReadonlyArray<Fact> => {
  const touched = new Set(facts.flatMap(lotsMoved))
  const swept = Array.from(touched).filter((lotId) => Option.exists(Lots.get(account.lots, lotId), (lot) => lot.swept))
  if (swept.length === 0) return []
  const after = AccountState.evolveAll(account, facts)
  return swept.flatMap((lotId) => {
    const lot = Option.getOrThrow(Lots.get(after.lots, lotId))
    return lot.expiresAt === null ? [] : AccountDecider.bookExpiry(lot, lot.expiresAt)
  })
}

const lotsMoved = ({ event }: Fact): ReadonlyArray<LotId> => {
  switch (event._tag) {
    case "PointsAdjusted":
      return [event.lotId]
    case "Redeemed":
      return event.draws.map((draw) => draw.lotId)
    case "PartiallyCredited":
    case "FullyCredited":
      return event.restorations.map((restoration) => restoration.lotId)
    default:
      return []
  }
}
