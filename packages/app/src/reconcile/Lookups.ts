/** Groups of a source that is asked account by account: several accounts at the same time, in the order of their numbers. */
import {
  AgingStore,
  type Database,
  type DatabaseError,
  OwnRecords,
  type ReconciliationSource,
  StatementRecord
} from "@pointback/adapters"
import { Instant, Points } from "@pointback/domain"
import { Effect, Result, Schema } from "effect"
import type { Group, NextGroups } from "./Groups.ts"

/** Ten years: no listing goes further back, and no redemption is credited later. */
export const LOOK_BACK = 3_653n * Instant.MICROS_PER_DAY

/** Accounts of one batch: what is asked again at most after a crash. */
const BATCH = 100

/** Accounts in a row of which none could be asked: then it is the source that is down, and not they that are poison. */
const MAXIMUM_FAILURES = 20

/** What a look-up needs besides. */
export type Needs = AgingStore

/** The source answers nothing any more. The run goes on from here when it is begun again. */
export class SourceDown extends Schema.TaggedError<SourceDown>()("SourceDown", {
  source: Schema.String,
  accounts: Schema.Natural,
  problem: Schema.String
}) {
  override get message() {
    return (
      `${this.source} could not be asked for ${this.accounts} accounts one after the other (${this.problem}); ` +
      "the same run goes on when it is begun again"
    )
  }
}

/** The accounts behind a place, with what the source has of each. */
export const ofLookup = (
  source: ReconciliationSource.Lookup,
  after: string | null,
  at: Instant.Instant,
  { batch = BATCH, partition }: { readonly batch?: number | undefined; readonly partition?: number | undefined } = {}
): NextGroups<DatabaseError | SourceDown, Database | Needs> => {
  let place: OwnRecords.Place | null =
    after === null ? null : { account: StatementRecord.fromKey(after).account, redemption: null }
  let failures = 0
  return Effect.gen(function* () {
    const accounts = yield* OwnRecords.accounts(source.program, place, batch, partition)
    const own = new Map<string, Array<OwnRecords.OwnGroup>>()
    for (const group of yield* OwnRecords.ofAccounts(source.program, accounts)) {
      own.set(group.account.number, [...(own.get(group.account.number) ?? []), group])
    }
    const groups = yield* Effect.forEach(
      accounts,
      (account) => lookUp(source, account, own.get(account.number) ?? [], at),
      {
        concurrency: source.concurrency
      }
    )
    for (const { failure } of groups) {
      failures = failure?._tag === "SourceUnreadable" ? failures + 1 : 0
      if (failure !== undefined && failures >= MAXIMUM_FAILURES) {
        return yield* new SourceDown({ source: source.name, accounts: failures, problem: failure.message })
      }
    }
    const last = accounts.at(-1)
    if (last !== undefined) place = { account: last.number, redemption: null }
    return groups
  })
}

const lookUp = Effect.fnUntraced(function* (
  source: ReconciliationSource.Lookup,
  account: OwnRecords.OwnAccount,
  own: ReadonlyArray<OwnRecords.OwnGroup>,
  at: Instant.Instant
): Effect.fn.Return<Group, DatabaseError, Needs> {
  const group = {
    key: StatementRecord.sortKey(account.number, ""),
    number: account.number,
    account,
    here: (withLots: boolean) => own.flatMap(({ records }) => records(withLots))
  }
  const asked = yield* Effect.result(source.lookUp({ account: account.number, from: at - LOOK_BACK, to: at }))
  if (Result.isFailure(asked)) return { ...group, there: [], failure: asked.failure }
  const { balance, records } = asked.success
  if (balance === undefined) return { ...group, there: records }
  const held = yield* (yield* AgingStore).lots({
    program: source.program,
    account: { program: source.program, key: account.key, partition: account.partition },
    asOf: at,
    knownAt: null
  })
  const balances = { here: Points.sum(held.map(({ points }) => points)), there: balance }
  return { ...group, there: records, balances }
})
