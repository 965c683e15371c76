/** What the sandbox knows, as plain values: accounts with their lots and history, redemptions, the next id. */
import type { Instant } from "@pointback/domain"
import { HashMap } from "effect"
import type * as History from "./SandboxHistory.ts"
import type { Part, SandboxLot } from "./SandboxLots.ts"

/** An account. */
interface SandboxAccount {
  readonly lots: ReadonlyArray<SandboxLot>
  readonly history: History.SandboxHistory
}

/** A credit of a redemption. */
export interface SandboxCredit {
  readonly creditId: string
  readonly points: bigint
  readonly at: Instant.Instant
  readonly restorations: ReadonlyArray<Part>
}

/** A redemption. */
export interface SandboxRedemption {
  readonly userId: string
  readonly redemptionType: string
  readonly points: bigint
  readonly credited: bigint
  readonly draws: ReadonlyArray<Part>
  readonly at: Instant.Instant
  /** Oldest first. */
  readonly credits: ReadonlyArray<SandboxCredit>
}

/** Everything. */
export interface SandboxState {
  readonly accounts: HashMap.HashMap<string, SandboxAccount>
  readonly redemptions: HashMap.HashMap<string, SandboxRedemption>
  /** The id of the next redemption or credit. */
  readonly nextId: bigint
}

/** Nothing yet. */
export const initial = (firstId: bigint): SandboxState => ({
  accounts: HashMap.empty(),
  redemptions: HashMap.empty(),
  nextId: firstId
})

/** The next id that no redemption has, and the state after it was given away. */
export const takeId = (state: SandboxState): readonly [string, SandboxState] => {
  let id = state.nextId
  while (HashMap.has(state.redemptions, id.toString())) id++
  return [id.toString(), { ...state, nextId: id + 1n }]
}
