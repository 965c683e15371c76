/** A command on an account: what it asks, what it is decided from, and what can come of it. */
import type { DatabaseError, EventStore } from "@pointback/adapters"
import { Account, type Decide, Fact, type Ids, type Instant, type Refusal } from "@pointback/domain"
import type { AccountBusy, KeyConflict, UnknownAccount, UnknownProgram } from "../error/AppError.ts"
import type { KeyedContent } from "./Keys.ts"

/** The account that a command is for. */
export interface Target {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
}

/** Who asks, and in what connection. */
export interface Caller {
  readonly actor?: string | undefined
  readonly correlationId?: string | undefined
  readonly causationId?: string | undefined
}

/** A command with what it needs to be decided. */
export interface Execution {
  readonly target: Target
  readonly caller: Caller
  readonly command: Decide.Command
  readonly key: KeyedContent | null
  readonly lots: ReadonlyArray<EventStore.LotSelection>
  readonly horizon: Instant.Instant
  readonly redemptions: ReadonlyArray<Ids.RedemptionId>
  /**
   * What the account is known to be, with all that this command looks at. It is decided on that without loading, and
   * loaded where somebody else has come first.
   */
  readonly known?: EventStore.Loaded | undefined
}

/** What came of a command. */
export type Executed =
  /** Its facts were appended; none where there was nothing to do. */
  | {
      readonly _tag: "Appended"
      readonly loaded: EventStore.Loaded
      readonly events: ReadonlyArray<EventStore.StoredEvent>
    }
  /** Its key was known with the same content: nothing was done, and this is what there is. */
  | { readonly _tag: "Replayed"; readonly loaded: EventStore.Loaded }

/**
 * What the account is once the events of a command are stored. Undefined where commands before it were stored along with
 * it; where others follow, the version says so to whoever decides on it.
 */
export const after = ({ events, loaded }: Extract<Executed, { _tag: "Appended" }>): EventStore.Loaded | undefined => {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined || first.accountVersion !== loaded.version + 1) return undefined
  const streams = new Map(loaded.streams)
  for (const { fact, version } of events) streams.set(Fact.streamName(fact.stream), version)
  const facts = events.map(({ fact }) => fact)
  const state = Account.evolveAll(loaded.state, facts)
  return { ...loaded, account: first.account, version: last.accountVersion, state, streams, keys: [] }
}

/** Every way in which a command can fail before anybody else is called. */
export type ExecutionError =
  | Refusal.Refusal
  | UnknownProgram
  | UnknownAccount
  | KeyConflict
  | AccountBusy
  | DatabaseError

/** A text that no other account has: identifiers have no control characters. */
export const nameOf = ({ account, program }: Target): string => `${program}\0${account}`

/**
 * Whether an error concerns all that was to be stored with a command. What was not reached may have been committed, and is
 * not done again; whoever holds the account's partition holds it for each of them.
 */
export const concernsAll = (error: ExecutionError | EventStore.VersionConflict): boolean =>
  error._tag === "DatabaseError" && (error.reason._tag === "Unreachable" || error.reason._tag === "LockTimeout")

/** Where events of a command come from. */
export const originOf = (
  { caller, key }: Pick<Execution, "caller" | "key">,
  correlationId: string
): EventStore.Origin => ({
  correlationId,
  causationId: orNull(caller.causationId),
  idempotencyKey: key?.key ?? null,
  actor: orNull(caller.actor)
})

// An empty text says as little as none.
const orNull = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text)
