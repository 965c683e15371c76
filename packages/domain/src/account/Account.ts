/**
 * Everything that decisions about one account look at: its lots, the redemptions that draw on them, and the names of the
 * credits that gave points back. An account is the unit of consistency: a command touches one, and two commands on one
 * account follow each other.
 */
import { HashMap, HashSet, Option } from "effect"
import type { AccountEvent } from "./AccountEvent.ts"
import type { Fact } from "../event/Fact.ts"
import type { CreditId, RedemptionId } from "../identity/Ids.ts"
import type { Draw } from "../lot/Draw.ts"
import * as Lots from "../lot/Lots.ts"
import type { Restoration } from "../lot/Restoration.ts"
import * as Redemption from "../redemption/Redemption.ts"
import type { RedemptionEvent } from "../redemption/RedemptionEvent.ts"
import type * as Instant from "../time/Instant.ts"

/** The state of an account. */
export interface Account {
  readonly lots: Lots.Lots
  readonly redemptions: HashMap.HashMap<RedemptionId, Redemption.RedemptionState>
  /**
   * The credits that gave points back, of all redemptions: a credit's id is its key in the account, and is booked once
   * (law L8). Where a part of the account was loaded, at least those of the ids that are asked for.
   */
  readonly creditIds: HashSet.HashSet<CreditId>
}

/** An account that nothing has happened to. */
export const empty: Account = { lots: Lots.empty, redemptions: HashMap.empty(), creditIds: HashSet.empty() }

/** The state of one of the account's redemptions; `None` where there is no such redemption. */
export const redemption = (account: Account, redemptionId: RedemptionId): Redemption.RedemptionState =>
  Option.getOrElse(HashMap.get(account.redemptions, redemptionId), () => Redemption.none)

/** Applies one fact, in the order of the log. Throws on history that no decision wrote. */
export const evolve = (account: Account, fact: Fact): Account =>
  evolveRedemption({ ...account, lots: evolveLots(account.lots, fact) }, fact)

/** Applies a fact to its redemption and the credits alone; a fact of the account's own stream changes none. */
export const evolveRedemption = (account: Account, { event, occurredAt, stream }: Fact): Account => {
  if (stream._tag === "Account") return account
  const { redemptionId } = stream
  const state = Redemption.evolve(redemption(account, redemptionId), event as RedemptionEvent, occurredAt)
  const redemptions = HashMap.set(account.redemptions, redemptionId, state)
  return event._tag === "PartiallyCredited" || event._tag === "FullyCredited"
    ? { lots: account.lots, redemptions, creditIds: HashSet.add(account.creditIds, event.creditId) }
    : { lots: account.lots, redemptions, creditIds: account.creditIds }
}

/** Applies a fact to the lots alone: enough to know what they hold, and right for any selection of facts by time. */
export const evolveLots = (lots: Lots.Lots, { event, occurredAt, stream }: Fact): Lots.Lots =>
  stream._tag === "Account"
    ? moveByAccount(lots, event as AccountEvent, occurredAt)
    : moveByRedemption(lots, event as RedemptionEvent, occurredAt)

/** Applies facts in the order of the log. */
export const evolveAll = (account: Account, facts: Iterable<Fact>): Account => {
  let state = account
  for (const fact of facts) state = evolve(state, fact)
  return state
}

const moveByAccount = (lots: Lots.Lots, event: AccountEvent, at: Instant.Instant): Lots.Lots => {
  switch (event._tag) {
    case "PointsEarned":
      return Lots.grant(Lots.open(lots, { ...event, openedAt: at }), event.lotId, { at, points: event.points })
    case "PointsAdjusted":
      return Lots.grant(lots, event.lotId, { at, points: event.points })
    case "PointsExpired":
      return Lots.book(lots, event.lotId, event.points)
    case "AccountAliased":
      return lots
  }
}

const moveByRedemption = (lots: Lots.Lots, event: RedemptionEvent, at: Instant.Instant): Lots.Lots => {
  switch (event._tag) {
    case "Redeemed":
      return event.draws.reduce((moved, draw) => takeFrom(moved, draw, at), lots)
    case "PartiallyCredited":
    case "FullyCredited":
      return event.restorations.reduce((moved, restoration) => giveTo(moved, restoration, at), lots)
    case "CreditRequested":
    case "CreditDeclined":
    case "CreditOutcomeUnknown":
      return lots
  }
}

const takeFrom = (lots: Lots.Lots, draw: Draw, at: Instant.Instant): Lots.Lots =>
  Lots.move(lots, draw.lotId, { at, points: -draw.points })

// What expires in the same event never stays in its lot (law L9), so it moves nothing.
const giveTo = (lots: Lots.Lots, restoration: Restoration, at: Instant.Instant): Lots.Lots => {
  const { fate, lotId, points } = restoration
  switch (fate) {
    case "expired":
      return lots
    case "live":
      return Lots.restore(lots, lotId, { at, points })
    case "extended":
      return Lots.extend(Lots.open(lots, { ...restoration, openedAt: at }), lotId, { at, points })
  }
}
