/**
 * The way of a command: load, look at its key, decide, append; and again where somebody else came first.
 *
 * @see semantics, section 4 (L8)
 */
import { CurrentTransaction, type DatabaseError, EventStore, Gathering } from "@pointback/adapters"
import { Effect, Random, Schedule } from "effect"
import { AccountBusy } from "../error/AppError.ts"
import * as CarryTogether from "./CarryTogether.ts"
import { concernsAll, type Executed, type Execution, type ExecutionError, nameOf, type Target } from "./Command.ts"
import * as Decisions from "./Decisions.ts"

/** Attempts at one command at most: commands of one process take turns, so only other processes come in between. */
export const MAXIMUM_ATTEMPTS = 40

/**
 * Carries a command out, once per key. Commands of one process that come for one account while another is carried out are
 * decided one after the other and appended together.
 */
export const execute = (execution: Execution): Effect.Effect<Executed, ExecutionError, EventStore.EventStore> =>
  Effect.gen(function* () {
    const store = yield* EventStore.EventStore
    const given = execution.caller.correlationId ?? ""
    const correlationId = given === "" ? yield* newCorrelationId : given
    const identified = { ...execution, correlationId }
    // What belongs to somebody's transaction is carried out in it, by whoever has it.
    if ((yield* CurrentTransaction) !== undefined) return yield* alone(identified)
    // Who has much in flight waits for company across accounts.
    const isPatient = store.together !== undefined && (yield* Gathering.CurrentPatience) !== undefined
    return yield* isPatient ? CarryTogether.submit(store, identified, submit) : submit(store, identified)
  })

/** An id that the events of one command share. */
export const newCorrelationId = Effect.map(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (n) => n.toString(36))

const alone = (execution: Decisions.Identified) =>
  untilAppended(execution.target, Decisions.decideAndAppend([execution])).pipe(
    Effect.flatMap(([outcome]) => outcome as Outcome)
  )

type Outcome = Effect.Effect<Executed, ExecutionError>

/** Commands on one account that are carried out together at most: their lots and keys are loaded in one answer. */
const MAXIMUM_TOGETHER = 100

type Line = Gathering.Line<Decisions.Identified, Executed, ExecutionError>

/** The accounts that commands are carried out on at present, by store. */
const lines = new WeakMap<EventStore.EventStore["Service"], Map<string, Line>>()

const submit = (store: EventStore.EventStore["Service"], execution: Decisions.Identified): Outcome =>
  Effect.suspend(() => {
    const ofStore = lines.get(store) ?? new Map<string, Line>()
    lines.set(store, ofStore)
    const name = nameOf(execution.target)
    const line =
      ofStore.get(name) ??
      Gathering.make(Gathering.detached, Gathering.oldest(MAXIMUM_TOGETHER), carry(store), {
        onIdle: () => ofStore.delete(name)
      })
    ofStore.set(name, line)
    return line(execution)
  })

/** Carries commands of one account out together; one by one where the database refuses them together. */
const carry = (
  store: EventStore.EventStore["Service"]
): Gathering.Carry<Decisions.Identified, Executed, ExecutionError> => {
  const together = (
    batch: ReadonlyArray<Decisions.Identified>
  ): Effect.Effect<ReadonlyArray<Outcome>, ExecutionError> =>
    untilAppended((batch[0] as Decisions.Identified).target, Decisions.decideAndAppend(batch)).pipe(
      Effect.provideService(EventStore.EventStore, store),
      Effect.flatMap((outcomes) =>
        outcomes.length === batch.length
          ? Effect.succeed(outcomes)
          : Effect.map(carried(batch.slice(outcomes.length)), (others) => [...outcomes, ...others])
      )
    )
  const carried = Gathering.orOneByOne(together, concernsAll)
  return carried
}

/** Loads, decides and appends in turn on the account, and again where another process came first. */
export const untilAppended = Effect.fnUntraced(function* <A, R>(
  { account, program }: Target,
  once: Effect.Effect<A, ExecutionError | EventStore.VersionConflict, R>
): Effect.fn.Return<A, ExecutionError, R | EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  // In somebody's transaction a deadlock would come again, with the locks that it has from before.
  const alone = (yield* CurrentTransaction) === undefined
  const isWorthRepeating = (error: ExecutionError | EventStore.VersionConflict): boolean =>
    error._tag === "VersionConflict" || (alone && error._tag === "DatabaseError" && isTransient(error))
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

// A deadlock or a serialization failure is ours to repeat; an unreachable database, or a lock that somebody keeps for
// longer than a statement waits, is the caller's to wait for.
const isTransient = ({ reason }: DatabaseError): boolean =>
  reason._tag === "SerializationFailure" || reason._tag === "Deadlock"
