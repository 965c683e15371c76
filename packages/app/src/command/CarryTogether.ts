/**
 * Carries commands of many accounts out together: what they look at is loaded in one round trip, they are decided in one
 * go, and what they come to is appended in one round trip. It is for whoever has many in flight; one command alone would
 * gain nothing.
 *
 * Whatever does not go smoothly, an account that others changed, a command that the database refuses, is carried out by
 * itself in the ordinary way, where nothing of it was stored.
 */
import { type DatabaseError, type EventStore, Gathering } from "@pointback/adapters"
import { Cause, Effect, Exit, Option } from "effect"
import { concernsAll, type Executed, type ExecutionError, nameOf } from "./Command.ts"
import * as Decisions from "./Decisions.ts"

type Store = EventStore.EventStore["Service"]
type Identified = Decisions.Identified
type Outcome = Effect.Effect<Executed, ExecutionError>

/** The ordinary way of a command. */
type Alone = (store: Store, execution: Identified) => Outcome

/** Commands that are carried out together at most: in much longer batches, all that is in flight waits for one statement. */
const MAXIMUM_TOGETHER = 100

/** While one batch waits for the database, another one is gathered and begun. */
const SIDE_BY_SIDE = 2

const lines = new WeakMap<Store, Gathering.Line<Identified, Executed, ExecutionError>>()

/** Hands a command in. It heeds the patience of whoever does. */
export const submit = (store: Store, execution: Identified, alone: Alone): Outcome =>
  Effect.suspend(() => {
    const line = lines.get(store) ?? lineOf(store, store.together as EventStore.Together, alone)
    lines.set(store, line)
    return line(execution)
  })

const lineOf = (store: Store, together: EventStore.Together, alone: Alone) => {
  // Two batches never carry one account: one of them would only find that the other came first.
  const underWay = new Set<string>()
  const choose: Gathering.Choose<Identified> = (waiting) => {
    const chosen = new Set<number>()
    for (const [place, execution] of waiting.entries()) {
      if (chosen.size === MAXIMUM_TOGETHER) break
      if (!underWay.has(nameOf(execution.target))) chosen.add(place)
    }
    for (const place of chosen) underWay.add(nameOf((waiting[place] as Identified).target))
    return chosen
  }
  const carry: Gathering.Carry<Identified, Executed, ExecutionError> = (batch) =>
    Effect.ensuring(
      carryAll(together, batch, (execution) => alone(store, { ...execution, known: undefined })),
      Effect.sync(() => batch.forEach((execution) => underWay.delete(nameOf(execution.target))))
    )
  return Gathering.make(Gathering.detached, choose, carry, { patient: true, sideBySide: SIDE_BY_SIDE })
}

/** Commands of one account, and what becomes of them. */
interface Group {
  readonly commands: Array<Identified>
  outcomes: ReadonlyArray<Outcome>
}

const carryAll = Effect.fnUntraced(function* (
  together: EventStore.Together,
  batch: ReadonlyArray<Identified>,
  alone: (execution: Identified) => Outcome
): Effect.fn.Return<ReadonlyArray<Outcome>> {
  const groups = new Map<string, Group>()
  for (const execution of batch) {
    const name = nameOf(execution.target)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { commands: [execution], outcomes: [] })
    else group.commands.push(execution)
  }
  yield* decideAndAppend(together, Array.from(groups.values()))
  const taken = new Map<Group, number>()
  return batch.map((execution) => {
    const group = groups.get(nameOf(execution.target)) as Group
    const place = taken.get(group) ?? 0
    taken.set(group, place + 1)
    return group.outcomes[place] ?? alone(execution)
  })
})

const decideAndAppend = Effect.fnUntraced(function* (together: EventStore.Together, groups: ReadonlyArray<Group>) {
  const lacking = groups.filter((group) => knownOf(group) === undefined)
  const loading =
    lacking.length === 0
      ? Effect.succeed([])
      : together.load(lacking.map(({ commands }) => Decisions.loadRequest(commands)))
  const loaded = yield* Effect.exit(loading)
  if (Exit.isFailure(loaded)) for (const group of lacking) group.outcomes = failures(group, loaded.cause)
  const loadedOf = new Map(Exit.isSuccess(loaded) ? lacking.map((group, place) => [group, loaded.value[place]]) : [])
  const appending: Array<{ readonly group: Group; readonly decided: Decisions.Decided }> = []
  for (const group of groups) {
    const known = knownOf(group)
    const state = known ?? loadedOf.get(group)
    if (state === undefined) continue
    const decided = Decisions.decide(group.commands, state)
    // Nothing is refused on what was known once, and who makes an account goes by itself.
    if (known !== undefined && (decided.append?.facts.length ?? 0) === 0) continue
    if (decided.append === undefined) group.outcomes = decided.outcomes([])
    else if (state.account !== null) appending.push({ group, decided })
  }
  const appended = yield* together.append(appending.map(({ decided }) => decided.append as EventStore.AppendRequest))
  for (const [place, { decided, group }] of appending.entries()) {
    const exit = yield* Effect.exit(appended[place] as Effect.Effect<ReadonlyArray<EventStore.StoredEvent>, Failed>)
    group.outcomes = Exit.isSuccess(exit) ? decided.outcomes(exit.value) : failures(group, exit.cause)
  }
})

/** What the account is known to be; of two commands, the second one knows what the first has changed. */
const knownOf = ({ commands }: Group): EventStore.Loaded | undefined =>
  commands.length === 1 ? commands[0]?.known : undefined

type Failed = EventStore.VersionConflict | DatabaseError

/** None, where each is to be carried out by itself. */
const failures = (group: Group, cause: Cause.Cause<Failed>): ReadonlyArray<Outcome> => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (error === undefined) return group.commands.map(() => Effect.failCause(cause as Cause.Cause<never>))
  return error._tag !== "VersionConflict" && concernsAll(error) ? group.commands.map(() => Effect.fail(error)) : []
}
