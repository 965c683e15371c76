/**
 * The way of a command: load, look at its key, decide, append; and again where somebody else came first.
 *
 * @see semantics, section 4 (L8)
 */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Decide, type Ids, type Instant, Refusal } from "@pointback/domain"
import { Effect, Random, Result, Schedule } from "effect"
import { AccountBusy, KeyConflict, UnknownAccount, UnknownProgram } from "../error/AppError.ts"
import * as Content from "./Content.ts"

/** Attempts at one command at most: commands of one process take turns, so only other processes come in between. */
export const MAXIMUM_ATTEMPTS = 40

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
  readonly lots: EventStore.LotSelection
  readonly horizon: Instant.Instant
  readonly redemptions: ReadonlyArray<Ids.RedemptionId>
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

/** Every way in which a command can fail before anybody else is called. */
export type ExecutionError =
  | Refusal.Refusal
  | UnknownProgram
  | UnknownAccount
  | KeyConflict
  | AccountBusy
  | DatabaseError

/** Carries a command out, once per key. */
export const execute = Effect.fn("Execution.execute")(function* (
  execution: Execution
): Effect.fn.Return<Executed, ExecutionError, EventStore.EventStore> {
  const correlationId = execution.caller.correlationId ?? (yield* newCorrelationId)
  return yield* untilAppended(execution.target, attempt(execution, correlationId))
})

/** Loads, decides and appends in turn on the account, and again where another process came first. */
export const untilAppended = Effect.fnUntraced(function* <A, R>(
  { account, program }: Target,
  once: Effect.Effect<A, ExecutionError | EventStore.VersionConflict, R>
): Effect.fn.Return<A, ExecutionError, R | EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  return yield* once.pipe(
    Effect.retry({ while: isWorthRepeating, times: MAXIMUM_ATTEMPTS - 1, schedule: BACKOFF }),
    Effect.catchTag("VersionConflict", () => new AccountBusy({ attempts: MAXIMUM_ATTEMPTS })),
    store.inTurn(program, account)
  )
})

// Whoever lost a race was told so at once; the waits only spread those who lost together.
const BACKOFF = Schedule.min([Schedule.exponential("2 millis", 1.5), Schedule.spaced("50 millis")]).pipe(
  Schedule.jittered
)

const isWorthRepeating = (error: ExecutionError | EventStore.VersionConflict): boolean =>
  error._tag === "VersionConflict" || (error._tag === "DatabaseError" && isTransient(error))

// A deadlock or a serialization failure is ours to repeat; an unreachable database, or a lock that somebody keeps for
// longer than a statement waits, is the caller's to wait for.
const isTransient = ({ reason }: DatabaseError): boolean =>
  reason._tag === "SerializationFailure" || reason._tag === "Deadlock"

const newCorrelationId = Effect.map(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (n) => n.toString(36))

const attempt = Effect.fnUntraced(function* (
  execution: Execution,
  correlationId: string
): Effect.fn.Return<Executed, ExecutionError | EventStore.VersionConflict, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const { command, horizon, key, lots, redemptions, target } = execution
  const loaded = yield* store.load({ ...target, lots, horizon, redemptions, keys: key === null ? [] : [key] })
  if (loaded.account === null && command._tag !== "Earn") return yield* unknown(loaded, target)
  const record = loaded.keys[0]
  if (key !== null && record !== undefined) return yield* replay(record, key, loaded)
  const decision = Decide.decide(command, loaded.state, loaded.policy)
  if (Result.isFailure(decision)) return yield* refuse(execution, loaded, decision.failure)
  const origin = originOf(execution, correlationId)
  const events = yield* store.append({
    loaded,
    target,
    facts: decision.success.map((fact) => ({ fact, origin })),
    keys: key === null ? [] : [{ ...key, refusal: null }]
  })
  return { _tag: "Appended", loaded, events }
})

const unknown = (loaded: EventStore.Loaded, { account, program }: Target) =>
  loaded.programKnown ? new UnknownAccount({ program, account }) : new UnknownProgram({ program })

const replay = (
  record: EventStore.KeyRecord,
  key: KeyedContent,
  loaded: EventStore.Loaded
): Effect.Effect<Executed, KeyConflict | Refusal.Refusal> =>
  Effect.as(Effect.fromResult(repeat(record, key)), { _tag: "Replayed", loaded })

/** A key with the content of its command. */
export type KeyedContent = EventStore.Key & { readonly content: string }

/** What a known key answers to a command: nothing new, its refusal again, or a conflict where the content differs. */
export const repeat = (
  record: EventStore.KeyRecord,
  { content, key, kind }: KeyedContent
): Result.Result<void, KeyConflict | Refusal.Refusal> => {
  const fields = Content.differences(record.content, content)
  if (fields.length > 0) return Result.fail(new KeyConflict({ kind, key, fields }))
  return record.refusal === null ? Result.succeed(undefined) : Result.fail(Refusal.decode(record.refusal))
}

const refuse = Effect.fnUntraced(function* (
  { key, target }: Execution,
  loaded: EventStore.Loaded,
  refusal: Refusal.Refusal
) {
  const store = yield* EventStore.EventStore
  if (key !== null && !Refusal.leavesKeyFree(refusal)) {
    yield* store.append({ loaded, target, facts: [], keys: [{ ...key, refusal: Refusal.encode(refusal) }] })
  }
  return yield* refusal
})

/** Where events of a command come from. */
export const originOf = (
  { caller, key }: Pick<Execution, "caller" | "key">,
  correlationId: string
): EventStore.Origin => ({
  correlationId,
  causationId: caller.causationId ?? null,
  idempotencyKey: key?.key ?? null,
  actor: caller.actor ?? null
})
