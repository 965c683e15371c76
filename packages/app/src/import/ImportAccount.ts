/** Imports the history of one account: all of its records or none of them. */
import { type DatabaseError, EventStore } from "@pointback/adapters"
import { Account, Decide, type Instant, type Zone } from "@pointback/domain"
import { Effect, Result } from "effect"
import { type Caller, type ExecutionError, originOf, type Target } from "../command/Command.ts"
import { untilAppended } from "../command/Execution.ts"
import { repeat } from "../command/Keys.ts"
import type { AccountOutcome, RefusedRecord } from "./Imported.ts"
import type { NumberedRecord } from "./ImportRecord.ts"
import * as ImportStep from "./ImportStep.ts"

interface Step extends ImportStep.ImportStep {
  readonly line: number
}

/** Imports records of one account; calendar dates are in the zone. */
export const importAccount = (
  target: Target,
  records: ReadonlyArray<NumberedRecord>,
  {
    caller,
    importedAt,
    zone
  }: { readonly caller: Caller; readonly importedAt: Instant.Instant; readonly zone: Zone.Zone }
): Effect.Effect<AccountOutcome, ExecutionError, EventStore.EventStore> => {
  const steps = records.map(({ line, record }) => ({ line, ...ImportStep.step(record, zone, importedAt) }))
  return untilAppended(target, attempt(target, steps, caller))
}

const attempt = Effect.fnUntraced(function* (
  target: Target,
  steps: ReadonlyArray<Step>,
  caller: Caller
): Effect.fn.Return<AccountOutcome, EventStore.VersionConflict | DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const loaded = yield* store.load({
    ...target,
    lots: [{ _tag: "All" }],
    horizon: ImportStep.horizon(steps),
    redemptions: Array.from(new Set(steps.flatMap(({ redemptionId }) => redemptionId ?? []))),
    keys: steps.map(({ key }) => key)
  })
  const decided = decideAll(steps, loaded, caller)
  if (Result.isFailure(decided)) return { _tag: "Refused", ...decided.failure }
  const { facts, keys } = decided.success
  if (keys.length > 0) yield* store.append({ loaded, target, facts, keys })
  return { _tag: "Written", imported: keys.length, replayed: steps.length - keys.length }
})

type Refused = Omit<RefusedRecord, keyof Target>
type Decided = Pick<EventStore.AppendRequest, "facts" | "keys">

/** Decides record after record, each on the state that the ones before it lead to. */
const decideAll = (
  steps: ReadonlyArray<Step>,
  loaded: EventStore.Loaded,
  caller: Caller
): Result.Result<Decided, Refused> => {
  const facts: Array<EventStore.AppendRequest["facts"][number]> = []
  const keys: Array<EventStore.KeyRecord> = []
  const known = new Map(loaded.keys.map((record) => [keyName(record), record]))
  let state = loaded.state
  for (const { command, key, line } of steps) {
    const name = keyName(key)
    const record = known.get(name)
    if (record !== undefined) {
      const repeated = repeat(record, key)
      if (Result.isFailure(repeated)) return Result.fail({ line, refusal: repeated.failure })
      continue
    }
    const decision = Decide.decide(command, state, loaded.policy)
    if (Result.isFailure(decision)) return Result.fail({ line, refusal: decision.failure })
    const origin = originOf({ caller, key }, `import-line-${line}`)
    state = Account.evolveAll(state, decision.success)
    for (const fact of decision.success) facts.push({ fact, origin })
    const fresh = { ...key, refusal: null }
    known.set(name, fresh)
    keys.push(fresh)
  }
  return Result.succeed({ facts, keys })
}

// Keys have no control characters.
const keyName = ({ key, kind }: EventStore.Key): string => `${kind}\n${key}`
