/**
 * Imports a history that happened elsewhere, account by account: all records of an account or none of them. A second
 * run of the same file adds nothing.
 *
 * @see interface, `pointback import`
 */
import { type DatabaseError, EventStore, PolicyStore } from "@pointback/adapters"
import { Account, Decide, type Ids, type Instant, type Refusal, type Zone } from "@pointback/domain"
import { Effect, Result } from "effect"
import { type Caller, type ExecutionError, originOf, repeat, type Target, untilAppended } from "../command/Execution.ts"
import { now } from "../command/Now.ts"
import type { KeyConflict } from "../error/AppError.ts"
import type { NumberedRecord } from "./ImportRecord.ts"
import * as ImportStep from "./ImportStep.ts"

/** Accounts that are imported side by side: two cores decide and the database writes. */
const SIDE_BY_SIDE = 4

/** A record that the domain refused, with all records of its account. */
export interface RefusedRecord extends Target {
  readonly line: number
  readonly refusal: Refusal.Refusal | KeyConflict
}

export interface Imported {
  readonly records: number
  readonly accounts: number
  /** Records whose events were appended. */
  readonly imported: number
  /** Records that were known already. */
  readonly replayed: number
  /** At most one per account: the first one, by which its account was rolled back. In the order of lines. */
  readonly refused: ReadonlyArray<RefusedRecord>
}

/** Imports records that were read from a file. */
export const importHistory = Effect.fn("importHistory")(function* (
  records: ReadonlyArray<NumberedRecord>,
  caller: Caller = {}
): Effect.fn.Return<Imported, ExecutionError, EventStore.EventStore | PolicyStore> {
  const groups = byAccount(records)
  const zones = yield* zonesOf(groups)
  const importedAt = yield* now
  const outcomes = yield* Effect.forEach(
    groups,
    (group) => {
      const steps = toSteps(group, zones.get(group.target.program) as Zone.Zone, importedAt)
      return untilAppended(group.target, importAccount(group.target, steps, caller))
    },
    { concurrency: SIDE_BY_SIDE }
  )
  const refused = outcomes.flatMap((outcome) => (outcome._tag === "Refused" ? [outcome.record] : []))
  const written = outcomes.flatMap((outcome) => (outcome._tag === "Written" ? [outcome] : []))
  return {
    records: records.length,
    accounts: groups.length,
    imported: written.reduce((sum, { imported }) => sum + imported, 0),
    replayed: written.reduce((sum, { replayed }) => sum + replayed, 0),
    refused: refused.sort((a, b) => a.line - b.line)
  }
})

interface Group {
  readonly target: Target
  readonly records: Array<NumberedRecord>
}

const byAccount = (records: ReadonlyArray<NumberedRecord>): ReadonlyArray<Group> => {
  const groups = new Map<string, Group>()
  for (const numbered of records) {
    const { account, program } = numbered.record
    const name = JSON.stringify([program, account])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { target: { program, account }, records: [numbered] })
    else group.records.push(numbered)
  }
  return Array.from(groups.values())
}

const zonesOf = Effect.fnUntraced(function* (groups: ReadonlyArray<Group>) {
  const policies = yield* PolicyStore
  const zones = new Map<Ids.ProgramId, Zone.Zone>()
  for (const {
    target: { program }
  } of groups) {
    if (!zones.has(program)) zones.set(program, (yield* policies.current(program)).policy.zone)
  }
  return zones
})

type Outcome =
  | { readonly _tag: "Written"; readonly imported: number; readonly replayed: number }
  | { readonly _tag: "Refused"; readonly record: RefusedRecord }

interface Step extends ImportStep.ImportStep {
  readonly line: number
}

const toSteps = ({ records }: Group, zone: Zone.Zone, now: Instant.Instant): ReadonlyArray<Step> =>
  records.map(({ line, record }) => ({ line, ...ImportStep.step(record, zone, now) }))

const importAccount = Effect.fnUntraced(function* (
  target: Target,
  steps: ReadonlyArray<Step>,
  caller: Caller
): Effect.fn.Return<Outcome, EventStore.VersionConflict | DatabaseError, EventStore.EventStore> {
  const store = yield* EventStore.EventStore
  const loaded = yield* store.load({
    ...target,
    lots: { _tag: "All" },
    horizon: ImportStep.horizon(steps),
    redemptions: Array.from(new Set(steps.flatMap(({ redemptionId }) => redemptionId ?? []))),
    keys: steps.map(({ key }) => key)
  })
  const decided = decideAll(steps, loaded, caller)
  if (Result.isFailure(decided)) return { _tag: "Refused", record: { ...target, ...decided.failure } }
  const { facts, keys } = decided.success
  if (keys.length > 0) yield* store.append({ loaded, target, facts, keys })
  return { _tag: "Written", imported: keys.length, replayed: steps.length - keys.length }
})

type Decided = Pick<EventStore.AppendRequest, "facts" | "keys">

/** Decides record after record, each on the state that the ones before it lead to. */
const decideAll = (
  steps: ReadonlyArray<Step>,
  loaded: EventStore.Loaded,
  caller: Caller
): Result.Result<Decided, Omit<RefusedRecord, keyof Target>> => {
  const facts: Array<EventStore.AppendRequest["facts"][number]> = []
  const keys: Array<EventStore.KeyRecord> = []
  const known = new Map(loaded.keys.map((record) => [keyName(record), record]))
  let state = loaded.state
  for (const { command, key, line } of steps) {
    const record = known.get(keyName(key))
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
    known.set(keyName(key), fresh)
    keys.push(fresh)
  }
  return Result.succeed({ facts, keys })
}

const keyName = ({ key, kind }: EventStore.Key): string => JSON.stringify([kind, key])
