/**
 * What the sandbox does: a state and a command give a new state and an answer. Pure, so that keeping the state and
 * misbehaving on purpose can be put around it.
 *
 * @see reverse-redemption
 */
import type { Instant } from "@pointback/domain"
import { HashMap, Option } from "effect"
import * as Codes from "./SandboxCodes.ts"
import * as History from "./SandboxHistory.ts"
import * as Lots from "./SandboxLots.ts"
import * as State from "./SandboxState.ts"

/** What can be asked of the sandbox. Amounts are ten-thousandths of a point. */
export type SandboxCommand =
  | {
      readonly _tag: "PutAccount"
      readonly userId: string
      readonly lots: ReadonlyArray<Omit<Lots.SandboxLot, "granted">>
    }
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
      readonly restorations: ReadonlyArray<Lots.Part>
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
const putAccount = (state: State.SandboxState, { lots, userId }: Command<"PutAccount">, now: Instant.Instant): Step => {
  const account = Option.getOrElse(HashMap.get(state.accounts, userId), () => ({ lots: [], history: History.empty }))
  const known = new Map(account.lots.map((lot) => [lot.lotId, lot]))
  const added: Array<Lots.SandboxLot> = []
  for (const lot of lots) {
    const old = known.get(lot.lotId)
    if (old === undefined) {
      const fresh = { ...lot, granted: lot.points }
      known.set(lot.lotId, fresh)
      added.push(fresh)
    } else if (old.granted !== lot.points || old.earnedAt !== lot.earnedAt || old.expiresAt !== lot.expiresAt) {
      return refuse(state, Codes.conflict(`Lot ${lot.lotId}`))
    }
  }
  const stored = { ...account, lots: [...account.lots, ...added] }
  return [
    { ...state, accounts: HashMap.set(state.accounts, userId, stored) },
    { _tag: "AccountStored", balance: Lots.balance(stored.lots, now) }
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
  const account = Option.getOrUndefined(HashMap.get(state.accounts, userId))
  if (account === undefined) return refuse(state, Codes.unknownUser)
  const draws = command.draws ?? Lots.draw(account.lots, points, now)
  if (draws === undefined) return refuse(state, Codes.insufficient)
  if (!areDrawsOf(draws, account.lots, points)) {
    return refuse(state, Codes.invalid("draws", "of lots of the account and have the points of the redemption in all"))
  }
  const lots = command.draws === undefined ? Lots.change(account.lots, draws, -1n) : account.lots
  const entry = { kind: "redemption", id: redemptionId, points, at, redemptionType, creditOf: undefined } as const
  return [
    {
      ...state,
      accounts: HashMap.set(state.accounts, userId, { lots, history: History.add(account.history, entry) }),
      redemptions: HashMap.set(state.redemptions, redemptionId, {
        userId,
        redemptionType,
        points,
        credited: 0n,
        draws,
        at,
        credits: []
      })
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
  const refusal = refusalOfCredit(redemption, command)
  if (refusal !== undefined) return refuse(state, refusal)
  const account = Option.getOrThrow(HashMap.get(state.accounts, redemption.userId))
  const points = command.points ?? redemption.points - redemption.credited
  const restorations = Lots.restore(redemption.draws, redemption.credited, points)
  const lots = Lots.change(account.lots, restorations, 1n)
  const [creditId, next] = State.takeId(state)
  const { redemptionId, redemptionType } = command
  const entry = { kind: "credit", id: creditId, points, at: now, redemptionType, creditOf: redemptionId } as const
  const credited = redemption.credited + points
  const credits = [...redemption.credits, { creditId, points, at: now, restorations }]
  return [
    {
      ...next,
      accounts: HashMap.set(state.accounts, redemption.userId, { lots, history: History.add(account.history, entry) }),
      redemptions: HashMap.set(state.redemptions, redemptionId, { ...redemption, credited, credits })
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
  redemption: State.SandboxRedemption,
  { points, redemptionType, userId }: Command<"Credit">
): Codes.Refusal | undefined => {
  if (redemption.userId !== userId) return Codes.otherUser
  if (redemption.redemptionType !== redemptionType) return Codes.otherType
  if (redemption.credited === redemption.points) return Codes.fullyCredited
  if (points === undefined) return undefined
  if (points > redemption.points) return Codes.aboveRedeemed
  return points > redemption.points - redemption.credited ? Codes.aboveRemaining : undefined
}
