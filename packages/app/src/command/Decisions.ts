/** Decides some commands of one account one after the other, and appends what they come to together. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Account, Decide, Instant, Refusal } from "@pointback/domain"
import { Effect, Result } from "effect"
import { UnknownAccount, UnknownProgram } from "../error/AppError.ts"
import type { Executed, Execution, ExecutionError } from "./Command.ts"
import { originOf } from "./Command.ts"
import type { KeyedContent } from "./Keys.ts"
import { repeat } from "./Keys.ts"

/** A command with the correlation id of its events. */
export interface Identified extends Execution {
  readonly correlationId: string
}

type Outcome = Effect.Effect<Executed, ExecutionError>

/**
 * Loads, decides and appends, once. Answers what came of each command, in their order; of the first ones alone where the
 * first of them makes the account that the others are for.
 */
export const decideAndAppend = (
  batch: ReadonlyArray<Identified>
): Effect.Effect<ReadonlyArray<Outcome>, EventStore.VersionConflict | DatabaseError, EventStore.EventStore> => {
  // What was known once does not hold any more where the first attempt lost a race.
  let known = batch.length === 1 ? batch[0]?.known : undefined
  return Effect.suspend(() => {
    const first = known
    known = undefined
    return attempt(batch, first)
  })
}

const attempt = Effect.fnUntraced(function* (
  batch: ReadonlyArray<Identified>,
  known: EventStore.Loaded | undefined
): Effect.fn.Return<ReadonlyArray<Outcome>, EventStore.VersionConflict | DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const loaded = known ?? (yield* store.load(loadRequest(batch)))
  const { append, outcomes } = decide(batch, loaded)
  // The version tells of whoever came first only where something is appended: nothing is refused on what was known once.
  if (known !== undefined && (append?.facts.length ?? 0) === 0) return yield* attempt(batch, undefined)
  return outcomes(append === undefined ? [] : yield* store.append(append))
})

/** What commands of one account come to. */
export interface Decided {
  /** What is to be appended; undefined where there is nothing. */
  readonly append: EventStore.AppendRequest | undefined
  /**
   * What becomes of each command, in their order, once these events are stored; of the first ones alone where the first of
   * them makes the account that the others are for.
   */
  readonly outcomes: (events: Events) => ReadonlyArray<Outcome>
}

/** Decides commands of one account one after the other on what was loaded. */
export const decide = (batch: ReadonlyArray<Identified>, loaded: EventStore.Loaded): Decided => {
  const decided = new Deciding(loaded)
  for (const execution of batch) {
    decided.add(execution)
    if (loaded.account === null && decided.facts.length > 0) break
  }
  const { facts, keys } = decided
  const { target } = batch[0] as Identified
  return {
    append: facts.length + keys.length === 0 ? undefined : { loaded, target, facts, keys },
    outcomes: (events) => decided.outcomes.map((outcome) => outcome(events))
  }
}

/** All that commands of one account look at. */
export const loadRequest = (batch: ReadonlyArray<Identified>): EventStore.LoadRequest => {
  const { account, program } = (batch[0] as Identified).target
  return {
    program,
    account,
    lots: batch.flatMap(({ lots }) => lots),
    horizon: batch.reduce((earliest, { horizon }) => (horizon < earliest ? horizon : earliest), Instant.END),
    redemptions: Array.from(new Set(batch.flatMap(({ redemptions }) => redemptions))),
    keys: uniqueKeys(batch)
  }
}

const uniqueKeys = (batch: ReadonlyArray<Identified>): ReadonlyArray<EventStore.Key> =>
  batch.length === 1
    ? batch.flatMap(({ key }) => key ?? [])
    : Array.from(new Map(batch.flatMap(({ key }) => (key === null ? [] : [[keyName(key), key] as const]))).values())

const keyName = ({ key, kind }: EventStore.Key): string => `${kind}\0${key}`

type Events = ReadonlyArray<EventStore.StoredEvent>

/** Each command is decided on the state that those before it lead to. */
class Deciding {
  readonly facts: Array<EventStore.AppendRequest["facts"][number]> = []
  readonly keys: Array<EventStore.KeyRecord> = []
  /** What comes of each command once these events are stored. */
  readonly outcomes: Array<(events: Events) => Outcome> = []
  readonly #loaded: EventStore.Loaded
  readonly #known: Map<string, EventStore.KeyRecord>
  #state: Account.Account

  constructor(loaded: EventStore.Loaded) {
    this.#loaded = loaded
    this.#state = loaded.state
    this.#known = new Map(loaded.keys.map((record) => [keyName(record), record]))
  }

  add(execution: Identified): void {
    const { command, key, target } = execution
    const loaded = { ...this.#loaded, state: this.#state }
    if (loaded.account === null && command._tag !== "Earn") return this.#fail(unknown(loaded, target))
    // Called by its key, an account has no number any more that Mastercard could be asked for a credit under.
    const nameless = String(loaded.account?.key) === target.account
    if (nameless && command._tag === "RequestCredit") return this.#fail(unknown(loaded, target))
    const record = key === null ? undefined : this.#known.get(keyName(key))
    if (key !== null && record !== undefined) {
      const replayed = Result.map(repeat(record, key), (): Executed => ({ _tag: "Replayed", loaded }))
      this.outcomes.push(() => Effect.fromResult(replayed))
      return
    }
    const decision = Decide.decide(command, this.#state, loaded.policy)
    if (Result.isFailure(decision)) return this.#refuse(key, decision.failure)
    const origin = originOf(execution, execution.correlationId)
    const from = this.facts.length
    for (const fact of decision.success) this.facts.push({ fact, origin })
    const to = this.facts.length
    if (key !== null) this.#remember({ ...key, refusal: null })
    this.#state = Account.evolveAll(this.#state, decision.success)
    this.outcomes.push((events) => Effect.succeed({ _tag: "Appended", loaded, events: events.slice(from, to) }))
  }

  #refuse(key: KeyedContent | null, refusal: Refusal.Refusal): void {
    if (key !== null && !Refusal.leavesKeyFree(refusal)) this.#remember({ ...key, refusal: Refusal.encode(refusal) })
    this.#fail(refusal)
  }

  #fail(error: ExecutionError): void {
    this.outcomes.push(() => Effect.fail(error))
  }

  #remember(record: EventStore.KeyRecord): void {
    this.#known.set(keyName(record), record)
    this.keys.push(record)
  }
}

const unknown = (loaded: EventStore.Loaded, { account, program }: Identified["target"]) =>
  loaded.programKnown ? new UnknownAccount({ program, account }) : new UnknownProgram({ program })
