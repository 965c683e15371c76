/**
 * Both sides of a reconciliation as groups of records that belong together, a batch at a time and in one order. A group
 * is what the matcher gets: the records of one redemption, or of one account.
 */
import {
  type Database,
  type DatabaseError,
  OwnRecords,
  ReconciliationSource,
  StatementRecord
} from "@pointback/adapters"
import type { Ids, Points, SourceRecord } from "@pointback/domain"
import { Effect, Fiber } from "effect"

/** One group. */
export interface Group {
  /** Its place in the order. */
  readonly key: string
  readonly number: string
  /** Null where only the other side names the account; it may be ours all the same. */
  readonly account: OwnRecords.OwnAccount | null
  /** Throws where what is stored cannot be read. */
  readonly here: (withLots: boolean) => ReadonlyArray<SourceRecord.SourceRecord>
  readonly there: ReadonlyArray<SourceRecord.SourceRecord>
  readonly balances?: { readonly here: Points.Points; readonly there: Points.Points } | undefined
  /** Why the other side could not be asked. */
  readonly failure?: ReconciliationSource.SourceUnreadable | ReconciliationSource.AccountUnreadable | undefined
}

/** Answers the next groups; none at the end. */
export type NextGroups<E, R> = Effect.Effect<ReadonlyArray<Group>, E, R>

/** Groups of one batch: what is done again at most after a crash, and one commit. */
const BATCH = 2000

const nothing = (): ReadonlyArray<SourceRecord.SourceRecord> => []

/** The place in our own records that a key stands for. */
const placeOf = (key: string | null): OwnRecords.Place | null => (key === null ? null : StatementRecord.fromKey(key))

/** Groups of a listing that has every record of the program: our own are read beside it, page by page. */
export const ofListing = (
  listing: ReconciliationSource.Listing,
  after: string | null,
  batch = BATCH
): NextGroups<DatabaseError | ReconciliationSource.SourceUnreadable, Database> => {
  const own = new OwnPages(listing.program, placeOf(after))
  const theirs = new ListedPages(listing, after)
  return Effect.gen(function* () {
    const groups: Array<Group> = []
    while (groups.length < batch) {
      if (own.isEmpty) yield* own.refill
      if (theirs.isEmpty) yield* theirs.refill
      const mine = own.first
      const other = theirs.first
      if (mine === undefined && other === undefined) break
      groups.push(merged(mine, other))
      if (mine !== undefined && (other === undefined || mine.key <= other.key)) own.advance()
      if (other !== undefined && (mine === undefined || other.key <= mine.key)) theirs.advance()
    }
    return groups
  })
}

const merged = (own: OwnRecords.OwnGroup | undefined, other: ReconciliationSource.ListedGroup | undefined): Group => {
  if (own !== undefined && (other === undefined || own.key <= other.key)) {
    const there = other?.key === own.key ? other.records : []
    return { key: own.key, number: own.account.number, account: own.account, here: own.records, there }
  }
  const listed = other as ReconciliationSource.ListedGroup
  return { key: listed.key, number: listed.account, account: null, here: nothing, there: listed.records }
}

/** Our pages; the next one is read while the present one is looked at. */
class OwnPages {
  readonly #program: Ids.ProgramId
  #next: OwnRecords.Page["next"]
  #reading: Fiber.Fiber<OwnRecords.Page, DatabaseError> | undefined
  #groups: ReadonlyArray<OwnRecords.OwnGroup> = []
  #index = 0

  constructor(program: Ids.ProgramId, after: OwnRecords.Place | null) {
    this.#program = program
    this.#next = { accounts: [], after }
  }

  get first(): OwnRecords.OwnGroup | undefined {
    return this.#groups[this.#index]
  }

  get isEmpty(): boolean {
    return this.first === undefined && this.#next !== null
  }

  advance(): void {
    this.#index++
  }

  readonly refill: Effect.Effect<void, DatabaseError, Database> = Effect.gen({ self: this }, function* () {
    while (this.isEmpty) {
      const page: OwnRecords.Page = yield* this.#reading === undefined ? this.#read : Fiber.join(this.#reading)
      this.#groups = page.groups
      this.#index = 0
      this.#next = page.next
      this.#reading = page.next === null ? undefined : yield* Effect.forkChild(this.#read, { startImmediately: true })
    }
  })

  readonly #read = Effect.suspend(() =>
    this.#next === null ? Effect.succeed({ groups: [], next: null }) : OwnRecords.page(this.#program, this.#next)
  )
}

/** The groups of a listing. */
class ListedPages {
  readonly #name: string
  readonly #pages: AsyncIterator<ReadonlyArray<ReconciliationSource.ListedGroup>>
  #groups: ReadonlyArray<ReconciliationSource.ListedGroup> = []
  #index = 0
  #ended = false

  constructor(listing: ReconciliationSource.Listing, after: string | null) {
    this.#name = listing.name
    this.#pages = listing.groups(after)[Symbol.asyncIterator]()
  }

  get first(): ReconciliationSource.ListedGroup | undefined {
    return this.#groups[this.#index]
  }

  get isEmpty(): boolean {
    return this.first === undefined && !this.#ended
  }

  advance(): void {
    this.#index++
  }

  readonly refill: Effect.Effect<void, ReconciliationSource.SourceUnreadable> = Effect.tryPromise({
    try: async () => {
      while (this.isEmpty) {
        const { done, value } = await this.#pages.next()
        if (done === true) this.#ended = true
        else {
          this.#groups = value
          this.#index = 0
        }
      }
    },
    catch: (cause) =>
      new ReconciliationSource.SourceUnreadable({
        source: this.#name,
        problem: cause instanceof Error ? cause.message : String(cause)
      })
  })
}
