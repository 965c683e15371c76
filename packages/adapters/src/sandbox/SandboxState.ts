/** What the sandbox knows, as plain values: accounts, households with their lots, redemptions, rules, the next id. */
import type { Instant } from "@pointback/domain"
import { HashMap, Option } from "effect"
import type * as History from "./SandboxHistory.ts"
import type { Part, Restoration, SandboxLot } from "./SandboxLots.ts"
import type { SandboxRules } from "./SandboxRules.ts"

/** An account. Its key is the first number that it had, and stays when the number is replaced. */
export interface SandboxAccount {
  /** The number that it has now. */
  readonly userId: string
  /** The key of its household. */
  readonly household: string
  readonly history: History.SandboxHistory
}

/** A credit of a redemption. */
export interface SandboxCredit {
  readonly creditId: string
  /** What was asked for; undefined for all that was left. */
  readonly asked: bigint | undefined
  readonly points: bigint
  readonly at: Instant.Instant
  readonly restorations: ReadonlyArray<Restoration>
}

/** A redemption. */
export interface SandboxRedemption {
  /** The key of its account. */
  readonly account: string
  readonly redemptionType: string
  readonly points: bigint
  readonly credited: bigint
  readonly draws: ReadonlyArray<Part>
  /** What came back of each draw. */
  readonly restored: ReadonlyArray<bigint>
  readonly at: Instant.Instant
  /** Oldest first. */
  readonly credits: ReadonlyArray<SandboxCredit>
}

/** Everything. */
export interface SandboxState {
  readonly accounts: HashMap.HashMap<string, SandboxAccount>
  /** Keys of accounts by the numbers that they got later. */
  readonly laterNumbers: HashMap.HashMap<string, string>
  /** Numbers that were replaced, with their successors. */
  readonly replaced: HashMap.HashMap<string, string>
  /** The lots of each household. */
  readonly households: HashMap.HashMap<string, ReadonlyArray<SandboxLot>>
  readonly redemptions: HashMap.HashMap<string, SandboxRedemption>
  readonly rules: SandboxRules
  /** The id of the next redemption or credit. */
  readonly nextId: bigint
}

/** Nothing yet. */
export const initial = (firstId: bigint, rules: SandboxRules): SandboxState => ({
  accounts: HashMap.empty(),
  laterNumbers: HashMap.empty(),
  replaced: HashMap.empty(),
  households: HashMap.empty(),
  redemptions: HashMap.empty(),
  rules,
  nextId: firstId
})

/** The key of the household of an account that shares with nobody, or of a household with a name. */
export const householdKey = (userId: string, name: string | undefined): string =>
  name === undefined ? `account ${userId}` : `household ${name}`

/** The key that a number leads to, whether there is such an account or not. */
export const keyOf = (state: SandboxState, userId: string): string =>
  Option.getOrElse(HashMap.get(state.laterNumbers, userId), () => userId)

/** Whether calls with this number are turned away because it was replaced. */
export const isRetired = (state: SandboxState, userId: string): boolean =>
  !state.rules.oldNumbers && HashMap.has(state.replaced, userId)

/** The account of a number that a call may use. */
export const accountOf = (state: SandboxState, userId: string): Option.Option<SandboxAccount> =>
  isRetired(state, userId) ? Option.none() : HashMap.get(state.accounts, keyOf(state, userId))

/** The lots that an account can spend: those of its household. */
export const lotsOf = (state: SandboxState, account: SandboxAccount): ReadonlyArray<SandboxLot> =>
  Option.getOrElse(HashMap.get(state.households, account.household), () => [])

/** The next id that no redemption has, and the state after it was given away. */
export const takeId = (state: SandboxState): readonly [string, SandboxState] => {
  let id = state.nextId
  while (HashMap.has(state.redemptions, id.toString())) id++
  return [id.toString(), { ...state, nextId: id + 1n }]
}
