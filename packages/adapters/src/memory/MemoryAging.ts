/** Questions about the past, answered by the folds of the domain from all events: the oracle of the databases' answers. */
import { type Aging, Entry, Ids, type Instant, LotBalance, type Policy, RollForward } from "@pointback/domain"
import { Effect } from "effect"
import type {
  AccountLotsQuestion,
  AgingQuestion,
  BucketsQuestion,
  CellsQuestion,
  EntriesQuestion,
  NumberedEntry,
  NumberedLot
} from "../aging/AgingStore.ts"
import { AgingStore } from "../aging/AgingStore.ts"
import type { AccountRef, StoredEvent } from "../eventStore/EventStore.ts"

/** An account as the memory keeps it. */
export interface AgingAccount {
  readonly ref: AccountRef
  readonly number: string
  readonly events: ReadonlyArray<StoredEvent>
}

/** What is asked of the memory. */
export interface AgingMemory {
  readonly knowsProgram: (program: string) => boolean
  readonly policyKnownAt: (program: string, knownAt: Instant.Instant | null) => Policy.Policy
  readonly account: (program: string, number: string) => AgingAccount | undefined
  /** Of every program where none is named. */
  readonly accounts: (program: string | null) => ReadonlyArray<AgingAccount>
  readonly heads: ReadonlyArray<{ readonly position: number; readonly recordedAt: Instant.Instant }>
  /** The last safe instant of all heads. */
  readonly safe: () => Instant.Instant | null
}

const isKnown =
  (knownAt: Instant.Instant | null) =>
  ({ recordedAt }: StoredEvent): boolean =>
    knownAt === null || recordedAt <= knownAt

const lotsOf = ({ events, number, ref }: AgingAccount, knownAt: Instant.Instant | null, asOf: Instant.Instant) => {
  const facts = events.filter(isKnown(knownAt)).map(({ fact }) => fact)
  return LotBalance.asOf(ref.key, facts, asOf).map((lot): NumberedLot => ({ ...lot, number }))
}

const accountsOf = (memory: AgingMemory, program: string, account: AccountRef | null): ReadonlyArray<AgingAccount> =>
  memory
    .accounts(program)
    .filter(({ ref }) => account === null || ref.key === account.key)
    .toSorted((a, b) => Ids.compare(a.number, b.number))

const lots = (memory: AgingMemory, { account, asOf, knownAt, program }: AgingQuestion): ReadonlyArray<NumberedLot> =>
  accountsOf(memory, program, account).flatMap((one) => lotsOf(one, knownAt, asOf))

const accountLots = (memory: AgingMemory, { account: number, asOf, knownAt, program }: AccountLotsQuestion) => {
  const account = memory.account(program, number)
  return {
    programKnown: memory.knowsProgram(program),
    policy: memory.policyKnownAt(program, knownAt),
    account: account?.ref ?? null,
    lots: account === undefined ? [] : lotsOf(account, knownAt, asOf),
    safe: knownAt === null ? null : memory.safe()
  }
}

const buckets = (memory: AgingMemory, { basis, names, segments, ...question }: BucketsQuestion): Aging.Aging => {
  const all = lots(memory, { ...question, account: null })
  const tallies = names.map((bucket, index) => {
    const inside = all.filter(
      (lot) => bucketOf(basis === "age" ? lot.earnedAt : lot.expiresAt, segments, names) === index
    )
    const sum = (of: (lot: NumberedLot) => bigint) => inside.reduce((total, lot) => total + of(lot), 0n)
    return {
      bucket,
      points: sum(({ points }) => points),
      lots: inside.length,
      accounts: new Set(inside.map(({ account }) => account)).size,
      restored: sum(({ restored }) => restored)
    }
  })
  return { total: all.reduce((total, { points }) => total + points, 0n), buckets: tallies }
}

const bucketOf = (
  counted: Instant.Instant | null,
  { buckets: numbers, splits }: Aging.Segments,
  names: ReadonlyArray<string>
): number =>
  counted === null ? names.length - 1 : (numbers[splits.filter((split) => split <= counted).length] as number)

const allEntries = (
  memory: AgingMemory,
  program: string,
  account: AccountRef | null,
  knownAt: Instant.Instant | null
) =>
  accountsOf(memory, program, account).flatMap(({ events, number, ref }) =>
    Entry.ofAccount(ref.key, events.filter(isKnown(knownAt))).map((entry): NumberedEntry => ({ ...entry, number }))
  )

const cells = (memory: AgingMemory, { account, knownAt, periods, program, withCohorts, zone }: CellsQuestion) => {
  const found = RollForward.cells(allEntries(memory, program, account, knownAt), periods, zone)
  return withCohorts ? found : found.map((cell) => ({ ...cell, cohort: "all" }))
}

const entries = (
  memory: AgingMemory,
  { account, columns, from, knownAt, learnedAfter, program, to }: EntriesQuestion
): ReadonlyArray<NumberedEntry> =>
  allEntries(memory, program, account, knownAt).filter(
    ({ at, column, event }) =>
      from <= at &&
      at < to &&
      columns.includes(column) &&
      (learnedAfter === null || (event !== null && event.recordedAt > learnedAfter))
  )

const positionKnown = (memory: AgingMemory, partition: number, knownAt: Instant.Instant | null) => {
  const head = memory.heads[partition] as AgingMemory["heads"][number]
  if (knownAt === null) {
    return { partition, position: head.position, recordedAt: head.recordedAt === 0n ? null : head.recordedAt }
  }
  const known = memory
    .accounts(null)
    .filter(({ ref }) => ref.partition === partition)
    .flatMap(({ events }) => events.filter(isKnown(knownAt)))
  return { partition, position: Math.max(0, ...known.map(({ position }) => position)), recordedAt: knownAt }
}

/** `AgingStore` over a memory. */
export const make = (memory: AgingMemory): AgingStore["Service"] =>
  AgingStore.of({
    accountLots: (question) => Effect.sync(() => accountLots(memory, question)),
    lots: (question) => Effect.sync(() => lots(memory, question)),
    buckets: (question) => Effect.sync(() => buckets(memory, question)),
    expiring: (question) =>
      Effect.sync(() =>
        lots(memory, question).map(({ expiresAt, points, restored }) => ({ expiresAt, points, restored, lots: 1 }))
      ),
    cells: (question) => Effect.sync(() => cells(memory, question)),
    entries: (question) => Effect.sync(() => entries(memory, question)),
    position: (partition, knownAt) => Effect.sync(() => positionKnown(memory, partition, knownAt))
  })
