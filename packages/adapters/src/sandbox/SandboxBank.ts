/**
 * What the sandbox does: a state and a command give a new state and an answer. Pure, so that keeping the state and
 * misbehaving on purpose can be put around it.
 *
 * @see reverse-redemption
 */
import { Instant } from "@pointback/domain"
import { HashMap, Option, Result } from "effect"
import * as Codes from "./SandboxCodes.ts"
import * as History from "./SandboxHistory.ts"
import * as Lots from "./SandboxLots.ts"
import * as Restoring from "./SandboxRestoring.ts"
import type { SandboxRules } from "./SandboxRules.ts"
import * as State from "./SandboxState.ts"

/** What can be asked of the sandbox. Amounts are ten-thousandths of a point. */
export type SandboxCommand =
  | {
      readonly _tag: "PutAccount"
      readonly userId: string
      /** The household that it shares lots with; its own unless named. */
      readonly household?: string | undefined
      readonly lots: ReadonlyArray<Omit<Lots.SandboxLot, "granted">>
    }
  | { readonly _tag: "ReplaceAccount"; readonly userId: string; readonly successor: string }
  | { readonly _tag: "PutRules"; readonly rules: SandboxRules }
  | {
      readonly _tag: "PutRedemption"
      readonly redemptionId: string
      readonly userId: string
      readonly redemptionType: string
      readonly points: bigint
      /** What it took and the lots no longer hold; undefined to take it from them now. */
      readonly draws: ReadonlyArray<Lots.Part> | undefined
      readonly at: Instant.Instant
    }
  | { readonly _tag: "Redeem"; readonly userId: string; readonly redemptionType: string; readonly points: bigint }
  | {
      readonly _tag: "Credit"
      readonly redemptionId: string
      readonly userId: string
      readonly redemptionType: string
      /** Undefined for all that is left. */
      readonly points: bigint | undefined
    }

type Command<Tag extends SandboxCommand["_tag"]> = Extract<SandboxCommand, { readonly _tag: Tag }>

/** What the sandbox says. */
export type SandboxAnswer =
  | { readonly _tag: "Refused"; readonly refusal: Codes.Refusal }
  | { readonly _tag: "AccountStored"; readonly balance: bigint }
  | { readonly _tag: "RulesStored" }
  | {
      readonly _tag: "Redeemed"
      readonly redemptionId: string
      readonly draws: ReadonlyArray<Lots.Part>
      readonly balance: bigint
    }
  | {
      readonly _tag: "Credited"
      readonly redemptionId: string
      readonly creditId: string
      readonly points: bigint
      readonly restorations: ReadonlyArray<Lots.Restoration>
      readonly remaining: bigint
      readonly balance: bigint
    }

/** The state afterwards, and the answer. A refusal leaves the state as it was. */
export type Step = readonly [State.SandboxState, SandboxAnswer]

/** Carries out a command at an instant. */
export const step = (state: State.SandboxState, command: SandboxCommand, now: Instant.Instant): Step => {
  switch (command._tag) {
    case "PutAccount":
      return putAccount(state, command, now)
    case "ReplaceAccount":
      return replaceAccount(state, command, now)
    case "PutRules":
      return [{ ...state, rules: command.rules }, { _tag: "RulesStored" }]
    case "PutRedemption":
      return putRedemption(state, command, now)
    case "Redeem": {
      const [redemptionId, next] = State.takeId(state)
      const [after, answer] = record(next, { ...command, redemptionId, draws: undefined, at: now }, now)
      return answer._tag === "Refused" ? [state, answer] : [after, answer]
    }
    case "Credit":
      return credit(state, command, now)
  }
}

const refuse = (state: State.SandboxState, refusal: Codes.Refusal): Step => [state, { _tag: "Refused", refusal }]

/** Adds the lots that are new. A lot that is known keeps what it holds; it must have been put with the same content. */
const putAccount = (state: State.SandboxState, command: Command<"PutAccount">, now: Instant.Instant): Step => {
  const { household, userId } = command
  const key = State.keyOf(state, userId)
  const account = Option.getOrElse(HashMap.get(state.accounts, key), () => ({
    userId,
    household: State.householdKey(userId, household),
    history: History.empty
  }))
  if (household !== undefined && account.household !== State.householdKey(userId, household)) {
    return refuse(state, Codes.conflict(`Account ${userId}`))
  }
  const old = State.lotsOf(state, account)
  const added = Lots.added(old, command.lots)
  if (Result.isFailure(added)) return refuse(state, Codes.conflict(`Lot ${added.failure}`))
  const lots = [...old, ...added.success]
  return [
    {
      ...state,
      accounts: HashMap.set(state.accounts, key, account),
      households: HashMap.set(state.households, account.household, lots)
    },
    { _tag: "AccountStored", balance: Lots.balance(lots, now) }
  ]
}

/** Gives an account another number, as when a card is replaced. */
const replaceAccount = (
  state: State.SandboxState,
  { successor, userId }: Command<"ReplaceAccount">,
  now: Instant.Instant
): Step => {
  const key = State.keyOf(state, userId)
  const account = Option.getOrUndefined(HashMap.get(state.accounts, key))
  if (account === undefined) return refuse(state, Codes.unknownUser)
  const isKnown = HashMap.has(state.accounts, successor) || HashMap.has(state.laterNumbers, successor)
  if (account.userId !== userId || isKnown)
    return refuse(state, Codes.conflict(`Account ${isKnown ? successor : userId}`))
  return [
    {
      ...state,
      accounts: HashMap.set(state.accounts, key, { ...account, userId: successor }),
      laterNumbers: HashMap.set(state.laterNumbers, successor, key),
      replaced: HashMap.set(state.replaced, userId, successor)
    },
    { _tag: "AccountStored", balance: Lots.balance(State.lotsOf(state, account), now) }
  ]
}

