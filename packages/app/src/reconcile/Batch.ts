/** Holds the groups of a batch against each other, and says what is to be written down of it. */
import {
  type ReconciliationStore,
  maskAccount,
  type OwnRecords,
  StatementRecord,
  StoredBreak
} from "@pointback/adapters"
import {
  Closing,
  Reconcile,
  type ReconciliationBreak,
  type ReconciliationGroup,
  type ReconciliationRules
} from "@pointback/domain"
import type { Group } from "./Groups.ts"

/**
 * Records of one group at most. The matcher compares candidates with each other, and a redemption with thousands of
 * credits is no redemption.
 */
export const MAXIMUM_RECORDS = 10_000

/** What came of a batch. */
export interface Batch {
  readonly counts: ReconciliationStore.Counts
  readonly breaks: ReadonlyArray<Broken>
  readonly parked: ReconciliationStore.Checkpoint["parked"]
  readonly looked: ReadonlyArray<Looked>
}

/** A break with whose it is. */
export interface Broken {
  readonly number: string
  readonly account: OwnRecords.OwnAccount | null
  readonly found: ReconciliationBreak.Break
}

/** A group with what came of it, to hold earlier breaks against. */
export interface Looked {
  readonly group: Group
  readonly here: ReturnType<Group["here"]>
  readonly outcome: ReconciliationGroup.Outcome
}

/** Looks at every group. One that cannot be looked at is put aside with the reason. */
export const lookAt = (groups: ReadonlyArray<Group>, context: ReconciliationRules.Context): Batch => {
  const breaks: Array<Broken> = []
  const parked: Array<ReconciliationStore.Checkpoint["parked"][number]> = []
  const looked: Array<Looked> = []
  const counts = { here: 0, there: 0, matched: 0 }
  for (const group of groups) {
    const outcome = lookAtOne(group, context)
    if (typeof outcome === "string") {
      parked.push({ place: placeOf(group), reason: outcome })
      continue
    }
    counts.here += outcome.outcome.here
    counts.there += outcome.outcome.there
    counts.matched += outcome.outcome.matches.length
    looked.push(outcome)
    for (const found of outcome.outcome.breaks) breaks.push({ number: group.number, account: group.account, found })
  }
  return { counts, breaks, parked, looked }
}

const lookAtOne = (group: Group, context: ReconciliationRules.Context): Looked | string => {
  if (group.failure !== undefined) return group.failure.message
  if (group.there.length > MAXIMUM_RECORDS) return `there are more than ${MAXIMUM_RECORDS} records of it`
  try {
    const withLots = group.there.some(({ lots }) => lots !== null)
    const looked = lookWith(group, withLots, context)
    // Where something differs, a person sees everything that is known.
    return withLots || looked.outcome.breaks.length === 0 ? looked : lookWith(group, true, context)
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

const lookWith = (group: Group, withLots: boolean, context: ReconciliationRules.Context): Looked => {
  const here = group.here(withLots)
  const { account, balances, number, there } = group
  return {
    group,
    here,
    outcome: Reconcile.reconcile({ account: account?.key ?? number, here, there, balances }, context)
  }
}

// A place is kept and shown, so the account's number is masked in it; our key tells accounts apart that look alike then.
const placeOf = ({ account, key, number }: Group): string => {
  const { redemption } = StatementRecord.fromKey(key)
  const whose = `account ${maskAccount(number)}${account === null ? "" : ` (${account.key})`}`
  return redemption === "" ? whose : `${whose}, redemption ${redemption}`
}

/** Which of the open breaks of a group a later fact closes, and which. */
export const closedBy = (
  open: ReadonlyArray<StoredBreak.StoredBreak>,
  program: string,
  { looked }: Batch
): ReadonlyArray<{ readonly id: string; readonly fact: string }> => {
  if (open.length === 0) return []
  const byAccount = new Map<string, Array<StoredBreak.StoredBreak>>()
  for (const one of open) byAccount.set(one.account, [...(byAccount.get(one.account) ?? []), one])
  return looked.flatMap(({ group, here, outcome }) => {
    const shown = new Set(outcome.breaks.map((found) => StoredBreak.idOf(program, found)))
    return (byAccount.get(group.number) ?? [])
      .filter(({ id }) => !shown.has(id))
      .flatMap((one) => {
        const fact = isOfAccount(one) ? balanceFact(outcome, group) : Closing.closedBy(one, outcome.matches, here)
        return fact === undefined ? [] : [{ id: one.id, fact }]
      })
  })
}

/** Of an account as a whole: its balances. */
const isOfAccount = ({ here, there }: StoredBreak.StoredBreak): boolean => here.length + there.length === 0

const balanceFact = ({ breaks }: ReconciliationGroup.Outcome, { balances }: Group): string | undefined =>
  balances !== undefined && breaks.length === 0 ? "the balances agree" : undefined