const putRedemption = (state: State.SandboxState, command: Command<"PutRedemption">, now: Instant.Instant): Step =>
  HashMap.has(state.redemptions, command.redemptionId)
    ? refuse(state, Codes.conflict(`Redemption ${command.redemptionId}`))
    : record(state, command, now)

/** Enters a redemption; its points are taken from the lots unless the draws are given. */
const record = (
  state: State.SandboxState,
  command: Omit<Command<"PutRedemption">, "_tag">,
  now: Instant.Instant
): Step => {
  const { at, points, redemptionId, redemptionType, userId } = command
  const account = Option.getOrUndefined(State.accountOf(state, userId))
  if (account === undefined) return refuse(state, Codes.unknownUser)
  const old = State.lotsOf(state, account)
  const draws = command.draws ?? Lots.draw(old, points, now)
  if (draws === undefined) return refuse(state, Codes.insufficient)
  if (!areDrawsOf(draws, old, points)) {
    return refuse(state, Codes.invalid("draws", "of lots of the account and have the points of the redemption in all"))
  }
  const lots = command.draws === undefined ? Lots.change(old, draws, -1n) : old
  const key = State.keyOf(state, userId)
  const entry = { kind: "redemption", id: redemptionId, points, at, redemptionType, creditOf: undefined } as const
  const redemption: State.SandboxRedemption = {
    account: key,
    redemptionType,
    points,
    credited: 0n,
    draws,
    restored: draws.map(() => 0n),
    at,
    credits: []
  }
  return [
    {
      ...state,
      accounts: HashMap.set(state.accounts, key, { ...account, history: History.add(account.history, entry) }),
      households: HashMap.set(state.households, account.household, lots),
      redemptions: HashMap.set(state.redemptions, redemptionId, redemption)
    },
    { _tag: "Redeemed", redemptionId, draws, balance: Lots.balance(lots, now) }
  ]
}

const areDrawsOf = (draws: ReadonlyArray<Lots.Part>, lots: ReadonlyArray<Lots.SandboxLot>, points: bigint): boolean =>
  draws.reduce((total, part) => total + part.points, 0n) === points &&
  draws.every((part) => part.points > 0n && lots.some((lot) => lot.lotId === part.lotId))

/** Gives points back: what is asked for, or all that is left. */
const credit = (state: State.SandboxState, command: Command<"Credit">, now: Instant.Instant): Step => {
  const redemption = Option.getOrUndefined(HashMap.get(state.redemptions, command.redemptionId))
  if (redemption === undefined) return refuse(state, Codes.unknownRedemption)
  const refusal = refusalOfCredit(state, redemption, command, now)
  if (refusal !== undefined) return refuse(state, refusal)
  const account = Option.getOrThrow(HashMap.get(state.accounts, redemption.account))
  const points = command.points ?? redemption.points - redemption.credited
  const [creditId, next] = State.takeId(state)
  const given = Restoring.restore(state.rules, redemption, State.lotsOf(state, account), points, creditId, now)
  if (given === undefined) return refuse(state, Codes.expiredLot)
  const { lots, restorations, restored } = given
  const { redemptionId, redemptionType } = command
  const entry = { kind: "credit", id: creditId, points, at: now, redemptionType, creditOf: redemptionId } as const
  const credited = redemption.credited + points
  const credits = [...redemption.credits, { creditId, asked: command.points, points, at: now, restorations }]
  return [
    {
      ...next,
      accounts: HashMap.set(state.accounts, redemption.account, {
        ...account,
        history: History.add(account.history, entry)
      }),
      households: HashMap.set(state.households, account.household, lots),
      redemptions: HashMap.set(state.redemptions, redemptionId, { ...redemption, credited, restored, credits })
    },
    {
      _tag: "Credited",
      redemptionId,
      creditId,
      points,
      restorations,
      remaining: redemption.points - credited,
      balance: Lots.balance(lots, now)
    }
  ]
}

const refusalOfCredit = (
  state: State.SandboxState,
  redemption: State.SandboxRedemption,
  { points, redemptionType, userId }: Command<"Credit">,
  now: Instant.Instant
): Codes.Refusal | undefined => {
  if (State.isRetired(state, userId)) return Codes.unknownUser
  if (redemption.account !== State.keyOf(state, userId)) return Codes.otherUser
  if (redemption.redemptionType !== redemptionType) return Codes.otherType
  if (redemption.credited === redemption.points) return Codes.fullyCredited
  if (isDuplicate(state.rules, redemption, points, now)) return Codes.duplicate
  if (points === undefined) {
    return state.rules.fullAfterPartials || redemption.credited === 0n ? undefined : Codes.fullAfterPartial
  }
  if (points > redemption.points) return Codes.aboveRedeemed
  return points > redemption.points - redemption.credited ? Codes.aboveRemaining : undefined
}

/** Whether a credit with the same amount stands within the window before now. */
const isDuplicate = (
  { duplicateWindow, duplicates }: SandboxRules,
  { credits }: State.SandboxRedemption,
  asked: bigint | undefined,
  now: Instant.Instant
): boolean =>
  duplicates === "refuse" &&
  credits.some(
    (credit) => credit.asked === asked && now - credit.at < BigInt(duplicateWindow) * Instant.MICROS_PER_MILLI
  )
